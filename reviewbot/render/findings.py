"""A finding with what every format says about it: its author, its gate status, its severity."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from reviewbot.authorship.model import Attribution
from reviewbot.render.phrasing import author_words, in_brackets, numbers, risk_words
from reviewbot.report.findings import Finding
from reviewbot.report.gate import GateStatus, Status, blocks
from reviewbot.report.model import LineReport, Report
from reviewbot.scoring.outcomes import LineScore

CONTEXT = 2  # lines shown above and below a finding, where the report has them
MAX_LINES = 12  # shown of one finding
_COUNTS = (GateStatus.ABOVE, None)  # an unknown status may be above
_BY_SEVERITY = (GateStatus.ABOVE, None, GateStatus.NOT_COUNTED, GateStatus.BELOW)
_GATE_WORDS: dict[GateStatus | None, str] = {
    GateStatus.ABOVE: "above the threshold",
    GateStatus.NOT_COUNTED: "above the threshold, not counted",
}


class Severity(StrEnum):
    """Whether something keeps the change from merging."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding with what the report says about its lines."""

    finding: Finding
    author: Attribution | None  # of its riskiest line; None: the report lacks that line
    gate_status: GateStatus | None  # the most severe of its lines; None: unknown
    severity: Severity

    @property
    def numbers(self) -> str:
        """Its lines: "12" or "12-15"."""
        return numbers(self.finding.start, self.finding.end)

    @property
    def risk(self) -> str:
        """Its risk, gate status and depth: "0.93 (above the threshold; read deep)"."""
        words = in_brackets(status_words(self.gate_status, self.finding.worst))
        return f"{risk_words(self.finding.risk)}{words}"

    @property
    def written_by(self) -> str:
        """The author of its riskiest line: "AI (claude)", or "" if unknown."""
        return author_words(self.author)


def gate_words(status: GateStatus | None) -> str:
    """Return a gate status in words; "" where it is below the threshold or unknown."""
    return _GATE_WORDS.get(status, "")


def status_words(status: GateStatus | None, score: LineScore) -> str:
    """Return the gate status of a line, and whether it was read deep, in words."""
    return "; ".join(filter(None, [gate_words(status), "read deep" if score.deep else ""]))


def finding_views(
    report: Report, findings: Sequence[Finding] | None = None
) -> tuple[FindingView, ...]:
    """Return the views of a report's findings, or of other groups of its lines.

    The severity answers as our exit code does, because others gate by it: reviewdog by
    `-fail-level`, Jenkins by failed tests. With exit code 0 (an informational gate,
    `max-lines-over`, `min-lines`) nothing is an ERROR. Otherwise a finding is one if a line of it
    counts as above its threshold, or may, and the policy does not allow that many such lines.
    """
    findings = report.findings if findings is None else findings
    wanted = {(f.path, score.line.number) for f in findings for score in f.lines}
    lines: dict[tuple[str, int], list[LineReport]] = {}
    over = 0
    for file in report.files:
        for line in file.lines:
            over += isinstance(line.outcome, LineScore) and line.gate_status in _COUNTS
            if (place := (file.path, line.outcome.line.number)) in wanted:
                lines.setdefault(place, []).append(line)  # a report may hold a path twice
    only_unread = report.verdict.status is Status.INCOMPLETE and not blocks(
        report.policy, over, report.ledger.scored
    )
    can_block = report.verdict.exit_code != 0 and not only_unread

    def view(finding: Finding) -> FindingView:
        own = [lines.get((finding.path, score.line.number), []) for score in finding.lines]
        worst = lines.get((finding.path, finding.worst.line.number), [])
        statuses = {line.gate_status for same in own for line in same}
        statuses |= {None} if [] in own else set()
        status = next(one for one in _BY_SEVERITY if one in statuses)
        severity = Severity.ERROR if can_block and status in _COUNTS else Severity.WARNING
        return FindingView(finding, worst[0].author if worst else None, status, severity)

    return tuple(map(view, findings))


def excerpt(finding: Finding, lines: Sequence[LineReport]) -> tuple[list[LineReport], int]:
    """Return the lines to show of a finding, and how many of its risky lines are not among them.

    lines  of its file. A long finding is cut around its riskiest line; a short one has context
    """
    first, last = finding.start - CONTEXT, finding.end + CONTEXT
    if finding.end - finding.start >= MAX_LINES:
        centre = finding.worst.line.number - MAX_LINES // 2
        first = min(max(centre, finding.start), finding.end - MAX_LINES + 1)
        last = first + MAX_LINES - 1
    shown = [line for line in lines if first <= line.outcome.line.number <= last]
    return shown, sum(not first <= score.line.number <= last for score in finding.lines)
