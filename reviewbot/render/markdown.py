"""The report as Markdown, for a job summary or a comment; templates/summary.md.j2 lays it out."""

from collections.abc import Sequence
from typing import Any

from reviewbot.render.evidence import feature_name, reason_words
from reviewbot.render.expectations import doubt_words
from reviewbot.render.findings import FindingView, excerpt, finding_views, place_views
from reviewbot.render.jinja import markdown_environment, template
from reviewbot.render.ledger import deep_line, files_not_read, ledger_rows, verdict_word
from reviewbot.render.links import line_link
from reviewbot.render.phrasing import (
    artifact_names,
    below_shown,
    levels_by,
    none_shown,
    sentence,
    short_percentile,
    totals_line,
)
from reviewbot.render.untrusted import UntrustedText
from reviewbot.report.change_level import change_words
from reviewbot.report.model import LineReport, Report, lines_by_path
from reviewbot.scoring.outcomes import LineScore

MAX_BYTES = 1_000_000  # GitHub accepts 1 MiB as a job summary and discards a longer one
MAX_FINDINGS = 10
MAX_ROWS = 20  # of the ledger, of the remarks


def markdown(report: Report, limit: int = MAX_BYTES) -> str:
    """Return the report as Markdown: same report, same bytes.

    It begins with a table of the places to read first; at most ten findings follow in full.
    limit  bytes of UTF-8; findings in full, then places are left out, and counted, until the text
           fits. The rest is always complete: it is bounded by itself (below 200,000 bytes)
    """
    page = markdown_environment().from_string(template("summary.md.j2"))
    lines = lines_by_path(report)
    findings = [
        _finding(view, report, lines.get(view.finding.path, ()))
        for view in finding_views(report, report.findings[:MAX_FINDINGS])
    ]
    views = place_views(report)
    places = [_place(view, report) for view in views]
    frame = _frame(report)
    while True:
        text = page.render(
            **frame,
            places=places,
            hidden_places=len(views) - len(places),
            findings=findings,
            hidden=len(report.findings) - len(findings),
        )
        if len(text.encode()) <= limit or not (findings or places):
            return text
        shrinking = findings or places
        del shrinking[-max(1, len(shrinking) // 10) :]


def _frame(report: Report) -> dict[str, Any]:
    rows = [(UntrustedText(name.strip()), count) for name, count in ledger_rows(report)]
    if len(rows) > MAX_ROWS:
        rest = sum(count for _, count in rows[MAX_ROWS:])
        rows = [*rows[:MAX_ROWS], (UntrustedText("other reasons"), rest)]
    remarks = [*files_not_read(report.files), *(f"note: {note}" for note in report.notes)]
    if len(remarks) > MAX_ROWS:
        remarks = [*remarks[:MAX_ROWS], f"and {len(remarks) - MAX_ROWS} more remarks"]
    authors = (line.author for file in report.files for line in file.lines)
    return {
        "verdict": verdict_word(report).upper(),
        "exit_code": report.verdict.exit_code,
        "reasons": [UntrustedText(reason) for reason in report.verdict.reasons[:MAX_ROWS]],
        "found": len(report.findings),
        "none_shown": sentence(none_shown(report.policy.show))[:-1],
        "below_shown": below_shown(report.policy.show),
        "change": sentence(change_words(report.change.level)) if report.change.level else "",
        "ledger": rows,
        "authors": UntrustedText(totals_line(authors)) if report.ledger.added else None,
        "remarks": [UntrustedText(remark) for remark in remarks],
        "model": UntrustedText(report.model.name),
        "layer": report.model.layer,
        "dtype": UntrustedText(report.model.dtype),
        "artifact": UntrustedText(artifact_names(report)),
        "levels": levels_by(report),
        "deep": UntrustedText(deep_line(report)) if report.deep else None,
    }


def _place(view: FindingView, report: Report) -> dict[str, Any]:
    """Return a row of the table of places: with its strongest expectation, or its first reason."""
    finding = view.finding
    reasons = finding.reasons
    return {
        "path": UntrustedText(finding.path),
        "numbers": view.numbers,
        "link": line_link(report.change, finding),
        "level": f"{view.level} {short_percentile(finding.worst.own_percentile)}",
        "status": view.status,
        "doubt": next(iter(doubt_words(finding)), None),
        "reason": UntrustedText(feature_name(reasons[0].feature, reasons[0].label))
        if reasons
        else None,
        "author": UntrustedText(view.written_by) if view.written_by else None,
    }


def _finding(view: FindingView, report: Report, lines: Sequence[LineReport]) -> dict[str, Any]:
    finding, worst = view.finding, view.finding.worst
    shown = excerpt(finding, lines)
    risky = {score.line.number for score in finding.lines}
    digits = max((len(str(line.outcome.line.number)) for line in shown), default=1)
    return {
        "path": UntrustedText(finding.path),
        "where": f"line{'s' * (finding.start != finding.end)} {view.numbers}",
        "level": view.level.value,
        "place": view.place,
        "author": UntrustedText(view.written_by) if view.written_by else None,
        "acknowledged": UntrustedText(finding.acknowledged) if finding.acknowledged else None,
        "expectations": doubt_words(finding),
        "reasons": [
            reason_words(reason, report.evidence_for(reason.feature, worst))
            for reason in finding.reasons
        ],
        "code": [_row(line, risky, digits) for line in shown],
    }


def _row(line: LineReport, risky: set[int], digits: int) -> tuple[str, UntrustedText]:
    outcome = line.outcome
    number = outcome.line.number
    percentile = short_percentile(outcome.own_percentile) if isinstance(outcome, LineScore) else "-"
    prefix = f"{'>' if number in risky else ' '} {number:>{digits}} {percentile:>4} | "
    return prefix, UntrustedText(outcome.line.text)
