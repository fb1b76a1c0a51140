"""Label rows and their line features -> one table that fitting and evaluation share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from reviewbot.arrays import Array, Indices, Mask
from reviewbot.errors import UsageError
from reviewbot.train.labels import LabelRow, aligned, normalised, scored, scored_fixed
from reviewbot.train.problems import problem

Texts = npt.NDArray[np.str_]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Table:
    """L scored lines with N columns each, and P pairs of a wrong and a corrected line."""

    groups: Mapping[str, int]  # feature group -> columns, in the order of the columns
    columns_LN: Array
    y_L: Mask  # the line is risky
    set_L: Texts
    lang_L: Texts
    group_L: Texts  # under one name in all sets; never split between training and testing
    row_L: Indices  # number of the snippet
    place_L: Indices  # index of the line in its version of the snippet
    last_L: Indices  # index of the last line of that version
    length_L: Indices  # characters, without blanks at the ends
    chars_L: Indices  # characters of the line's whole version, line ends counted
    is_fixed_L: Mask  # a line of a corrected version: never risky, never in a ranking metric
    weight_L: Array  # on top of the equal weight of the sets; 1 unless there is a reason
    pairs_P2: Indices  # (wrong, corrected), as rows of this table
    block_P: Indices  # pairs of one place in one snippet share a number
    one_for_one_P: Mask  # pairs of rows that are `labels.normalised`: "paired, normalised"

    def __len__(self) -> int:
        return len(self.y_L)


@dataclass(frozen=True, slots=True, eq=False)
class RowColumns:
    """The columns of one label row, as `scoring.pooling.columns` lays them out."""

    lines_LN: Array  # one row per line of `labels.scored`
    fixed_LN: Array | None = None  # one row per line of `labels.scored_fixed`


class _Facts(NamedTuple):
    """What `Table` holds of one line, by its names there."""

    set_L: str
    lang_L: str
    group_L: str
    row_L: int
    place_L: int
    last_L: int
    length_L: int
    chars_L: int
    is_fixed_L: bool
    y_L: bool


def assemble(
    rows: Sequence[LabelRow], columns: Sequence[RowColumns], groups: Mapping[str, int]
) -> Table:
    """Return a table of the lines of all rows, each row's corrected lines behind its own.

    columns  as many as rows
    raises   UsageError if no line is left; ValueError where columns do not fit their row

    Of a corrected version only the lines that a pair needs or that differ are in the table: the
    others repeat lines that are there already.
    """
    parts: list[Array] = []
    facts: list[_Facts] = []
    pairs: list[tuple[int, int, int, bool]] = []  # wrong, corrected, block, one for one
    blocks = 0
    for number, (row, given) in enumerate(zip(rows, columns, strict=True)):
        places = scored(row)
        if len(places) != len(given.lines_LN):
            raise ValueError(f"row {row.id!r} has {len(places)} scored lines, other columns")
        at = {place: len(facts) + i for i, place in enumerate(places)}
        facts += [_facts(row, number, row.lines, i, is_fixed=False) for i in places]
        parts.append(given.lines_LN)
        if row.fixed is None or given.fixed_LN is None:
            continue
        places = scored_fixed(row)
        if len(places) != len(given.fixed_LN):
            raise ValueError(f"row {row.id!r} has {len(places)} corrected lines, other columns")
        diff = aligned(row)
        needed = {i for block in diff.blocks for i in block.corrected} | set(diff.changed)
        chosen = [k for k, i in enumerate(places) if i in needed]
        fixed_at = {places[k]: len(facts) + j for j, k in enumerate(chosen)}
        facts += [_facts(row, number, row.fixed, places[k], is_fixed=True) for k in chosen]
        parts.append(given.fixed_LN[chosen])
        strict = normalised(row)
        for block in diff.blocks:
            both = product(block.wrong, block.corrected)
            pairs += [(at[wrong], fixed_at[right], blocks, strict) for wrong, right in both]
            blocks += 1
    if not facts:
        raise UsageError("no line of the labels can be scored", fix="label lines that hold code")
    columns_LN = np.concatenate(parts).astype(np.float32, copy=False)
    if columns_LN.shape[1] != sum(groups.values()):
        raise ValueError(f"{columns_LN.shape[1]} columns, the groups name {sum(groups.values())}")
    pairs_P4 = np.array(pairs, np.intp).reshape(-1, 4)
    by_name: dict[str, Any] = {
        name: np.array(values)
        for name, values in zip(_Facts._fields, zip(*facts, strict=True), strict=True)
    }
    return Table(
        groups=dict(groups),
        columns_LN=columns_LN,
        weight_L=np.ones(len(facts), np.float32),
        pairs_P2=np.ascontiguousarray(pairs_P4[:, :2]),
        block_P=pairs_P4[:, 2].copy(),
        one_for_one_P=pairs_P4[:, 3].astype(np.bool_),
        **by_name,
    )


def _facts(
    row: LabelRow, number: int, lines: Sequence[str], place: int, *, is_fixed: bool
) -> _Facts:
    return _Facts(
        row.set,
        row.lang,
        problem(row.set, row.group),
        number,
        place,
        len(lines) - 1,
        len(lines[place].strip()),
        sum(map(len, lines)) + len(lines),
        is_fixed,
        not is_fixed and place in row.risky,
    )


def assign_folds(table: Table, folds: int, seed: int) -> Indices:
    """Return a fold in 0 to folds - 1 for every line; a group is never split, even across sets.

    Every set is spread over the folds as evenly as its groups allow: groups are assigned in falling
    order of their greatest share of a set, each to the fold where its sets have least.

    raises  UsageError if there are fewer groups than folds, or fewer than two folds
    """
    names, group_L = np.unique(table.group_L, return_inverse=True)
    if not 2 <= folds <= len(names):
        raise UsageError(
            f"{folds} folds cannot be made of {len(names)} groups",
            fix="give labels of more groups, or ask for fewer folds (at least 2)",
        )
    sets, set_L = np.unique(table.set_L, return_inverse=True)
    share_GS = np.zeros((len(names), len(sets)))
    np.add.at(share_GS, (group_L, set_L), 1.0)
    share_GS /= share_GS.sum(axis=0)
    shuffled = np.random.default_rng(seed).permutation(len(names))
    order = shuffled[np.argsort(-share_GS[shuffled].max(axis=1), kind="stable")]
    load_KS = np.zeros((folds, len(sets)))
    fold_G = np.zeros(len(names), np.intp)
    for group in order:
        wanted_S = share_GS[group] > 0
        # The second key fills empty folds first where the sets themselves are even.
        fold = min(range(folds), key=lambda k: (load_KS[k, wanted_S].sum(), load_KS[k].sum()))
        fold_G[group] = fold
        load_KS[fold] += share_GS[group]
    return np.asarray(fold_G[group_L], np.intp)


def set_weights(table: Table, use_L: Mask) -> Scores:
    """Return a weight per line so that every set in use weighs the same; sum: the lines used.

    Within a set that has both classes, each class weighs half. Lines out of use weigh 0.
    """
    weight_L = np.where(use_L, table.weight_L, 0.0).astype(np.float64)
    for name in np.unique(table.set_L[use_L]):
        in_set_L = use_L & (table.set_L == name)
        classes = [in_set_L & table.y_L, in_set_L & ~table.y_L]
        parts = [part for part in classes if weight_L[part].sum() > 0]
        for part in parts:
            weight_L[part] /= weight_L[part].sum() * len(parts)
    total = weight_L.sum()
    return weight_L * (use_L.sum() / total) if total > 0 else weight_L
