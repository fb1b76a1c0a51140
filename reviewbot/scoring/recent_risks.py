"""How risky this repository's own recent lines are: what a line is compared with at home."""

import json
import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SCHEMA = "reviewbot-recent/1"
MAX_LINES = 20_000
MAX_CHARS = 100  # of a commit's name, or of words instead
DIGITS = 6  # of a risk: equal lines must stay equal, kept or not


@dataclass(frozen=True, slots=True)
class RecentInfo:
    """Which lines are compared with."""

    base: str  # commit, or words; lines that were added after it
    head: str  # commit that they stand in
    lines: int


@dataclass(frozen=True, slots=True)
class Recent:
    """Risks of the lines that recent commits added, by one artifact."""

    info: RecentInfo
    artifact: str  # SHA-256 of its manifest: risks of another one say nothing here
    risks: tuple[float, ...]  # ascending

    def percentile(self, risk: float) -> float:
        """Return which share of these lines, in percent, is less risky."""
        return 100.0 * bisect_left(self.risks, round(risk, DIGITS)) / len(self.risks)


def recent_of(base: str, head: str, artifact: str, risks: Sequence[float]) -> Recent:
    """Return the value, risks rounded to 6 digits. raises ValueError for no risk or too many."""
    if not 1 <= len(risks) <= MAX_LINES or not all(map(math.isfinite, risks)):
        raise ValueError(f"{len(risks)} risks, or one that is no number")
    ordered = tuple(sorted(round(float(risk), DIGITS) for risk in risks))
    return Recent(RecentInfo(base, head, len(ordered)), artifact, ordered)


def recent_to_json(recent: Recent) -> str:
    """Return the text of the file that holds it."""
    value = {
        "schema": SCHEMA,
        "artifact": recent.artifact,
        "base": recent.info.base,
        "head": recent.info.head,
        "risks": recent.risks,
    }
    return json.dumps(value) + "\n"


def recent_from_json(raw: bytes) -> Recent:
    """Read such a file. raises ValueError for anything else."""
    try:
        value: Mapping[str, Any] = json.loads(raw)
        base, head, artifact = value["base"], value["head"], value["artifact"]
        if value["schema"] != SCHEMA or {type(base), type(head), type(artifact)} != {str}:
            raise ValueError(SCHEMA)
        if max(map(len, (base, head, artifact))) > MAX_CHARS:
            raise ValueError("too long")
        return recent_of(base, head, artifact, _shares(value["risks"]))
    except (ArithmeticError, KeyError, TypeError, ValueError, RecursionError) as exc:
        raise ValueError(f"it is no {SCHEMA}, or has no risk, or too many") from exc


def _shares(risks: object) -> list[float]:
    if not isinstance(risks, list) or {*map(type, risks)} - {int, float}:  # a bool is no number
        raise ValueError("no list of numbers")
    if not all(0 <= risk <= 1 for risk in risks):  # nor is NaN
        raise ValueError("no risk")
    return list(map(float, risks))
