"""The report for a person at a terminal: the riskiest lines as a heat map, the ledger, the verdict.

Untrusted text goes through `escape.visible` and into `rich.text.Text`, never into markup. The shade
of a line repeats its bar and its number, so colour alone carries no information.
"""

import math
from collections.abc import Iterable, Sequence

from rich.text import Text

from reviewbot.config.levels import Level
from reviewbot.escape import visible
from reviewbot.render.evidence import detector_words, feature_name, reason_weight
from reviewbot.render.expectations import doubt_lines
from reviewbot.render.findings import (
    FindingView,
    ack_command,
    excerpt,
    finding_views,
    place_views,
)
from reviewbot.render.ledger import (
    compared,
    deep_line,
    files_not_read,
    ledger_line,
    ledger_rows,
    verdict_word,
)
from reviewbot.render.phrasing import (
    artifact_names,
    below_shown,
    levels_by,
    none_shown,
    plural,
    short_percentile,
    totals_line,
)
from reviewbot.render.terminal_text import code_text, fitting, one_line, printed, wrapped
from reviewbot.report.change_level import change_words
from reviewbot.report.gate import Status
from reviewbot.report.model import LineReport, Report, lines_by_path
from reviewbot.scoring.outcomes import LineScore

BAR = 10  # cells
SHADES = {
    Level.CRITICAL: "white on color(88)",
    Level.HIGH: "black on color(208)",
    Level.MEDIUM: "black on color(222)",
    Level.LOW: "",
}
VERDICTS = {
    Status.PASS: "bold green",
    Status.BLOCK: "bold red",
    Status.INCOMPLETE: "bold yellow",
}


def terminal(report: Report, *, width: int, color: bool, quiet: bool = False) -> str:
    """Return the report as lines of at most `width` cells (never fewer than 40).

    color  False gives plain text without any escape sequence
    quiet  a change that passes without findings and failures takes at most three lines; otherwise
           the places to read first are shown, although they are no findings
    """
    width = fitting(width)
    short = _is_clean(report) and (quiet or not report.ledger.scored)
    lines = _quiet(report, width) if short else _full(report, width)
    return printed(lines, width=width, color=color)


def _is_clean(report: Report) -> bool:
    passed = report.verdict.status is Status.PASS and report.verdict.exit_code == 0
    ledger = report.ledger
    unread = ledger.failed or ledger.unread or ledger.unread_files or ledger.all_withheld
    return passed and not report.findings and not unread


def _quiet(report: Report, width: int) -> Iterable[Text]:
    yield one_line(_verdict(report), width)
    yield one_line(Text(ledger_line(report), "dim"), width)
    if report.notes:
        more = f" (and {len(report.notes) - 1} more notes)" if len(report.notes) > 1 else ""
        yield one_line(Text(f"note: {visible(report.notes[0])}{more}", "dim"), width)


def _full(report: Report, width: int) -> Iterable[Text]:
    model = report.model
    read_by = f"read by {visible(model.name)} (layer {model.layer}, {visible(model.dtype)})"
    scored_by = f"scored by {visible(artifact_names(report))}, {levels_by(report)}"
    yield from wrapped(f"{compared(report)}, {read_by}, {scored_by}", width, 0, "dim")
    if words := deep_line(report):
        yield from wrapped(words, width, 0, "dim")
    lines, found, show = lines_by_path(report), len(report.findings), report.policy.show
    views = place_views(report)
    if views and not found:
        yield Text(f"{none_shown(show)}; look first at:")
    for place, view in enumerate(views, start=1):
        yield Text()
        if place == found + 1 > 1:
            yield Text(f"{below_shown(show)}:")
            yield Text()
        yield Text(f"{place}. {visible(view.finding.path)}:{view.numbers}", "bold")
        yield from _finding(view, report, lines.get(view.finding.path, ()), width)
    hidden = found - report.top
    if hidden > 0:
        yield Text()
        yield Text(f"{plural(hidden, 'more finding')}: --top {found} shows all")
        for view in finding_views(report, report.findings[report.top :]):
            if command := ack_command(view, report):
                yield Text(f"   {visible(view.finding.path)}:{view.numbers}")
                yield Text(f"   {command}", "bold")
    yield Text()
    rows = ledger_rows(report)
    column = min(max(len(name) for name, _ in rows), width - 8)
    for name, count in rows:
        yield Text(f"{name:<{column}.{column}}{count:>8}")
    yield from map(Text, files_not_read(report.files))
    if report.ledger.added:
        authors = (line.author for file in report.files for line in file.lines)
        yield one_line(Text(f"by author: {totals_line(authors)}"), width)
    for note in report.notes:
        yield Text(f"note: {visible(note)}", "dim")
    yield Text()
    if report.change.level:
        yield from wrapped(change_words(report.change.level), width, 0)
    yield _verdict(report)


def _finding(
    view: FindingView, report: Report, lines: Sequence[LineReport], width: int
) -> Iterable[Text]:
    by = f", written by {view.written_by}" if view.written_by else ""
    yield from wrapped(f"{view.words}{by}", width, 3)
    shown = excerpt(view.finding, lines)
    digits = max((len(str(line.outcome.line.number)) for line in shown), default=1)
    for line in shown:
        yield _heat(line, digits, width)
    if view.acknowledged:
        yield from wrapped(view.acknowledged, width, 3)
    for doubt in doubt_lines(view.finding):
        yield from wrapped(doubt, width, 3)
    for reason in view.finding.reasons:
        name = feature_name(reason.feature, reason.label)
        yield from wrapped(f"because: {name} ({reason_weight(reason)})", width, 3)
        evidence = report.evidence_for(reason.feature, view.finding.worst)
        if evidence and (words := detector_words(evidence)):
            yield from wrapped(words, width, 5, "dim")
    if command := ack_command(view, report):
        yield Text(f"   {command}", "bold")


def _heat(line: LineReport, digits: int, width: int) -> Text:
    outcome = line.outcome
    code = code_text(outcome.line.text)
    text = Text(f"   {outcome.line.number:>{digits}} ")
    if isinstance(outcome, LineScore):
        percentile = outcome.own_percentile
        text.append(f"{_bar(percentile)} {short_percentile(percentile):>4} ")
        text.append(code, SHADES[outcome.level])
    else:
        text.append(f"{'':<{BAR}} {'-':>4} {code}", "dim")
    return one_line(text, width)


def _bar(percentile: float) -> str:
    part = 0.0 if math.isnan(percentile) else min(max(percentile, 0.0), 100.0) / 100
    filled = math.floor(part * BAR + 0.5)
    return "█" * filled + "·" * (BAR - filled)


def _verdict(report: Report) -> Text:
    verdict = report.verdict
    word = verdict_word(report)
    text = Text(word.upper(), "bold" if word == "empty" else VERDICTS[verdict.status])
    reasons = "; ".join(map(visible, verdict.reasons))
    return text.append(f" (exit {verdict.exit_code}): {reasons}", "default")
