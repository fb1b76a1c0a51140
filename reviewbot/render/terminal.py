"""The report for a person at a terminal: the riskiest lines as a heat map, the ledger, the verdict.

Strangers' text goes through `escape.visible` and into `rich.text.Text`, never into markup. The
shade of a line repeats what its bar and its number say, so nothing is told by colour alone.
"""

import math
from collections.abc import Iterable, Sequence

from rich.text import Text

from reviewbot.escape import visible
from reviewbot.render.authors import totals_line, written_by
from reviewbot.render.evidence import clause, feature_name, reason_weight
from reviewbot.render.ledger import compared, files_not_read, ledger_line, ledger_rows, verdict_word
from reviewbot.render.phrasing import in_brackets, place_words, plural, risk_words, short_percentile
from reviewbot.render.severity import standing_words
from reviewbot.render.terminal_text import MAX_WIDTH, fitting, one_line, printed, wrapped
from reviewbot.report.findings import Finding, riskiest
from reviewbot.report.gate import Status
from reviewbot.report.model import FileReport, LineReport, Report, lines_by_path
from reviewbot.scoring.outcomes import Failed, LineScore, Skipped

CONTEXT = 2  # lines shown above and below a finding, where the report has them
MAX_LINES = 12  # of one finding
BAR = 10  # cells
MAX_BELOW = 3  # places shown that are no findings, only the riskiest of the change
SHADES = (
    (99.0, "white on color(88)"),
    (95.0, "black on color(208)"),
    (80.0, "black on color(222)"),
)
VERDICTS = {
    Status.PASS: "bold green",
    Status.BLOCK: "bold red",
    Status.INCOMPLETE: "bold yellow",
}


def terminal(report: Report, *, width: int, color: bool, top: int, quiet: bool = False) -> str:
    """Return the report as lines of at most `width` cells (never fewer than 40).

    color  False gives plain text without any escape sequence
    top    how many findings are shown; the rest is counted
    quiet  a change that passes without findings and with nothing failed takes three lines at most;
           otherwise its three riskiest places are shown, though they are no findings
    """
    width = fitting(width)
    short = _is_clean(report) and (quiet or not report.ledger.scored)
    lines = _quiet(report, width) if short else _full(report, width, top)
    return printed(lines, width=width, color=color)


def _is_clean(report: Report) -> bool:
    passed = report.verdict.status is Status.PASS and report.verdict.exit_code == 0
    ledger = report.ledger
    unread = ledger.failed or ledger.unread or ledger.unread_files or ledger.all_excluded
    return passed and not report.findings and not unread


def _quiet(report: Report, width: int) -> Iterable[Text]:
    yield one_line(_verdict(report), width)
    yield one_line(Text(ledger_line(report), "dim"), width)
    if report.notes:
        more = f" (and {len(report.notes) - 1} more notes)" if len(report.notes) > 1 else ""
        yield one_line(Text(f"note: {visible(report.notes[0])}{more}", "dim"), width)


def _full(report: Report, width: int, top: int) -> Iterable[Text]:
    model, artifact = report.model, report.artifact
    yield Text(
        f"{compared(report)}, read by {visible(model.name)} (layer {model.layer}, "
        f"{visible(model.dtype)}), scored by {visible(artifact.name)}",
        "dim",
    )
    lines = lines_by_path(report)
    shown = report.findings[:top]
    if not report.findings:
        shown = riskiest(_scores(report.files))[: min(top, MAX_BELOW)]
        if shown:
            yield Text(
                f"no line is above the threshold of {report.report_threshold:.2f}; look first at:"
            )
    standing = standing_words(report)
    for place, finding in enumerate(shown, start=1):
        yield Text()
        own = lines.get(finding.path, ())
        yield from _finding(place, finding, standing(finding), report, own, width)
    hidden = len(report.findings) - top
    if hidden > 0:
        yield Text()
        yield Text(f"{plural(hidden, 'more finding')}: --top {len(report.findings)} shows all")
    yield Text()
    rows = ledger_rows(report)
    column = min(max(len(name) for name, _ in rows), width - 8)
    for name, count in rows:
        yield Text(f"{name:<{column}.{column}}{count:>8}")
    yield from _not_read(report.files)
    if report.ledger.added:
        authors = (line.author for file in report.files for line in file.lines)
        yield one_line(Text(f"by author: {totals_line(authors)}"), width)
    for note in report.notes:
        yield Text(f"note: {visible(note)}", "dim")
    yield Text()
    yield _verdict(report)


