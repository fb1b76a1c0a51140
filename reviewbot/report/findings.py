"""Neighbouring risky lines, joined into findings."""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reviewbot.diff.model import ChangedLine
from reviewbot.report.gate import GateStatus
from reviewbot.scoring.outcomes import Expectation, LineScore, Reason
from reviewbot.scoring.reasons import MAX_REASONS

GAP = 2  # lines between two risky lines that still belong to one finding
MAX_EXPECTATIONS = 2  # of one finding


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

    @property
    def doubts(self) -> tuple[tuple[ChangedLine, Expectation], ...]:
        """The strongest expectations of its lines, each with its line, strongest first."""
        found = [(score.line, one) for score in self.lines for one in score.expectations]
        return tuple(sorted(found, key=lambda pair: _odds(pair[1]))[:MAX_EXPECTATIONS])

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons of its riskiest line that are shown beside the doubts."""
        return self.worst.reasons[: MAX_REASONS - len(self.doubts)]


def riskiest(scores: Sequence[LineScore], share: float = 0.05) -> tuple[Finding, ...]:
    """Return the riskiest `share` of the lines (at least one) as findings, whatever their risk.

    A reader wants to know where to look first even if no line is above the threshold.
    """
    ordered = sorted((score.risk for score in scores), reverse=True)
    if not ordered:
        return ()
    least = ordered[max(1, int(share * len(ordered))) - 1]
    return group(scores, math.nextafter(least, -1.0))


def group(
    scores: Sequence[LineScore],
    threshold: float,
    fingerprint_of: Callable[[ChangedLine], str] | None = None,
    gate_status: Callable[[LineScore], GateStatus] = lambda _score: GateStatus.BELOW,
    deep_threshold: float | None = None,
) -> tuple[Finding, ...]:
    """Join neighbouring risky lines (risk > threshold); riskiest finding first.

    scores          in the order of the diff: the lines of a file are adjacent, numbers ascending
    fingerprint_of  gives the hash of a finding's first line (`diff.line_hash`); None: a hash of the
                    texts of the risky lines
    gate_status     a finding has the gate status of its riskiest line. A line starts a new finding
                    where that status would be wrong for the finding
    deep_threshold  of lines that were read deep, if it is another one
    """
    runs: list[list[LineScore]] = []
    worst: tuple[LineScore, GateStatus] | None = None  # of the last run, and its gate status
    for score in scores:
        own = deep_threshold if score.deep else None
        if score.risk <= (threshold if own is None else own):
            continue
        joined, new = None, (score, gate_status(score))
        if worst and _near(runs[-1][-1].line, score.line):
            riskier = new if _risk(score) > _risk(worst[0]) else worst
            above = {worst[1], new[1]} - {GateStatus.BELOW}
            joined = riskier if above <= {riskier[1]} else None
        if joined:
            runs[-1].append(score)
        else:
            runs.append([score])
        worst = joined or new
    fingerprint_of = fingerprint_of or _by_text(runs)
    return tuple(
        sorted(
            (
                Finding(
                    path=run[0].line.path,
                    start=run[0].line.number,
                    end=run[-1].line.number,
                    risk=max(run, key=_risk).risk,
                    lines=tuple(run),
                    fingerprint=fingerprint_of(run[0].line),
                )
                for run in runs
            ),
            key=riskiest_first,
        )
    )


def riskiest_first(finding: Finding) -> tuple[float, str, int]:
    """Return the sort key of a finding: the risk, then the place."""
    return -_risk(finding.worst), finding.path, finding.start


def _risk(score: LineScore) -> float:
    return math.inf if math.isnan(score.risk) else score.risk  # an unknown risk is the worst


def _odds(one: Expectation) -> float:
    return one.found_probability / one.expected_probability


def _near(one: ChangedLine, other: ChangedLine) -> bool:
    return one.path == other.path and other.number - one.number <= GAP + 1


def _by_text(runs: Sequence[Sequence[LineScore]]) -> Callable[[ChangedLine], str]:
    seen: Counter[str] = Counter()
    names = {}
    for run in runs:
        key = run[0].line.path + "\0" + "\n".join(" ".join(s.line.text.split()) for s in run)
        seen[key] += 1  # the same lines twice in a file are two findings
        digest = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()[:16]
        names[run[0].line] = f"{digest}:{seen[key]}"
    return names.__getitem__
