"""Small made-up tables: a planted signal, groups with habits of their own."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from reviewbot.arrays import Array
from reviewbot.train.dataset import Table

SETS = ("szz_ai_hunks", "clean_ai_hunks", "humaneval_llm", "humaneval_pass")


def made(
    columns: Mapping[str, Array], y: object, groups: object, sets: object, *, snippet: int = 6
) -> Table:
    """Put columns and labels into a table of changes of `snippet` lines, without pairs.

    The changes of a set without a risky line survived.
    """
    lines = len(np.asarray(y))
    row_L = np.arange(lines) // snippet
    group_L = np.asarray(groups, np.str_)
    set_L = np.array(np.broadcast_to(np.asarray(sets, np.str_), lines))
    faulty = np.unique(set_L[np.asarray(y, np.bool_)])
    return Table(
        groups={name: part.shape[1] for name, part in columns.items()},
        columns_LN=np.concatenate(list(columns.values()), axis=1).astype(np.float32),
        y_L=np.asarray(y, np.bool_),
        blamed_L=np.asarray(y, np.bool_),
        visible_L=np.full(lines, ""),
        read_L=np.ones(lines, np.bool_),
        survived_L=~np.isin(set_L, faulty),
        set_L=set_L,
        lang_L=np.full(lines, "python"),
        group_L=group_L,
        row_L=row_L,
        place_L=np.arange(lines) % snippet,
        last_L=np.full(lines, snippet - 1),
        length_L=1 + np.arange(lines) % 7,
        chars_L=np.full(lines, 5 * snippet),
        is_fixed_L=np.zeros(lines, np.bool_),
        weight_L=np.ones(lines, np.float32),
        pairs_P2=np.zeros((0, 2), np.intp),
        block_P=np.zeros(0, np.intp),
        one_for_one_P=np.zeros(0, np.bool_),
    )


def planted(*, strength: float = 2.0, seed: int = 0, snippets: int = 400) -> Table:
    """Four sets, 20 groups each; "state" holds the signal in its first column, "surface" none."""
    draw = np.random.default_rng(seed)
    lines = 6 * snippets
    set_R = np.array(SETS)[np.arange(snippets) % 4]
    group_R = np.array([f"{name[:9]}-{i % 20}" for i, name in enumerate(set_R)])
    state, surface = draw.normal(size=(lines, 8)), draw.normal(size=(lines, 3))
    odds = strength * state[:, 0] - 2
    clean_L = np.isin(np.repeat(set_R, 6), ["clean_ai_hunks", "humaneval_pass"])
    y = (draw.random(lines) < 1 / (1 + np.exp(-odds))) & ~clean_L
    columns = {"state": state.astype(np.float32), "surface": surface.astype(np.float32)}
    return made(columns, y, np.repeat(group_R, 6), np.repeat(set_R, 6))


def with_corrections(table: Table, fixed_RN: Array) -> Table:
    """Append a corrected version of each risky line, as a pair with it."""
    wrong, lines = np.flatnonzero(table.y_L), len(table)
    names = (
        *("set_L", "lang_L", "group_L", "row_L", "place_L", "last_L", "length_L", "chars_L"),
        *("visible_L", "read_L", "survived_L"),
    )
    copies: dict[str, Any] = {
        name: np.concatenate([getattr(table, name), getattr(table, name)[wrong]]) for name in names
    }
    total = lines + len(wrong)
    return replace(
        table,
        columns_LN=np.concatenate([table.columns_LN, fixed_RN.astype(np.float32)]),
        y_L=np.append(table.y_L, np.zeros(len(wrong), np.bool_)),
        blamed_L=np.append(table.blamed_L, np.zeros(len(wrong), np.bool_)),
        is_fixed_L=np.arange(total) >= lines,
        weight_L=np.ones(total, np.float32),
        pairs_P2=np.stack([wrong, np.arange(lines, total)], axis=1),
        block_P=np.arange(len(wrong)),
        one_for_one_P=np.ones(len(wrong), np.bool_),
        **copies,
    )
