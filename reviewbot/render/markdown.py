"""The report as Markdown, for a job summary or a comment. `templates/summary.md.j2` lays it out.

Strangers' text travels as `quote.UntrustedText`.
"""

from collections.abc import Sequence
from typing import Any

from reviewbot.escape import visible
from reviewbot.render.authors import totals_line, written_by
from reviewbot.render.ledger import files_not_read, ledger_rows, verdict_word
from reviewbot.render.phrasing import place_words, risk_words, short_percentile
from reviewbot.render.severity import standing_words
from reviewbot.render.untrusted import UntrustedText, environment, reason_words, template
from reviewbot.report.findings import Finding
from reviewbot.report.model import LineReport, Report, lines_by_path
from reviewbot.scoring.outcomes import LineScore

MAX_BYTES = 1_000_000  # GitHub takes 1 MiB as a job summary, and throws away a longer one
MAX_FINDINGS = 10
MAX_LINES = 12  # of one finding
MAX_ROWS = 20  # of the ledger, of the asides
CONTEXT = 2  # lines shown above and below a finding, where the report has them


def markdown(report: Report, limit: int = MAX_BYTES) -> str:
    """Return the report as Markdown: same report, same bytes; at most ten findings.

    limit  bytes of UTF-8; findings are left out, and counted, until the text fits. The rest is
           bounded by itself (below 200,000 bytes), and is never left out
    """
    page = environment().from_string(template("summary.md.j2"))
    lines = lines_by_path(report)
    shown = report.findings[:MAX_FINDINGS]
    standing = standing_words(report)
    findings = [
        {**_finding(finding, report, lines.get(finding.path, ())), "standing": standing(finding)}
        for finding in shown
    ]
    while True:
        words = {**_frame(report), "hidden": len(report.findings) - len(findings)}
        text = page.render(**words, findings=findings)
        if len(text.encode()) <= limit or not findings:
            return text
        findings.pop()


def _frame(report: Report) -> dict[str, Any]:
    rows = [(UntrustedText(name.strip()), count) for name, count in ledger_rows(report)]
    if len(rows) > MAX_ROWS:
        rest = sum(count for _, count in rows[MAX_ROWS:])
        rows = [*rows[:MAX_ROWS], (UntrustedText("other reasons"), rest)]
    asides = [*files_not_read(report.files), *(f"note: {note}" for note in report.notes)]
    if len(asides) > MAX_ROWS:
        asides = [*asides[:MAX_ROWS], f"and {len(asides) - MAX_ROWS} more remarks"]
    authors = (line.author for file in report.files for line in file.lines)
    return {
        "verdict": verdict_word(report).upper(),
        "exit_code": report.verdict.exit_code,
        "reasons": [UntrustedText(reason) for reason in report.verdict.reasons[:MAX_ROWS]],
        "ledger": rows,
        "authors": UntrustedText(totals_line(authors)) if report.ledger.added else None,
        "asides": [UntrustedText(aside) for aside in asides],
        "model": UntrustedText(report.model.name),
        "layer": report.model.layer,
        "dtype": UntrustedText(report.model.dtype),
        "artifact": UntrustedText(report.artifact.name),
    }


def _finding(finding: Finding, report: Report, lines: Sequence[LineReport]) -> dict[str, Any]:
    worst = finding.worst
    first, last = finding.start - CONTEXT, finding.end + CONTEXT
    if finding.end - finding.start >= MAX_LINES:  # the part around the worst line
        first = min(
            max(worst.line.number - MAX_LINES // 2, finding.start), finding.end - MAX_LINES + 1
        )
        last = first + MAX_LINES - 1
    shown = [line for line in lines if first <= line.outcome.line.number <= last]
    risky = {score.line.number for score in finding.lines}
    author = {line.outcome.line.number: line.author for line in lines}.get(worst.line.number)
    one = finding.start == finding.end
    return {
        "path": UntrustedText(visible(finding.path)),
        "where": f"line {finding.start}" if one else f"lines {finding.start}-{finding.end}",
        "risk": risk_words(finding.risk),
        "percentile": place_words(worst, report.recent),
        "author": UntrustedText(by) if (by := written_by(author)) else None,
        "reasons": [
            reason_words(reason, report.evidence_for(reason.feature))
            for reason in worst.reasons[:3]
        ],
        "code": [_row(line, risky, len(str(last))) for line in shown],
        "cut": sum(not first <= number <= last for number in risky),
    }


def _row(line: LineReport, risky: set[int], digits: int) -> tuple[str, UntrustedText]:
    outcome = line.outcome
    number = outcome.line.number
    place = short_percentile(outcome.percentile) if isinstance(outcome, LineScore) else "-"
    prefix = f"{'>' if number in risky else ' '} {number:>{digits}} {place:>4} | "
    return prefix, UntrustedText(outcome.line.text)
