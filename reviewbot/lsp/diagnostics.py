"""Turns the report on a document into an editor's diagnostics.

Messages are plain text, details (for hover) are Markdown. Untrusted text is escaped in both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reviewbot.config.levels import Level
from reviewbot.encoders.spans import Span
from reviewbot.escape import visible
from reviewbot.render.evidence import reason_words
from reviewbot.render.expectations import doubt_lines, doubt_words
from reviewbot.render.findings import FindingView, finding_views
from reviewbot.render.issues import RISKY, UNREAD
from reviewbot.render.phrasing import plural
from reviewbot.render.untrusted import MAX_CHARS, UntrustedText, code_span
from reviewbot.report.gate import GateStatus
from reviewbot.report.model import Report
from reviewbot.scoring.outcomes import Failed, Skipped

MAX_FINDINGS = 200  # findings of one document


class Severity(StrEnum):
    """Severity in the editor."""

    WARNING = "warning"  # critical, or counts for the gate
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A message about some lines of a document."""

    start: int  # 1-based, inclusive
    end: int  # 1-based, inclusive
    severity: Severity
    code: str
    message: str  # plain text, a reason per line
    details: str  # Markdown
    columns: Span | None = None  # of the only line, in characters; None: whole lines


def diagnostics(report: Report) -> tuple[Diagnostic, ...]:
    """Return the findings of a report; the first diagnostic says if lines were not read."""
    views = finding_views(report, report.findings[:MAX_FINDINGS])
    items = [_risky(view, report) for view in views]
    if words := unread_words(report):
        items.insert(0, not_read(words))
    if more := report.findings[MAX_FINDINGS:]:
        items.append(_first_line(RISKY, f"{plural(len(more), 'more finding')} not shown"))
    return tuple(items)


def not_read(why: str) -> Diagnostic:
    """Return a diagnostic on the first line that says why the document was not fully read."""
    return _first_line(UNREAD, f"not read in full: {visible(' '.join(why.split()))}")


def unread_words(report: Report) -> str:
    """Return how many lines should have been read and were not, and why; "" if none."""
    count, why = 0, set()
    for file in report.files:
        for line in file.lines:
            match line.outcome:
                case Failed(why=words) | Skipped(why=words, counts_as_unread=True):
                    count += 1
                    why.add(words)
                case _:
                    pass
        if not file.lines and file.note and report.ledger.unread_files:
            why.add(file.note)
    if not why:
        return ""
    lines = f"{plural(count, 'changed line')}, " if count else ""
    return lines + ", ".join(sorted(why))


def _first_line(code: str, message: str) -> Diagnostic:
    message = message[: 2 * MAX_CHARS]
    return Diagnostic(1, 1, Severity.INFORMATION, code, message, code_span(UntrustedText(message)))


def _risky(view: FindingView, report: Report) -> Diagnostic:
    finding, worst, by = view.finding, view.finding.worst, view.written_by
    reasons = [
        reason_words(reason, report.evidence_for(reason.feature, worst))
        for reason in finding.reasons
    ]
    message = "".join(f"{doubt}\n" for doubt in doubt_lines(finding))
    message += view.words + (f"; written by {by[:MAX_CHARS]}" if by else "")
    details = f"**{view.level}**: {view.place}" + (
        f"; written by {code_span(UntrustedText(by))}" if by else ""
    )
    for words in reasons:
        label = visible(" ".join(words["label"].text.split()))[:MAX_CHARS]
        message += f"\nbecause: {label} ({words['weight']})"
    bullets = [*map(_expected, doubt_words(finding)), *map(_detail, reasons)]
    if bullets:
        details += "\n\n" + "\n".join(bullets)
    loud = view.gate_status is GateStatus.ABOVE or view.level is Level.CRITICAL
    start, end, columns = finding.start, finding.end, None
    for line, one in finding.doubts[:1]:
        start, end, columns = line.number, line.number, Span(one.start, one.end)
    return Diagnostic(
        start,
        end,
        Severity.WARNING if loud else Severity.INFORMATION,
        RISKY,
        message,
        details,
        columns,
    )


def _expected(words: Mapping[str, Any]) -> str:
    found, expected = code_span(words["found"]), code_span(words["expected"])
    return f"- {words['place']}{found}: the model expected {expected} ({words['odds']})"


def _detail(words: Mapping[str, Any]) -> str:
    """Return a reason as in a pull request comment."""
    text = f"- because: {code_span(words['label'])} ({words['weight']})"
    text += f": {words['evidence']}" if words["evidence"] else ""
    if words["detects"]:
        text += f"; mostly detects {code_span(words['detects'])}"
    return text
