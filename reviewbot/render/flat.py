"""A report as a flat list of places, for the formats that know nothing else.

Such formats have no verdict, and a consumer sees only what stands in the list. So what should have
been read and was not stands there, too: an empty list is a change that was read and passes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from reviewbot.diff.skip_rules import SkipReason
from reviewbot.escape import inert, visible
from reviewbot.render.authors import written_by
from reviewbot.render.phrasing import in_brackets, plural, risk_words, riskier_than
from reviewbot.render.severity import Severity, severity_in, standing_words, unread_severity
from reviewbot.report.findings import Finding
from reviewbot.report.model import FileReport, Report, authors_of
from reviewbot.scoring.outcomes import Failed, LineScore, Outcome, Skipped

RISKY = "risky-line"
UNREAD = "not-read"
MAX_CHARS = 1_000  # of one message
WHOLE = "."  # the path of what belongs to no file that we know
_HIDING = frozenset(reason.value for reason in SkipReason if reason.counts_as_unread)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One place with something to say about it."""

    path: str  # as the report has it: a stranger's
    start: int | None  # 1-based, inclusive; None where it is about the file as a whole
    end: int | None
    worst: int | None  # the line that the message is about
    rule: str  # RISKY or UNREAD
    severity: Severity
    message: str  # one line, safe to look at, at most MAX_CHARS
    key: str  # with path and rule it names the place, also when lines above change


def diagnostics(report: Report) -> tuple[Diagnostic, ...]:
    """Return the findings, riskiest first, and then what should have been read and was not."""
    severity, standing = severity_in(report), standing_words(report)
    author = authors_of(report)
    found = [
        Diagnostic(
            finding.path,
            finding.start,
            finding.end,
            finding.worst.line.number,
            RISKY,
            severity(finding),
            about(
                finding,
                standing(finding),
                written_by(author(finding)),
            ),
            finding.fingerprint,
        )
        for finding in report.findings
    ]
    return (*found, *unread(report))


def unread(report: Report) -> tuple[Diagnostic, ...]:
    """Return what should have been read and was not, in the order of the diff.

    Excluded lines are among it where the settings leave out all that would have been read.
    """
    severity = unread_severity(report)
    excluded = report.ledger.all_excluded
    found, hidden = [], 0
    for file in report.files:
        for why, start, end in _gaps(file, excluded):
            hidden += start is None
            message = inert(f"not read: {visible(why)}")[:MAX_CHARS]
            found.append(Diagnostic(file.path, start, end, start, UNREAD, severity, message, why))
    if (more := report.ledger.unread_files - hidden) > 0:
        message = f"not read: {plural(more, 'file')} of the change without a name in the report"
        found.append(Diagnostic(WHOLE, None, None, None, UNREAD, severity, message, "unlisted"))
    return tuple(found)


def _gaps(file: FileReport, excluded: bool) -> Iterable[tuple[str, int | None, int | None]]:
    """Yield why lines were not read, with their first and last number; None: the whole file."""
    if not file.lines and file.note in _HIDING:
        yield file.note or "", None, None
    pairs = [(_why(line.outcome, excluded), line.outcome.line.number) for line in file.lines]
    lost = [(why, number) for why, number in pairs if why is not None]
    for (why, _), run in groupby(enumerate(lost), lambda item: (item[1][0], item[1][1] - item[0])):
        numbers = [number for _, (_, number) in run]
        yield why, numbers[0], numbers[-1]


def _why(outcome: Outcome, excluded: bool) -> str | None:
    match outcome:
        case Failed(why=why):
            return why
        case Skipped(why=why, counts_as_unread=unread):
            return why if unread or (excluded and why == SkipReason.EXCLUDED) else None
        case LineScore():
            return None


def about(finding: Finding, standing: str, by: str) -> str:
    """Return what is said of a finding in one line: bounded, inert, safe to look at.

    standing  as `standing_words`
    by        who wrote it, "" where nobody is known
    """
    than = riskier_than(finding.worst.percentile)
    parts = [f"risk {risk_words(finding.risk)}{in_brackets(standing)}, {than}"]
    if by:
        parts.append(f"written by {by}")
    labels = [visible(reason.label) for reason in finding.worst.reasons[:3] if reason.label]
    if labels:
        parts.append(f"because: {', '.join(labels)}")
    return inert("; ".join(parts))[:MAX_CHARS]
