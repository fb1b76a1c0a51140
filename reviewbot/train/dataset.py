"""Replayed changes -> one table of lines that fitting and evaluation share."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from reviewbot.arrays import Array, Indices, Mask
from reviewbot.errors import UsageError
from reviewbot.scoring.line_features import CodeFile
from reviewbot.train.changes import LabelledChange, LineLabel, Verdict
from reviewbot.train.problems import problem
from reviewbot.train.replay import Replayed

Texts = npt.NDArray[np.str_]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Table:
    """L lines that `check` would read, with N columns each, and P pairs of lines."""

    groups: Mapping[str, int]  # feature group -> columns, in the order of the columns
    columns_LN: Array
    y_L: Mask  # the line is wrong, or blamed and nobody read it
    blamed_L: Mask  # a later fix changed the line, whatever a reader found
    set_L: Texts
    lang_L: Texts
    group_L: Texts  # under one name in all sets; never split between training and testing
    row_L: Indices  # number of the change
    visible_L: Texts  # `LabelledChange.visible`
    read_L: Mask  # every label of the change is a reader's verdict
    survived_L: Mask  # of a change that no fix touched
    place_L: Indices  # index of the line in its version of the file
    last_L: Indices  # index of the last line of that version
    length_L: Indices  # characters, without blanks at the ends
    chars_L: Indices  # characters of the line's whole version, line ends counted
    is_fixed_L: Mask  # a line of a corrected version: never wrong, never in a ranking metric
    weight_L: Array  # on top of the equal weight of the sets: 0 for lines of ambiguous label
    pairs_P2: Indices  # (wrong, corrected), as rows of this table
    block_P: Indices  # pairs of one place in one change share a number
    one_for_one_P: Mask  # pairs of `corrections.is_normalised`: "paired, normalised"
    drawn: float = 1.0  # share of the lines without fault that are here; see `train.sampling`

    def __len__(self) -> int:
        return len(self.y_L)

    def clear(self) -> Mask:
        """Return the lines that count in metrics: original, read, label not ambiguous.

        Where no wrong line was read at all, as after `train mine`, blamed lines count for wrong.
        """
        labelled_L = (self.y_L | ~self.blamed_L) & (self.weight_L > 0) & ~self.is_fixed_L
        read_L = labelled_L & self.read_L
        return np.asarray(read_L if (self.y_L & read_L).any() else labelled_L, np.bool_)


class _Facts(NamedTuple):
    """What `Table` holds of one line, by its names there."""

    set_L: str
    lang_L: str
    group_L: str
    row_L: int
    visible_L: str
    read_L: bool
    survived_L: bool
    place_L: int
    last_L: int
    length_L: int
    chars_L: int
    is_fixed_L: bool
    y_L: bool
    blamed_L: bool
    weight_L: float


def lay_out(replayed: Sequence[Replayed], *, related: float = 0.0) -> Table:
    """Return a table without columns: each change's wanted lines, then its corrected ones.

    related  weight of a line that was changed along with a fix, as a line that is not wrong; 0
             leaves it out of training, and such lines are never part of a metric
    raises   UsageError if no line is left
    """
    facts: list[_Facts] = []
    pairs: list[tuple[int, int, int, bool]] = []  # wrong, corrected, block, one for one
    blocks = 0
    for number, one in enumerate(replayed):
        at: dict[tuple[str, int], int] = {}
        fixed_at: dict[tuple[str, int], int] = {}
        labels = {(label.path, label.number): label for label in one.change.labels}
        for file in one.files:
            at |= {(file.path, line.number): len(facts) + i for i, line in enumerate(file.wanted)}
            facts += _facts(one.change, number, file, labels, related)
        for file in one.corrected:
            places = enumerate(file.wanted, len(facts))
            fixed_at |= {(file.path, line.number): place for place, line in places}
            facts += _facts(one.change, number, file, None, related)
        for path, correction in one.corrections.items():
            for block in correction.blocks:
                pairs += [
                    (at[path, wrong], fixed_at[path, right], blocks, correction.normalised)
                    for wrong, right in product(block.wrong, block.corrected)
                ]
                blocks += 1
    if not facts:
        raise UsageError("no line of the labels can be scored", fix="label lines that hold code")
    pairs_P4 = np.array(pairs, np.intp).reshape(-1, 4)
    by_name: dict[str, Any] = {
        name: np.array(values)
        for name, values in zip(_Facts._fields, zip(*facts, strict=True), strict=True)
    }
    return Table(
        groups={},
        columns_LN=np.zeros((len(facts), 0), np.float32),
        pairs_P2=np.ascontiguousarray(pairs_P4[:, :2]),
        block_P=pairs_P4[:, 2].copy(),
        one_for_one_P=pairs_P4[:, 3].astype(np.bool_),
        **by_name,
    )


def _facts(
    change: LabelledChange,
    number: int,
    file: CodeFile,
    labels: Mapping[tuple[str, int], LineLabel] | None,
    related: float,
) -> Iterator[_Facts]:
    """Yield what is known of the wanted lines of a file. labels  None: a corrected file."""
    for line in file.wanted:
        label = labels.get((line.path, line.number)) if labels else None
        weights = {Verdict.RELATED: related, Verdict.UNCLEAR: 0.0, Verdict.MASKED: 0.0}
        yield _Facts(
            set_L=change.set,
            lang_L=file.language.name if file.language else "",
            group_L=problem(change.set, change.group),
            row_L=number,
            visible_L=change.visible,
            read_L=change.is_read,
            survived_L=change.survived,
            place_L=line.number - 1,
            last_L=len(file.head) - 1,
            length_L=len(line.text.strip()),
            chars_L=sum(map(len, file.head)) + len(file.head),
            is_fixed_L=labels is None,
            y_L=label is not None and label.verdict in (Verdict.WRONG, Verdict.BLAMED),
            blamed_L=label is not None and label.verdict is not Verdict.MASKED,
            weight_L=weights.get(label.verdict, label.probability) if label else 1.0,
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
