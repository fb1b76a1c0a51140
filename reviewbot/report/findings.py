"""Neighbouring risky lines, joined into findings."""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from reviewbot.config.levels import Level
from reviewbot.diff.model import ChangedLine
from reviewbot.report.gate import GateStatus
from reviewbot.scoring.outcomes import Expectation, LineScore, Reason
from reviewbot.scoring.reasons import MAX_REASONS

GAP = 2  # lines between two risky lines that still belong to one finding
MAX_LINES = 12  # from the first to the last line of a finding: what a reader sees at a glance
MAX_EXPECTATIONS = 2  # of one finding


@dataclass(frozen=True, slots=True)
class Finding:
    """Neighbouring risky lines of one file: one comment."""

    path: str
    start: int  # 1-based, inclusive
    end: int  # 1-based, inclusive
    risk: float  # of its riskiest line
    lines: tuple[LineScore, ...]
    fingerprint: str  # of its first line, see `diff.line_hash`; stays where lines above change
    acknowledged: str | None = None  # the reason that somebody gave; None: nobody has

    @property
    def worst(self) -> LineScore:
        """Its riskiest line; of several the first."""
        return max(self.lines, key=_riskiness)

    @property
    def level(self) -> Level:
        """The level of its riskiest line."""
        return self.worst.level

    @property
    def doubts(self) -> tuple[tuple[ChangedLine, Expectation], ...]:
        """The strongest expectations of its lines, each with its line, strongest first."""
        found = [(score.line, one) for score in self.lines for one in score.expectations]
        return tuple(sorted(found, key=lambda pair: _odds(pair[1]))[:MAX_EXPECTATIONS])

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons of its riskiest line that are shown beside the doubts."""
        return self.worst.reasons[: MAX_REASONS - len(self.doubts)]


def further_places(
    scores: Iterable[LineScore], findings: Iterable[Finding], count: int
) -> tuple[Finding, ...]:
    """Return single lines that are part of no finding, at most `count`.

    First `medium` lines and above, riskiest first. Then those with an expectation, strongest first:
    they can be checked in a second. Then the others, riskiest first.

    A line with at most GAP lines between it and a finding, or a line returned before it, is left
    out: whoever reads the one sees the other.
    """
    taken = {(found.path, score.line.number) for found in findings for score in found.lines}
    chosen: list[LineScore] = []
    for score in sorted(scores, key=_read_first) if count > 0 else ():
        path, number = score.line.path, score.line.number
        if any((path, near) in taken for near in range(number - GAP - 1, number + GAP + 2)):
            continue
        taken.add((path, number))
        chosen.append(score)
        if len(chosen) == count:
            break
    places = {score.line: n for n, score in enumerate(chosen)}
    chosen.sort(key=lambda score: (score.line.path, score.line.number))
    return tuple(
        sorted(group(chosen, lambda _score: True), key=lambda found: places[found.worst.line])
    )


def riskiest_places(
    scores: Sequence[LineScore], top: int, can_block: Callable[[ChangedLine], bool]
) -> tuple[frozenset[tuple[str, int]], ...]:
    """Return the `top` riskiest places that `ack-top` asks for: path and number of their lines.

    A place is a run of neighbouring lines that are `medium` or above and whose author can block.
    They depend on the scores alone: neither on `show` nor on what blocks otherwise.
    """
    if not top:
        return ()
    places = group(scores, lambda one: one.level >= Level.MEDIUM and can_block(one.line))
    lines = [[score.line for score in place.lines] for place in places[:top]]
    return tuple(frozenset((line.path, line.number) for line in place) for place in lines)


def group(
    scores: Sequence[LineScore],
    is_shown: Callable[[LineScore], bool],
    fingerprint_of: Callable[[ChangedLine], str] | None = None,
    gate_status: Callable[[LineScore], GateStatus] = lambda _score: GateStatus.BELOW,
) -> tuple[Finding, ...]:
    """Join neighbouring lines that are shown, up to MAX_LINES; riskiest finding first.

    scores          in the order of the diff: the lines of a file are adjacent, numbers ascending
    is_shown        of a line: whether it belongs to a finding
    fingerprint_of  gives the hash of a finding's first line (`diff.line_hash`); None: a hash of the
                    texts of the risky lines
    gate_status     a finding has the gate status of its riskiest line. A line starts a new finding
                    where that status would be wrong for the finding
    """
    runs: list[list[LineScore]] = []
    worst: tuple[LineScore, GateStatus] | None = None  # of the last run, and its gate status
    for score in scores:
        if not is_shown(score):
            continue
        joined, new = None, (score, gate_status(score))
        if worst and _near(runs[-1], score.line):
            riskier = new if _riskiness(score) > _riskiness(worst[0]) else worst
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
                    risk=max(run, key=_riskiness).risk,
                    lines=tuple(run),
                    fingerprint=fingerprint_of(run[0].line),
                )
                for run in runs
            ),
            key=riskiest_first,
        )
    )


def riskiest_first(finding: Finding) -> tuple[float, float, str, int]:
    """Return the sort key of a finding: percentile, then risk, then place."""
    return *_riskiest_line_first(finding.worst)[:2], finding.path, finding.start


def _read_first(score: LineScore) -> tuple[int, float, tuple[float, float, str, int]]:
    riskiest = _riskiest_line_first(score)
    if score.level >= Level.MEDIUM:
        return 0, 0.0, riskiest
    if score.expectations:
        return 1, min(map(_odds, score.expectations)), riskiest
    return 2, 0.0, riskiest


def _riskiest_line_first(score: LineScore) -> tuple[float, float, str, int]:
    percentile, risk = _riskiness(score)
    return -percentile, -risk, score.line.path, score.line.number


def _riskiness(score: LineScore) -> tuple[float, float]:
    """Return what orders lines: percentiles compare lines of two artifacts, risks do not.

    What is unknown is the worst.
    """
    if math.isnan(score.risk):
        return math.inf, math.inf
    percentile = score.own_percentile
    return (math.inf if math.isnan(percentile) else percentile), score.risk


def _odds(one: Expectation) -> float:
    return one.found_probability / one.expected_probability


def _near(run: Sequence[LineScore], line: ChangedLine) -> bool:
    first, last = run[0].line, run[-1].line
    close = line.number - last.number <= GAP + 1 and line.number - first.number < MAX_LINES
    return last.path == line.path and close


def _by_text(runs: Sequence[Sequence[LineScore]]) -> Callable[[ChangedLine], str]:
    seen: Counter[str] = Counter()
    names = {}
    for run in runs:
        key = run[0].line.path + "\0" + "\n".join(" ".join(s.line.text.split()) for s in run)
        seen[key] += 1  # the same lines twice in a file are two findings
        digest = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()[:16]
        names[run[0].line] = f"{digest}:{seen[key]}"
    return names.__getitem__
