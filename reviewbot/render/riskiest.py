"""Where to look first: the findings, then the riskiest other places, so that few never end it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reviewbot.render.severity import standing_words
from reviewbot.report.findings import Finding, riskiest
from reviewbot.report.model import LineReport, Report
from reviewbot.scoring.outcomes import LineScore

MAX_BELOW = 8  # findings, and other places where there are fewer

Place = tuple[str, int]  # path and line number


@dataclass(frozen=True, slots=True)
class Places:
    """The places to look at, riskiest first, and where in the page their lines stand."""

    found: tuple[Finding, ...]
    findings: int  # that many are findings, the others lie below their risk
    rank: Mapping[Place, int]  # of each of their lines: the place it belongs to, from 1
    worst: Mapping[Place, int]  # the same of the riskiest line of each
    row: Mapping[Place, int]  # of each line: its number in the page, from 1
    line: Mapping[Place, LineReport]
    gate_status: Callable[[Finding], str]  # in words


def places_of(report: Report) -> Places:
    """Return the places of a report; every line of it has a number, in its own order."""
    row: dict[Place, int] = {}
    line: dict[Place, LineReport] = {}
    number = 0
    for file in report.files:
        for one in file.lines:
            number += 1
            place = one.outcome.line.path, one.outcome.line.number
            if place not in line or _only_scored(line[place], one):
                row[place], line[place] = number, one
    scores = [o for one in line.values() if isinstance(o := one.outcome, LineScore)]
    taken = {(f.path, score.line.number) for f in report.findings for score in f.lines}
    below = [score for score in scores if (score.line.path, score.line.number) not in taken]
    room = max(0, MAX_BELOW - len(report.findings))
    found = (*report.findings, *riskiest(below)[:room])
    rank = {
        (finding.path, score.line.number): place
        for place, finding in enumerate(found, start=1)
        for score in finding.lines
    }
    worst = {(f.path, f.worst.line.number): place for place, f in enumerate(found, start=1)}
    return Places(found, len(report.findings), rank, worst, row, line, standing_words(report))


def _only_scored(one: LineReport, other: LineReport) -> bool:
    """Return True if only the other is scored: a path may stand twice in a stranger's report."""
    return isinstance(other.outcome, LineScore) and not isinstance(one.outcome, LineScore)
