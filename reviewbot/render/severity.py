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


def severity_in(report: Report) -> Callable[[Finding], Severity]:
    """Return what tells a finding's severity: ERROR where it keeps the change from merging.

    Others gate by severity: reviewdog by `-fail-level`, Jenkins by failed tests. Their answer has
    to be that of our exit code, or a change is red here and green there. So nothing is an error
    where the exit code is 0 (an informational gate, `max-lines-over`, `min-lines`); where it is
    not, a finding is one if a line of it is above the limit for its path and author.

    A report does not say which lines were acknowledged or stand outside the gate's scope. Where
    other lines block, those are errors, too: too strict, never too lax.
    """
    if report.verdict.exit_code == 0:
        return lambda _finding: Severity.WARNING
    limits = parse_limits(report.policy.max_risk_for)
    above = {
        (file.path, line.outcome.line.number)
        for file in report.files
        for line in file.lines
        if isinstance(line.outcome, LineScore)
        # NaN counts as above, as it does in the gate
        and not line.outcome.risk <= limits.of(file.path, line.author, report.policy.max_risk)
    }

    def severity(finding: Finding) -> Severity:
        over = any((finding.path, score.line.number) in above for score in finding.lines)
        return Severity.ERROR if over else Severity.WARNING

    return severity


def unread_severity(report: Report) -> Severity:
    """Return ERROR where what was not read keeps the change from merging, else WARNING."""
    incomplete = report.verdict.status is Status.INCOMPLETE
    return Severity.ERROR if incomplete else Severity.WARNING
