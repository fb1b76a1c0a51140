"""A finding with what every format says about it: its author, its gate status, its severity."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from reviewbot.authorship.model import Attribution
from reviewbot.config.levels import Level
from reviewbot.escape import visible
from reviewbot.render.phrasing import author_words, level_words, numbers, place_words
from reviewbot.report.comment_sync import LOCAL, finding_id
from reviewbot.report.findings import Finding
from reviewbot.report.gate import GateStatus, Status, blocks
from reviewbot.report.model import LineReport, Report, top_places
from reviewbot.scoring.calibration import RecentInfo
from reviewbot.scoring.outcomes import LineScore

CONTEXT = 2  # lines shown above and below a finding, where the report has them
_BLOCKS = (GateStatus.UNACKNOWLEDGED, GateStatus.ABOVE)
_BY_SEVERITY = (*_BLOCKS, GateStatus.NOT_COUNTED, GateStatus.BELOW)
_GATE_WORDS: dict[GateStatus | None, str] = {
    GateStatus.UNACKNOWLEDGED: "must be acknowledged",
    GateStatus.ABOVE: "counts for the gate",
    GateStatus.NOT_COUNTED: "not counted by the gate",
}


class Severity(StrEnum):
    """Whether something keeps the change from merging."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding with what the report says about its lines."""

    finding: Finding
    author: Attribution  # of its riskiest line
    gate_status: GateStatus  # the most severe of its lines
    severity: Severity
    recent: RecentInfo | None  # of the report

    @property
    def numbers(self) -> str:
        """Its lines: "12" or "12-15"."""
        return numbers(self.finding.start, self.finding.end)

    @property
    def level(self) -> Level:
        """The level of its riskiest line."""
        return self.finding.level

    @property
    def words(self) -> str:
        """Its level, percentile, risk, gate status and depth, as `level_words`."""
        return level_words(self.finding.worst, self.recent, self.status)

    @property
    def place(self) -> str:
        """The same without the level."""
        return place_words(self.finding.worst, self.recent, self.status)

    @property
    def status(self) -> str:
        """Its gate status and depth: "counts for the gate; read deep", or ""."""
        return status_words(self.gate_status, self.finding.worst)

    @property
    def acknowledged(self) -> str:
        """The state "acknowledged: REASON", safe to print, or ""; the reason is untrusted."""
        reason = self.finding.acknowledged
        return "" if reason is None else f"acknowledged: {visible(' '.join(reason.split()))}"

    @property
    def written_by(self) -> str:
        """The author of its riskiest line: "AI (claude)", or "" if unknown."""
        return author_words(self.author)


def gate_words(status: GateStatus | None) -> str:
    """Return a gate status in words; "" where the line is below the limit or has none."""
    return _GATE_WORDS.get(status, "")


def status_words(status: GateStatus | None, score: LineScore) -> str:
    """Return the gate status of a line, and whether it was read deep, in words."""
    return "; ".join(filter(None, [gate_words(status), "read deep" if score.deep else ""]))


def finding_views(
    report: Report, findings: Sequence[Finding] | None = None
) -> tuple[FindingView, ...]:
    """Return the views of a report's findings, or of other groups of its lines.

    The severity answers as our exit code does, because others gate by it: reviewdog by
    `-fail-level`, Jenkins by failed tests. With exit code 0 (`max-lines-over`, `min-lines`)
    nothing is an ERROR. Otherwise a finding is one if a line of it counts for the gate, and the
    policy does not allow that many such lines; or if it must be acknowledged.
    """
    findings = report.findings if findings is None else findings
    every = {
        (file.path, line.outcome.line.number): line for file in report.files for line in file.lines
    }
    counts = Counter(line.gate_status for line in every.values())
    over, waiting = counts[GateStatus.ABOVE], counts[GateStatus.UNACKNOWLEDGED]
    only_unread = report.verdict.status is Status.INCOMPLETE and not blocks(
        report.policy, over, waiting, report.ledger.scored
    )
    can_block = report.verdict.exit_code != 0 and not only_unread

    def view(finding: Finding) -> FindingView:
        own = {every[finding.path, score.line.number].gate_status for score in finding.lines}
        status = min(filter(None, own), key=_BY_SEVERITY.index)
        severity = Severity.ERROR if can_block and status in _BLOCKS else Severity.WARNING
        author = every[finding.path, finding.worst.line.number].author
        return FindingView(finding, author, status, severity, report.recent)

    return tuple(map(view, findings))


def place_views(report: Report) -> tuple[FindingView, ...]:
    """Return the views of the places to read first: findings, then places below the level shown."""
    return finding_views(report, top_places(report, report.top))


def ack_command(view: FindingView, report: Report) -> str:
    """Return the command that acknowledges a finding that blocks; "" if none here can."""
    if not report.local_acks or view.severity is not Severity.ERROR:
        return ""
    return f"reviewbot ack {finding_id(LOCAL, view.finding)} REASON"


def excerpt(finding: Finding, lines: Sequence[LineReport]) -> list[LineReport]:
    """Return the lines to show of a finding; `lines` are those of its file."""
    first, last = finding.start - CONTEXT, finding.end + CONTEXT
    return [line for line in lines if first <= line.outcome.line.number <= last]
