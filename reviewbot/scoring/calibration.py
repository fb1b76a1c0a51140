"""Risks of a repository's own recent lines and changes, as a reference for new ones."""

import json
import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reviewbot.config.levels import percentile_of
from reviewbot.scoring.change_reference import MAX_PERCENTILE

SCHEMA = "reviewbot-calibration/2"
MAX_RISKS = 40_000  # of each list
MAX_CHARS = 100  # of a commit's name
DIGITS = 6  # of a risk: equal lines must stay equal, whether read from a file or computed
MAX_SUM = 1_000_000  # of the risks of a change


@dataclass(frozen=True, slots=True)
class RecentInfo:
    """Which lines are the reference."""

    base: str  # a commit; the lines were added after it
    head: str  # the commit that holds the newest of them
    lines: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Risks of what was merged from `base` to `head`, by one artifact."""

    artifact: str  # SHA-256 of its manifest: risks by another artifact do not compare
    base: str
    head: str
    lines: tuple[float, ...]  # ascending
    changes: tuple[float, ...]  # the sum of the risks of each change, ascending

    @property
    def info(self) -> RecentInfo:
        """What a report says of the lines."""
        return RecentInfo(self.base, self.head, len(self.lines))

    def percentile(self, risk: float) -> float:
        """Return the percentage of these lines that are less risky, see `percentile_of`."""
        return _percentile(self.lines, risk)

    def change_percentile(self, expected: float) -> int:
        """Return the percentage of these changes with a smaller sum: rounded down, 0 to 99."""
        return min(math.floor(_percentile(self.changes, expected)), MAX_PERCENTILE)


def calibration_of(
    artifact: str, base: str, head: str, lines: Sequence[float], changes: Sequence[float]
) -> Calibration:
    """Return the value, risks rounded to 6 digits.

    raises  ValueError if a list is empty, longer than MAX_RISKS, or holds what is no number
    """
    return Calibration(artifact, base, head, _ascending(lines), _ascending(changes))


def calibration_to_json(calibration: Calibration) -> str:
    """Return the text of the file."""
    value = {
        "schema": SCHEMA,
        "artifact": calibration.artifact,
        "base": calibration.base,
        "head": calibration.head,
        "lines": calibration.lines,
        "changes": calibration.changes,
    }
    return json.dumps(value) + "\n"


def calibration_from_json(raw: bytes) -> Calibration:
    """Read such a file. raises ValueError for anything else."""
    try:
        value = json.loads(raw)
        artifact, base, head = (value[key] for key in ("artifact", "base", "head"))
        if value["schema"] != SCHEMA or {type(artifact), type(base), type(head)} != {str}:
            raise ValueError(SCHEMA)
        if max(map(len, (artifact, base, head))) > MAX_CHARS:
            raise ValueError(SCHEMA)
        lines, changes = _read(value["lines"], 1), _read(value["changes"], MAX_SUM)
        return calibration_of(artifact, base, head, lines, changes)
    except (ArithmeticError, KeyError, TypeError, ValueError, RecursionError) as exc:
        raise ValueError(f"it is no {SCHEMA}, or has no risk, or too many") from exc


def _read(risks: Any, most: float) -> list[float]:
    # A bool is no number, and NaN is in no range.
    if type(risks) is not list or not all(
        type(x) in (int, float) and 0 <= x <= most for x in risks
    ):
        raise ValueError("no list of risks")
    return list(risks)


def _ascending(risks: Sequence[float]) -> tuple[float, ...]:
    if not 1 <= len(risks) <= MAX_RISKS or not all(map(math.isfinite, risks)):
        raise ValueError(f"{len(risks)} risks, or one that is no number")
    return tuple(sorted(round(float(risk), DIGITS) for risk in risks))


def _percentile(ascending: Sequence[float], risk: float) -> float:
    return percentile_of(bisect_left(ascending, round(risk, DIGITS)), len(ascending))
