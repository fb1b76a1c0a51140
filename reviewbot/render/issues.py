"""A report as a flat list, for formats that have nothing else.

Such formats have no verdict: their readers see only the list. So it also contains what should have
been read and was not: an empty list is a change that was read and passes.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import groupby

from reviewbot.config.levels import Level
from reviewbot.diff.skip_rules import SkipReason
from reviewbot.escape import inert, visible
from reviewbot.render.expectations import doubt_lines
from reviewbot.render.findings import FindingView, Severity, finding_views, place_views
from reviewbot.render.phrasing import below_shown, none_shown, plural
from reviewbot.report.gate import Status
from reviewbot.report.model import FileReport, Report
from reviewbot.scoring.outcomes import Failed, LineScore, Outcome, Skipped

RISKY = "risky-line"
UNREAD = "not-read"
MAX_CHARS = 1_000  # of one message
WHOLE = "."  # the path where no file is known
ABOUT = "https://arxiv.org/abs/2504.14640"
_UNREAD_REASONS = frozenset(reason.value for reason in SkipReason if reason.counts_as_unread)


@dataclass(frozen=True, slots=True)
class Issue:
    """A finding, or lines that should have been read and were not."""

    path: str  # untrusted, as the report has it
    start: int | None  # 1-based, inclusive; None: the file as a whole
    end: int | None
    worst: int | None  # the line that the message is about
    rule: str  # RISKY or UNREAD
    severity: Severity
    level: Level | None  # None: it was not read
    message: str  # one line, safe to print, at most MAX_CHARS
    key: str  # with path and rule it identifies the issue, also when lines above change


def issues(report: Report) -> tuple[Issue, ...]:
    """Return the findings, riskiest first, then what should have been read and was not."""
    return (*map(_risky, finding_views(report)), *unread(report))


def unread(report: Report) -> tuple[Issue, ...]:
    """Return what should have been read and was not, in the order of the diff.

    That includes lines that a rule skipped where nothing else could be read.
    """
    ledger = report.ledger
    withheld = ledger.withheld if ledger.all_withheld else frozenset()
    incomplete = report.verdict.status is Status.INCOMPLETE
    severity = Severity.ERROR if incomplete else Severity.WARNING
    found, whole_files = [], 0
    for file in report.files:
        for why, start, end in _gaps(file, withheld):
            whole_files += start is None
            message = inert(f"not read: {visible(why)}")[:MAX_CHARS]
            found.append(Issue(file.path, start, end, start, UNREAD, severity, None, message, why))
    if (more := ledger.unread_files - whole_files) > 0:
        message = f"not read: {plural(more, 'file')} that the report does not name"
        found.append(Issue(WHOLE, None, None, None, UNREAD, severity, None, message, "unlisted"))
    return tuple(found)


def finding_message(view: FindingView) -> str:
    """Return a finding in one line: bounded, safe to print, no command to a CI runner."""
    parts = [*doubt_lines(view.finding), view.words]
    if view.acknowledged:
        parts.append(view.acknowledged)
    if view.written_by:
        parts.append(f"written by {view.written_by}")
    labels = [visible(reason.label) for reason in view.finding.reasons if reason.label]
    if labels:
        parts.append(f"because: {', '.join(labels)}")
    return inert("; ".join(parts))[:MAX_CHARS]


def places_text(report: Report) -> list[str]:
    """Return the places to read first, a line each, under a line that says what they are.

    Empty without places. Each is bounded and safe to print.
    """
    views, found, show = place_views(report), len(report.findings), report.policy.show
    if not views:
        return []
    lines = ["look first at:" if found else f"{none_shown(show)}; look first at:"]
    for rank, view in enumerate(views, start=1):
        if rank == found + 1 > 1:
            lines.append(f"{below_shown(show)}:")
        place = f"{visible(view.finding.path)}:{view.numbers}"
        lines.append(f"{rank}. {place}: {finding_message(view)}"[:MAX_CHARS])
    return lines


def _risky(view: FindingView) -> Issue:
    finding = view.finding
    return Issue(
        finding.path,
        finding.start,
        finding.end,
        finding.worst.line.number,
        RISKY,
        view.severity,
        view.level,
        finding_message(view),
        finding.fingerprint,
    )


def _gaps(
    file: FileReport, withheld: Collection[str]
) -> Iterable[tuple[str, int | None, int | None]]:
    """Yield why lines were not read, with their first and last number; None: the whole file."""
    if not file.lines and file.note in _UNREAD_REASONS:
        yield file.note or "", None, None
    lost = [
        (why, line.outcome.line.number)
        for line in file.lines
        if (why := _why_unread(line.outcome, withheld)) is not None
    ]
    for (why, _), run in groupby(enumerate(lost), lambda item: (item[1][0], item[1][1] - item[0])):
        numbers = [number for _, (_, number) in run]
        yield why, numbers[0], numbers[-1]


def _why_unread(outcome: Outcome, withheld: Collection[str]) -> str | None:
    match outcome:
        case Failed(why=why) | Skipped(why=why, counts_as_unread=True):
            return why
        case Skipped(why=why):
            return why if why in withheld else None
        case LineScore():
            return None
