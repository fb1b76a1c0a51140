"""Thresholds that keep a budget, and what they would have flagged in past changes. Pure."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from reviewbot.config.levels import Level, level_of
from reviewbot.diff.model import ChangedLine
from reviewbot.report.findings import riskiest_places
from reviewbot.scoring.outcomes import LineScore

MIN_LINES, MAX_LINES = 1_000, 20_000  # to ask for; a replay ends with a whole change
MIN_CHANGES = 20
MIN_FLAGGED = 5  # lines that a budget must allow: a threshold below fewer rests on chance
CROWDED = Fraction(1, 20)  # share of the changes that may have more lines than their budget
STEPS = 10_000  # a threshold has four digits


@dataclass(frozen=True, slots=True)
class ReplayedLine:
    """A scored line of a past change."""

    path: str
    number: int  # 1-based, in the change's head
    text: str
    risk: float
    fault: float | None = None  # probability that it was at fault; None: no label covers it


@dataclass(frozen=True, slots=True)
class ReplayedChange:
    """A past change with its scored lines; there is at least one."""

    head: str
    day: str  # YYYY-MM-DD
    lines: tuple[ReplayedLine, ...]


class Flagged(NamedTuple):
    """What a threshold flags in some changes."""

    lines: int
    of_lines: int
    changes: int  # with a flagged line
    of_changes: int
    crowded: int  # changes with more flagged lines than `top`
    labelled: int  # flagged lines that labels cover
    faults: float  # expected number of faults among these
    of_faults: float  # expected number of faults among all lines that labels cover


@dataclass(frozen=True, slots=True)
class Proposal:
    """A threshold for a budget, and the same from the older half only, tried on the newer one."""

    top: int | None  # the budget: lines of a change; None: a share of all lines
    threshold: float
    flagged: Flagged
    earlier: float  # the threshold that the older half alone gives
    later: Flagged  # what that flags in the newer half


def needed_lines(share: Fraction) -> int:
    """Return how many scored lines a budget needs at least."""
    return max(MIN_LINES, math.ceil(MIN_FLAGGED / share))


def proposals(changes: Sequence[ReplayedChange], share: Fraction, top: int) -> tuple[Proposal, ...]:
    """Return a threshold for each budget.

    changes  newest first, at least two
    share    of all lines that may be flagged
    top      lines of a change that may be flagged, in all but CROWDED of the changes
    """
    middle = len(changes) // 2
    newer, older = changes[:middle], changes[middle:]

    def proposal(find: Callable[[Sequence[ReplayedChange]], float], shown: int | None) -> Proposal:
        threshold, earlier = find(changes), find(older)
        now, later = flagged(changes, threshold, top), flagged(newer, earlier, top)
        return Proposal(shown, threshold, now, earlier, later)

    return (
        proposal(lambda some: line_threshold(some, share), None),
        proposal(lambda some: change_threshold(some, top), top),
    )


def line_threshold(changes: Sequence[ReplayedChange], share: Fraction) -> float:
    """Return the lowest threshold that flags at most this share of all lines."""
    risks = [line.risk for change in changes for line in change.lines]
    return _exceeded(risks, int(share * len(risks)))


def change_threshold(changes: Sequence[ReplayedChange], top: int) -> float:
    """Return the lowest threshold that flags at most `top` lines of a change.

    One in twenty changes (CROWDED) may have more: a single long change would decide otherwise.
    """
    ordered = [sorted((line.risk for line in one.lines), reverse=True) for one in changes]
    beyond = [risks[top] if len(risks) > top else 0.0 for risks in ordered]
    return _exceeded(beyond, int(CROWDED * len(changes)))


def flagged(changes: Sequence[ReplayedChange], threshold: float, top: int) -> Flagged:
    """Return what a threshold flags; as in the gate, a line has to be above it."""
    every = [line for change in changes for line in change.lines]
    covered = [line for line in every if line.fault is not None]
    found = [line for line in covered if line.risk > threshold]
    counts = [sum(line.risk > threshold for line in change.lines) for change in changes]
    return Flagged(
        lines=sum(counts),
        of_lines=len(every),
        changes=sum(count > 0 for count in counts),
        of_changes=len(changes),
        crowded=sum(count > top for count in counts),
        labelled=len(found),
        faults=sum(line.fault or 0.0 for line in found),
        of_faults=sum(line.fault or 0.0 for line in covered),
    )


def flagged_at(
    changes: Sequence[ReplayedChange], level: Level, percentile: Callable[[float], float], top: int
) -> Flagged:
    """Return what a level flags, which is above `low`.

    percentile  of a risk among these lines
    """
    risks = {line.risk for change in changes for line in change.lines}
    return flagged(changes, max(risk for risk in risks if level_of(percentile(risk)) < level), top)


def asked_places(
    changes: Sequence[ReplayedChange], percentile: Callable[[float], float], top: int
) -> list[int]:
    """Return how many places of each change `ack-top` would have asked to acknowledge.

    percentile  of a risk among these lines
    top         the value of `ack-top`
    """
    asked = []
    for change in changes:
        scores = [
            LineScore(
                ChangedLine(one.path, one.number, one.text), one.risk, percentile(one.risk), ()
            )
            for one in change.lines
        ]
        asked.append(len(riskiest_places(scores, top, lambda _line: True)))
    return asked


def _exceeded(values: Sequence[float], times: int) -> float:
    """Return the lowest number that at most so many values exceed, rounded up to 4 digits."""
    value = sorted(values, reverse=True)[times]
    return min(1.0, math.ceil(value * STEPS) / STEPS)
