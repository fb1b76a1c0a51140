"""One figure for a whole change: how many of its lines to expect wrong, among other changes. Pure.

The risk of a line is a calibrated probability, so the sum of the risks is the expected number of
wrong lines. docs/benchmark.md says how well it tells changes that were fixed later.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reviewbot.scoring.calibration import Calibration
from reviewbot.scoring.change_reference import ChangeReference

SURVIVED = "AI-authored changes that survived"


@dataclass(frozen=True, slots=True)
class ChangeLevel:
    """How a change of which a line was scored compares with others."""

    expected: float  # wrong lines: the sum of the risks; NaN if the risk of a line is unknown
    percentile: int | None = None  # 0 to 99, of changes with a smaller sum; None if unknown
    counted: int | None = None  # the same by the lines that can block: what the gate compares
    last_changes: int | None = None  # changes of this repository it compares with; None: `SURVIVED`
    labelled: int | None = None  # labelled changes with a similar sum; None if unknown
    fixed: int | None = None  # of these: fixed later

    def is_over(self, limit: float | None) -> bool:
        """Return True if the gate's limit, a percentile, is exceeded; so does an unknown one."""
        return limit is not None and (self.counted is None or self.counted > limit)


def change_level(
    risks: Sequence[float],
    counted: Sequence[float],
    reference: ChangeReference | None,
    own: Calibration | None,
) -> ChangeLevel | None:
    """Return the figure of a change; None if no line of it was scored.

    risks      of its scored lines
    counted    those of them that the gate counts: not acknowledged, of an author who can block
    reference  of the artifact that scored the lines first
    own        this repository's changes; the percentile is then among these
    """
    if not risks:
        return None
    expected = math.fsum(risks)
    if math.isnan(expected):
        return ChangeLevel(expected)
    alike = reference.alike(expected) if reference else None
    percentile_of = own.change_percentile if own else reference.percentile if reference else None
    return ChangeLevel(
        expected,
        percentile_of(expected) if percentile_of else None,
        percentile_of(math.fsum(counted)) if percentile_of else None,
        len(own.changes) if own else None,
        alike.changes if alike else None,
        alike.fixed if alike else None,
    )


def change_words(level: ChangeLevel) -> str:
    """Return the figure as every report for a person says it, in one line without a full stop."""
    parts = [f"the change: {_lines(level.expected)}"]
    if level.percentile is not None:
        parts.append(_riskier_than(level, level.percentile))
    return "; ".join(parts)


def why_too_risky(level: ChangeLevel | None, limit: float | None) -> list[str]:
    """Return why the gate blocks the change as a whole, in one sentence; [] if it does not.

    limit   a percentile; None: there is no such limit
    """
    if level is None or limit is None or not level.is_over(limit):
        return []
    if level.counted is None:
        return [f"how risky the change is among others is unknown (fail-on-change {limit:g})"]
    part = "" if level.counted == level.percentile else ", by the lines that can block"
    return [f"the change is {_riskier_than(level, level.counted)} (fail-on-change {limit:g}){part}"]


def _riskier_than(level: ChangeLevel, percentile: int) -> str:
    others = SURVIVED
    if level.last_changes is not None:
        others = f"this repository's last {level.last_changes:,} changes"
    return f"riskier than {percentile} % of {others}"


def _lines(expected: float) -> str:
    if math.isnan(expected):
        return "unknown how many wrong lines to expect"
    if expected < 0.01:
        return "fewer than 0.01 wrong lines expected"
    digits = 2 if round(expected, 2) < 1 else 1 if round(expected, 1) < 10 else 0
    return f"about {expected:,.{digits}f} wrong lines expected"
