"""A report on one document -> what an editor shows beside its lines, and where the mouse rests.

Messages are plain text, details Markdown; nothing of a stranger is either without being escaped.
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
MOST = 200  # findings of one document
MAX_REASONS = 3


class Level(StrEnum):
    """How much an editor makes of a diagnostic."""

    WARNING = "warning"  # above the limit of the gate
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What is said of some lines of a document."""

    start: int  # 1-based, inclusive
    end: int  # 1-based, inclusive
    level: Level
    code: str
    message: str  # plain text, a reason per line
    details: str  # Markdown


def diagnostics(report: Report) -> tuple[Diagnostic, ...]:
    """Return what a report says of its lines, and first of all whether some were not read."""
    words_of, author = standing_words(report), authors_of(report)
    found = [
        _risky(finding, report, words_of(finding), author(finding))
        for finding in report.findings[:MOST]
    ]
    if words := unread_words(report):
        found.insert(0, not_read(words))
    if more := report.findings[MOST:]:
        found.append(_first_line(RULE, f"{plural(len(more), 'more finding')} not shown"))
    return tuple(found)


def not_read(why: str) -> Diagnostic:
    """Return what says on the first line that a document was not read, or not in full."""
    return _first_line(NOT_READ, f"not read in full: {visible(' '.join(why.split()))}")


def unread_words(report: Report) -> str:
    """Say how many lines should have been read and were not, and why; "" where all were."""
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
    """Return a reason as the comment on a pull request has it."""
    text = f"- because: {code_span(words['label'])} ({words['weight']})"
    text += f": {words['evidence']}" if words["evidence"] else ""
    if words["detects"]:
        text += f"; little more than a detector of {code_span(words['detects'])}"
    return text
