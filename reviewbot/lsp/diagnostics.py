"""Turns the report on a document into an editor's diagnostics.

Messages are plain text, details (for hover) are Markdown. Untrusted text is escaped in both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reviewbot.authorship.model import Attribution
from reviewbot.escape import visible
from reviewbot.render.authors import written_by
from reviewbot.render.phrasing import in_brackets, plural, risk_words, riskier_than
from reviewbot.render.sarif import RULE
from reviewbot.render.severity import ABOVE_LIMIT, standing_words
from reviewbot.render.untrusted import MAX_CHARS, UntrustedText, code_span, reason_words
from reviewbot.report.findings import Finding
from reviewbot.report.model import Report, authors_of
from reviewbot.scoring.outcomes import Failed, Skipped

NOT_READ = "not-read"
MAX_FINDINGS = 200  # findings of one document
MAX_REASONS = 3


class Level(StrEnum):
    """Severity in the editor."""

    WARNING = "warning"  # above the threshold of the gate
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A message about some lines of a document."""

    start: int  # 1-based, inclusive
    end: int  # 1-based, inclusive
    level: Level
    code: str
    message: str  # plain text, a reason per line
    details: str  # Markdown


def diagnostics(report: Report) -> tuple[Diagnostic, ...]:
    """Return the findings of a report; the first diagnostic says if lines were not read."""
    words_of, author = standing_words(report), authors_of(report)
    items = [
        _risky(finding, report, words_of(finding), author(finding))
        for finding in report.findings[:MAX_FINDINGS]
    ]
    if words := unread_words(report):
        items.insert(0, not_read(words))
    if more := report.findings[MAX_FINDINGS:]:
        items.append(_first_line(RULE, f"{plural(len(more), 'more finding')} not shown"))
    return tuple(items)


def not_read(why: str) -> Diagnostic:
    """Return a diagnostic on the first line that says why the document was not fully read."""
    return _first_line(NOT_READ, f"not read in full: {visible(' '.join(why.split()))}")


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
    return Diagnostic(1, 1, Level.INFORMATION, code, message, code_span(UntrustedText(message)))


def _risky(
    finding: Finding, report: Report, standing: str, author: Attribution | None
) -> Diagnostic:
    worst = finding.worst
    risk = risk_words(finding.risk)
    place = riskier_than(worst.percentile)
    by = written_by(author)
    reasons = [
        reason_words(reason, report.evidence_for(reason.feature))
        for reason in worst.reasons[:MAX_REASONS]
    ]
    message = f"risk {risk}{in_brackets(standing)}, {place}" + (
        f"; written by {by[:MAX_CHARS]}" if by else ""
    )
    details = f"**risk {risk}**{in_brackets(standing)}, {place}" + (
        f"; written by {code_span(UntrustedText(by))}" if by else ""
    )
    for words in reasons:
        label = visible(" ".join(words["label"].text.split()))[:MAX_CHARS]
        message += f"\nbecause: {label} ({words['weight']})"
    if reasons:
        details += "\n\n" + "\n".join(map(_detail, reasons))
    return Diagnostic(
        finding.start,
        finding.end,
        Level.WARNING if standing == ABOVE_LIMIT else Level.INFORMATION,
        RULE,
        message,
        details,
    )


def _detail(words: Mapping[str, Any]) -> str:
    """Return a reason as in a pull request comment."""
    text = f"- because: {code_span(words['label'])} ({words['weight']})"
    text += f": {words['evidence']}" if words["evidence"] else ""
    if words["detects"]:
        text += f"; little more than a detector of {code_span(words['detects'])}"
    return text
