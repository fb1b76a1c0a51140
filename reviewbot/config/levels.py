"""Levels: how risky a line is among changed lines. Pure.

A risk means nothing without others to compare it with, and two artifacts give the same line
different ones. A percentile of changed lines says how rare such a line is, whatever scored it.
"""

import math
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Level(StrEnum):
    """How rare so risky a line is: low < medium < high < critical."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    # A str compares by its letters.
    def __lt__(self, other: str) -> bool:
        return _PLACE[self] < _PLACE[other]

    def __le__(self, other: str) -> bool:
        return _PLACE[self] <= _PLACE[other]

    def __gt__(self, other: str) -> bool:
        return _PLACE[self] > _PLACE[other]

    def __ge__(self, other: str) -> bool:
        return _PLACE[self] >= _PLACE[other]


_PLACE: Mapping[str, int] = {level: place for place, level in enumerate(Level)}
LEAST: Mapping[Level, float] = MappingProxyType(  # least percentile, highest first
    {
        Level.CRITICAL: 99.8,  # 1 in 500 changed lines
        Level.HIGH: 99.0,  # 1 in 100
        Level.MEDIUM: 95.0,  # 1 in 20
        Level.LOW: 0.0,
    }
)


class FailOn(StrEnum):
    """The least level of a line that counts for the gate."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    NEVER = "never"

    def is_reached(self, level: Level) -> bool:
        """Return True if a line of this level counts."""
        return self is not FailOn.NEVER and level >= Level(self.value)


def percentile_of(below: int, of: int) -> float:
    """Return the percentile of a line that is riskier than `below` of `of` lines: two digits, down.

    Reports have two digits. The level follows from the percentile, so it must be the same when a
    report is read again, and no line may have a level that its printed percentile does not reach.
    """
    return (10_000 * below // of) / 100


def level_of(percentile: float) -> Level:
    """Return the level of a line.

    percentile  in [0, 100], of changed lines that are less risky; NaN, an unknown one, is critical:
                nobody should overlook it
    """
    if math.isnan(percentile):
        return Level.CRITICAL
    return next((level for level, least in LEAST.items() if percentile >= least), Level.LOW)
