"""Risks of a repository's own recent lines, as a reference for new ones."""

import json
import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

SCHEMA = "reviewbot-recent/1"
MAX_LINES = 20_000
MAX_CHARS = 100  # of a commit's name
DIGITS = 6  # of a risk: equal lines must stay equal, whether read from a file or computed


@dataclass(frozen=True, slots=True)
class RecentInfo:
    """Which lines are the reference."""

    base: str  # a commit, or words; the lines were added after it
    head: str  # the commit that holds them
    lines: int


@dataclass(frozen=True, slots=True)
class Recent:
    """Risks of the lines that recent commits added, by one artifact."""

    info: RecentInfo
    artifact: str  # SHA-256 of its manifest: risks by another artifact do not compare
    risks: tuple[float, ...]  # ascending

    def percentile(self, risk: float) -> float:
        """Return the percentage of these lines that are less risky."""
        return 100.0 * bisect_left(self.risks, round(risk, DIGITS)) / len(self.risks)


def recent_of(base: str, head: str, artifact: str, risks: Sequence[float]) -> Recent:
    """Return the value, risks rounded to 6 digits. raises ValueError for no risk or too many."""
    if not 1 <= len(risks) <= MAX_LINES or not all(map(math.isfinite, risks)):
        raise ValueError(f"{len(risks)} risks, or one that is no number")
    ordered = tuple(sorted(round(float(risk), DIGITS) for risk in risks))
    return Recent(RecentInfo(base, head, len(ordered)), artifact, ordered)


def recent_to_json(recent: Recent) -> str:
    """Return the text of the file."""
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
        value = json.loads(raw)
        base, head, artifact, risks = (value[key] for key in ("base", "head", "artifact", "risks"))
        if value["schema"] != SCHEMA or {type(base), type(head), type(artifact)} != {str}:
            raise ValueError(SCHEMA)
        if max(map(len, (base, head, artifact))) > MAX_CHARS or type(risks) is not list:
            raise ValueError(SCHEMA)
        # a bool is no number, and NaN is in no range
        if not all(type(risk) in (int, float) and 0 <= risk <= 1 for risk in risks):
            raise ValueError(SCHEMA)
        return recent_of(base, head, artifact, risks)
    except (ArithmeticError, KeyError, TypeError, ValueError, RecursionError) as exc:
        raise ValueError(f"it is no {SCHEMA}, or has no risk, or too many") from exc
