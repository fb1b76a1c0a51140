"""Neighbouring risky lines, joined into findings."""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reviewbot.diff.model import ChangedLine
from reviewbot.scoring.outcomes import LineScore

_Face = tuple[LineScore, "GateStatus"]  # the riskiest line so far, and its standing
GAP = 2  # lines between two risky lines that still belong to one finding


class GateStatus(StrEnum):
    """Where a scored line stands to the limit for it."""

    BELOW = "below"
    ABOVE = "above"
    NOT_COUNTED = "not counted"  # above it: acknowledged, or its author outside the gate's scope


@dataclass(frozen=True, slots=True)
class Finding:
    """Neighbouring risky lines of one file: one comment."""

    path: str
    start: int  # 1-based, inclusive
    end: int  # 1-based, inclusive
    risk: float  # the highest of its lines
    lines: tuple[LineScore, ...]
    fingerprint: str  # of its first line, see `diff.line_hash`; stays where lines above change

    @property
    def worst(self) -> LineScore:
        """Its riskiest line; of several the first."""
        return max(self.lines, key=_risk)


def riskiest(scores: Sequence[LineScore], share: float = 0.05) -> tuple[Finding, ...]:
    """Join the riskiest `share` of the lines (at least one), whatever their risk, as `group` does.

    Where nothing is risky enough to be a finding, it is still worth knowing where to look first.
    """
    ordered = sorted((score.risk for score in scores), reverse=True)
    if not ordered:
        return ()
    least = ordered[max(1, int(share * len(ordered))) - 1]
    return group(scores, math.nextafter(least, -1.0))


def group(
    scores: Sequence[LineScore],
    threshold: float,
    line_hash: Callable[[ChangedLine], str] | None = None,
    gate_status: Callable[[LineScore], GateStatus] = lambda _score: GateStatus.BELOW,
) -> tuple[Finding, ...]:
    """Join risky lines (risk > threshold) that stand close in a file; riskiest finding first.

    scores     in the order of the diff; lines of one file stand together, numbers ascending
    line_hash  names a line by what it says; without it the texts of the risky lines alone do
    standing   to the gate. What is said of a finding is said of its riskiest line, so a line that
               stands otherwise is a finding of its own where this would not be true of it
    """
    runs: list[list[LineScore]] = []
    face: _Face | None = None
    for score in scores:
        if score.risk <= threshold:
            continue
        stands = gate_status(score)
        near = face is not None and _near(runs[-1][-1].line, score.line)
        joined = _joined(face, score, stands) if face and near else None
        if joined:
            runs[-1].append(score)
        else:
            runs.append([score])
        face = joined or (score, stands)
    name = line_hash or _by_text(runs)
    found = []
    for run in runs:
        first, last = run[0].line, run[-1].line
        risk = max(run, key=_risk).risk
        found.append(Finding(first.path, first.number, last.number, risk, tuple(run), name(first)))
    return tuple(sorted(found, key=riskiest_first))


def riskiest_first(finding: Finding) -> tuple[float, str, int]:
    """Return by what findings are ordered: the risk, then the place."""
    return -_risk(finding.worst), finding.path, finding.start


def _risk(score: LineScore) -> float:
    return math.inf if math.isnan(score.risk) else score.risk  # what is unknown is the worst


def _near(one: ChangedLine, other: ChangedLine) -> bool:
    return one.path == other.path and other.number - one.number <= GAP + 1


def _joined(face: _Face, score: LineScore, stands: GateStatus) -> _Face | None:
    """Return the riskiest line of a run with one line more; None where it would mislead.

    It would where its standing is not the worst one, or where lines are above the limit of which
    some count and some do not.
    """
    riskier = (score, stands) if _risk(score) > _risk(face[0]) else face
    above = {face[1], stands} - {GateStatus.BELOW}
    return riskier if above <= {riskier[1]} else None


def _by_text(runs: Sequence[Sequence[LineScore]]) -> Callable[[ChangedLine], str]:
    seen: Counter[str] = Counter()
    names = {}
    for run in runs:
        key = run[0].line.path + "\0" + "\n".join(" ".join(s.line.text.split()) for s in run)
        seen[key] += 1  # the same lines twice in a file are two findings
        digest = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()[:16]
        names[run[0].line] = f"{digest}:{seen[key]}"
    return names.__getitem__
