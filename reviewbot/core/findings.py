"""What became of each added line, and neighbouring risky lines joined into findings."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from reviewbot.core.change import ChangedLine
from reviewbot.core.reasons import Reason

GAP = 2  # lines between two risky lines that still belong to one finding


@dataclass(frozen=True, slots=True)
class LineScore:
    """A line that was read and scored."""

    line: ChangedLine
    risk: float  # in [0, 1]
    percentile: float  # in [0, 100], among real changed lines
    reasons: tuple[Reason, ...]
    surprisal: float | None = None  # nats, summed over the line; only at full depth
    rest: float | None = None  # log-odds of all but the reasons: with theirs, those of the risk
    recent: float | None = None  # percentile among this repository's recent lines, if known


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that was not read on purpose."""

    line: ChangedLine
    why: str
    counts_as_unread: bool = False  # it was passed over for our limits, not for its nature


@dataclass(frozen=True, slots=True)
class Failed:
    """A line that should have been scored and was not."""

    line: ChangedLine
    why: str


Outcome = LineScore | Skipped | Failed


@dataclass(frozen=True, slots=True)
class Finding:
    """Neighbouring risky lines of one file: one comment."""

    path: str
    start: int  # 1-based, inclusive
    end: int  # 1-based, inclusive
    risk: float  # the highest of its lines
    lines: tuple[LineScore, ...]
    fingerprint: str  # of its first line, see `core.linehash`; stays where lines above change

    @property
    def worst(self) -> LineScore:
        """Its riskiest line; of several the first."""
        return max(self.lines, key=lambda score: (score.risk, -score.line.number))


def riskiest(scores: Sequence[LineScore], share: float = 0.05) -> tuple[Finding, ...]:
    """Join the riskiest `share` of the lines (at least one), whatever their risk, as `group` does.

    Where nothing is risky enough to be a finding, it is still worth knowing where to look first.
    """
    ordered = sorted((score.risk for score in scores), reverse=True)
    if not ordered:
        return ()
    least = ordered[max(1, int(share * len(ordered))) - 1]
    return group(scores, float(np.nextafter(least, -1.0)))


def group(
    scores: Sequence[LineScore],
    threshold: float,
    line_hash: Callable[[ChangedLine], str] | None = None,
) -> tuple[Finding, ...]:
    """Join risky lines (risk > threshold) that stand close in a file; riskiest finding first.

    scores     in the order of the diff; lines of one file stand together, numbers ascending
    line_hash  names a line by what it says; without it the texts of the risky lines alone do
    """
    runs: list[list[LineScore]] = []
    for score in scores:
        if score.risk <= threshold:
            continue
        last = runs[-1][-1].line if runs else None
        if last and last.path == score.line.path and score.line.number - last.number <= GAP + 1:
            runs[-1].append(score)
        else:
            runs.append([score])
    name = line_hash or _by_text(runs)
    found = []
    for run in runs:
        first, last = run[0].line, run[-1].line
        risk = max(score.risk for score in run)
        found.append(Finding(first.path, first.number, last.number, risk, tuple(run), name(first)))
    return tuple(sorted(found, key=lambda f: (-f.risk, f.path, f.start)))


def _by_text(runs: Sequence[Sequence[LineScore]]) -> Callable[[ChangedLine], str]:
    seen: Counter[str] = Counter()
    names = {}
    for run in runs:
        key = run[0].line.path + "\0" + "\n".join(" ".join(s.line.text.split()) for s in run)
        seen[key] += 1  # the same lines twice in a file are two findings
        digest = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()[:16]
        names[run[0].line] = f"{digest}:{seen[key]}"
    return names.__getitem__
