"""Whole changes as a reference: how many wrong lines to expect in those whose outcome is known."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Any

QUANTILES = 101  # 0 % to 100 %
MAX_PERCENTILE = 99  # the reference is finite, so nothing is riskier than all changes
MAX_ROWS = 1_000
MAX_CHANGES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class LabelledChanges:
    """Changes with similar sums, and what became of them."""

    least: float  # sum of the risks, up to the next row's
    changes: int
    fixed: int  # of these: with a line that a later change corrected


@dataclass(frozen=True, slots=True)
class ChangeReference:
    """The sums of the risks of changes that were labelled: what an artifact's manifest holds."""

    survived: tuple[float, ...]  # the quantiles 0 % to 100 % of changes that nobody corrected
    labelled: tuple[LabelledChanges, ...]  # ascending; the first row begins at 0

    def percentile(self, expected: float) -> int:
        """Return the percentage of surviving changes with a smaller sum: rounded down, 0 to 99."""
        return min(max(bisect_left(self.survived, expected) - 1, 0), MAX_PERCENTILE)

    def alike(self, expected: float) -> LabelledChanges:
        """Return the labelled changes with a similar sum."""
        return self.labelled[bisect_right(self.labelled, expected, key=lambda row: row.least) - 1]


def change_reference_from_json(value: Any) -> ChangeReference:
    """Read the manifest's entry. raises ValueError for anything else."""
    if type(value) is not dict or value.keys() != {"survived", "labelled"}:
        raise ValueError("changes must hold survived and labelled, nothing else")
    if type(value["survived"]) is not list or len(value["survived"]) != QUANTILES:
        raise ValueError(f"changes: survived must hold {QUANTILES} quantiles")
    if type(value["labelled"]) is not list or not 1 <= len(value["labelled"]) <= MAX_ROWS:
        raise ValueError("changes: labelled must hold rows")
    survived = tuple(map(_sum, value["survived"]))
    rows = tuple(map(_row, value["labelled"]))
    least = [row.least for row in rows]
    if list(survived) != sorted(survived) or least != sorted(set(least)) or least[0] != 0:
        raise ValueError("changes: the sums must ascend, those of the labelled from 0")
    return ChangeReference(survived, rows)


def _row(value: Any) -> LabelledChanges:
    if type(value) is not dict or value.keys() != {"least", "changes", "fixed"}:
        raise ValueError("changes: a row holds least, changes and fixed, nothing else")
    changes, fixed = value["changes"], value["fixed"]
    if {type(changes), type(fixed)} != {int} or not 0 <= fixed <= changes <= MAX_CHANGES:
        raise ValueError("changes: a row must count changes, and no more fixed ones")
    if not changes:
        raise ValueError("changes: a row has no change")
    return LabelledChanges(_sum(value["least"]), changes, fixed)


def _sum(value: Any) -> float:
    # A bool is no number; NaN and infinity are no sums.
    if type(value) not in (int, float) or not 0 <= value <= MAX_CHANGES:
        raise ValueError("changes: a sum of risks must be a number of at least 0")
    return float(value)
