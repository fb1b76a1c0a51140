"""Label rows and their line features -> one table that fitting and evaluation share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    """L scored lines with N columns each. P pairs set a wrong line against a corrected one."""

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


def assemble(
    rows: Sequence[LabelRow],
    columns: Sequence[RowColumns],
    groups: Mapping[str, int],
    *,
    only_changed: bool = False,
) -> Table:
    """Lay the lines of all rows under each other, each row's corrected version behind it.

    columns       as many as rows
    only_changed  of a corrected version, take only the lines that a pair needs or that differ;
                  the others repeat lines that are in the table already
    raises        UsageError if no line is left; ValueError where columns do not fit their row
    """
    parts: list[Array] = []
    facts: list[tuple[str, str, str, int, int, int, int, int, bool, bool]] = []
    pairs: list[tuple[int, int]] = []
    blocks: list[int] = []
    strict: list[bool] = []
    block_number = 0
    for number, (row, given) in enumerate(zip(rows, columns, strict=True)):
        names = (row.set, row.lang, problem(row.set, row.group))
        places, fixed_places = scored(row), scored_fixed(row)
        if len(places) != len(given.lines_LN):
            raise ValueError(f"row {row.id!r} has {len(places)} scored lines, other columns")
        at = {place: len(facts) + i for i, place in enumerate(places)}
        facts += [
            (
                *names,
                number,
                i,
                len(row.lines) - 1,
                len(row.lines[i].strip()),
                _characters(row.lines),
                False,
                i in row.risky,
            )
            for i in places
        ]
        parts.append(given.lines_LN)
        if row.fixed is None or given.fixed_LN is None:
            continue
        if len(fixed_places) != len(given.fixed_LN):
            raise ValueError(
                f"row {row.id!r} has {len(fixed_places)} corrected lines, other columns"
            )
        diff = aligned(row)
        needed = {i for block in diff.blocks for i in block.corrected} | set(diff.changed)
        chosen = [k for k, i in enumerate(fixed_places) if not only_changed or i in needed]
        fixed_at = {fixed_places[k]: len(facts) + j for j, k in enumerate(chosen)}
        last, characters = len(row.fixed) - 1, _characters(row.fixed)
        facts += [
            (*names, number, i, last, len(row.fixed[i].strip()), characters, True, False)
            for i in (fixed_places[k] for k in chosen)
        ]
        parts.append(given.fixed_LN[chosen])
        alike = normalised(row)
        for block in diff.blocks:
            new = [(at[w], fixed_at[c]) for w in block.wrong for c in block.corrected]
            pairs += new
            blocks += [block_number] * len(new)
            strict += [alike] * len(new)
            block_number += 1
    if not facts:
        raise UsageError("no line of the labels can be scored", fix="label lines that hold code")
    names_of, numbers_of = zip(*((fact[:3], fact[3:]) for fact in facts), strict=True)
    sets, langs, group_names = zip(*names_of, strict=True)
    row_numbers, place, lasts, length, chars, is_fixed, y = zip(*numbers_of, strict=True)
    columns_LN = np.concatenate(parts).astype(np.float32, copy=False)
    if columns_LN.shape[1] != sum(groups.values()):
        raise ValueError(f"{columns_LN.shape[1]} columns, the groups name {sum(groups.values())}")
    return Table(
        groups=dict(groups),
        columns_LN=columns_LN,
        y_L=np.array(y, np.bool_),
        set_L=np.array(sets),
        lang_L=np.array(langs),
        group_L=np.array(group_names),
        row_L=np.array(row_numbers, np.intp),
        place_L=np.array(place, np.intp),
        last_L=np.array(lasts, np.intp),
        length_L=np.array(length, np.intp),
        chars_L=np.array(chars, np.intp),
        is_fixed_L=np.array(is_fixed, np.bool_),
        weight_L=np.ones(len(facts), np.float32),
        pairs_P2=np.array(pairs, np.intp).reshape(-1, 2),
        block_P=np.array(blocks, np.intp),
        one_for_one_P=np.array(strict, np.bool_),
    )


def _characters(lines: Sequence[str]) -> int:
    return sum(map(len, lines)) + len(lines)


def assign_folds(table: Table, folds: int, seed: int) -> Indices:
    """Give every line a fold in 0 to folds - 1; a group is never split, in whichever sets it is.

    Every set is spread over the folds as evenly as its groups allow: the groups are dealt out in
    falling order of their greatest share of a set, each to the fold where its sets have least.

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
