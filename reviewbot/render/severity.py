"""How much a finding matters to the gate: one rule for every format that has a word for it."""

from collections.abc import Callable
from enum import StrEnum

from reviewbot.core.findings import Finding, LineScore
from reviewbot.core.gate import Status
from reviewbot.core.report import Report
from reviewbot.limits import parse_limits


class Severity(StrEnum):
    """Whether something keeps the change from merging."""

    ERROR = "error"
    WARNING = "warning"


class Standing(StrEnum):
    """Where a finding stands to the limit for its path and author; the value says it."""

    BELOW = ""
    ABOVE = "above the limit"
    EXCUSED = "above the limit, not counted"  # acknowledged, or outside the gate's scope


def standing_in(report: Report) -> Callable[[Finding], Standing]:
    """Return what tells a finding's standing: the worst among those of its lines."""
    limits = parse_limits(report.policy.max_risk_for)
    above: dict[tuple[str, int], Standing] = {}
    for file in report.files:
        for line in file.lines:
            outcome = line.outcome
            if not isinstance(outcome, LineScore):
                continue
            # NaN counts as above, as it does in the gate
            if not outcome.risk <= limits.of(file.path, line.author, report.policy.max_risk):
                place = file.path, outcome.line.number  # twice where a file becomes a link
                if line.can_block:
                    above[place] = Standing.ABOVE
                above.setdefault(place, Standing.EXCUSED)

    def standing(finding: Finding) -> Standing:
        places = ((finding.path, score.line.number) for score in finding.lines)
        found = {above[place] for place in places if place in above}
        if Standing.ABOVE in found:
            return Standing.ABOVE
        return Standing.EXCUSED if found else Standing.BELOW

    return standing


def severity_in(report: Report) -> Callable[[Finding], Severity]:
    """Return what tells a finding's severity: ERROR where it keeps the change from merging.

    Others gate by severity: reviewdog by `-fail-level`, Jenkins by failed tests. Their answer has
    to be that of our exit code, or a change is red here and green there. So nothing is an error
    where the exit code is 0 (an informational gate, `max-lines-over`, `min-lines`); where it is
    not, a finding is one if the gate counts a line of it as above its limit.
    """
    if report.verdict.exit_code == 0:
        return lambda _finding: Severity.WARNING
    standing = standing_in(report)

    def severity(finding: Finding) -> Severity:
        return Severity.ERROR if standing(finding) is Standing.ABOVE else Severity.WARNING

    return severity


def unread_severity(report: Report) -> Severity:
    """Return ERROR where what was not read keeps the change from merging, else WARNING."""
    incomplete = report.verdict.status is Status.INCOMPLETE
    return Severity.ERROR if incomplete else Severity.WARNING