def _scores(files: Sequence[FileReport]) -> list[LineScore]:
    outcomes = (line.outcome for file in files for line in file.lines)
    return [outcome for outcome in outcomes if isinstance(outcome, LineScore)]


def _finding(
    place: int,
    finding: Finding,
    gate_status: str,
    report: Report,
    lines: tuple[LineReport, ...],
    width: int,
) -> Iterable[Text]:
    worst = finding.worst
    where = f"{finding.start}" if finding.start == finding.end else f"{finding.start}-{finding.end}"
    author = {line.outcome.line.number: line.author for line in lines}.get(worst.line.number)
    by = f", written by {people}" if (people := written_by(author)) else ""
    yield Text(f"{place}. {visible(finding.path)}:{where}", "bold")
    risk = f"risk {risk_words(finding.risk)}{in_brackets(gate_status)}"
    yield from wrapped(f"{risk}, {place_words(worst, report.recent)}{by}", width, 3)
    first, last = _window(finding, worst.line.number)
    shown = [line for line in lines if first <= line.outcome.line.number <= last]
    digits = len(str(last))
    for line in shown:
        yield _heat(line, digits, width)
    cut = sum(not first <= score.line.number <= last for score in finding.lines)
    if cut:
        yield Text(f"   {plural(cut, 'more risky line')} in this finding", "dim")
    for reason in worst.reasons[:3]:
        weight = reason_weight(reason)
        name = feature_name(reason.feature, reason.label)
        yield from wrapped(f"because: {name} ({weight})", width, 3)
        found = report.evidence_for(reason.feature)
        if found and (words := clause(found)):
            yield from wrapped(words, width, 5, "dim")


def _window(finding: Finding, worst: int) -> tuple[int, int]:
    """Return the first and the last line number to show: all, or the part around the worst line."""
    if finding.end - finding.start < MAX_LINES:
        return finding.start - CONTEXT, finding.end + CONTEXT
    first = min(max(worst - MAX_LINES // 2, finding.start), finding.end - MAX_LINES + 1)
    return first, first + MAX_LINES - 1


def _heat(line: LineReport, digits: int, width: int) -> Text:
    outcome = line.outcome
    code = outcome.line.text[: 4 * MAX_WIDTH].removesuffix("\r").expandtabs(4)
    text = Text(f"   {outcome.line.number:>{digits}} ")
    match outcome:
        case LineScore(percentile=percentile):
            shade = next((style for least, style in SHADES if percentile >= least), "")
            text.append(f"{_bar(percentile)} {short_percentile(percentile):>4} ")
            text.append(visible(code), shade)
        case Skipped() | Failed():
            text.append(f"{'':<{BAR}} {'-':>4} {visible(code)}", "dim")
    return one_line(text, width)


def _bar(percentile: float) -> str:
    filled = (
        0 if math.isnan(percentile) else math.floor(min(max(percentile, 0), 100) / 100 * BAR + 0.5)
    )
    return "█" * filled + "·" * (BAR - filled)


def _not_read(files: Sequence[FileReport]) -> Iterable[Text]:
    for text in files_not_read(files):
        yield Text(text)


def _verdict(report: Report) -> Text:
    verdict = report.verdict
    word = verdict_word(report)
    text = Text(word.upper(), "bold" if word == "empty" else VERDICTS[verdict.status])
    reasons = "; ".join(visible(reason) for reason in verdict.reasons)
    return text.append(f" (exit {verdict.exit_code}): {reasons}", "default")
