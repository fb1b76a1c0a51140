"""Words and numbers that every report for a person shares."""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from reviewbot.authorship.model import Attribution, Author, totals
from reviewbot.config.levels import Level
from reviewbot.escape import visible

if TYPE_CHECKING:  # `who` renders without numpy
    from reviewbot.report.model import Report
    from reviewbot.scoring.calibration import RecentInfo
    from reviewbot.scoring.outcomes import LineScore

MAX_TOOLS = 8
_COUNTS = {2: "two", 3: "three"}


def plural(count: int, noun: str) -> str:
    """Return "1 line", "2 lines"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def numbers(start: int, end: int) -> str:
    """Return "12" or "12-15"."""
    return f"{start}" if start == end else f"{start}-{end}"


def in_brackets(words: str) -> str:
    """Return " (words)", and "" for no words."""
    return f" ({words})" if words else ""


def sentence(words: str) -> str:
    """Return the words with a capital letter first and a full stop last."""
    return f"{words[:1].upper()}{words[1:]}."


def risk_words(risk: float) -> str:
    """Return a risk with two digits, a small one with three; "unknown" for NaN."""
    return "unknown" if math.isnan(risk) else f"{risk:.{2 if risk >= 0.1 else 3}f}"


def share(part: float) -> str:
    """Return a share in percent with two significant digits: "81 %", "1.9 %", "0.27 %"."""
    percent = 100 * part
    if math.isnan(percent):
        return "?"
    if percent >= 10 or percent == 0:
        return f"{percent:.0f} %"
    if percent < 0.01:
        return "below 0.01 %"
    return f"{percent:.1f} %" if percent >= 1 else f"{percent:.2g} %"


def short_percentile(percentile: float) -> str:
    """Return a percentile as all reports show it, in tables and in sentences; "?" for NaN.

    Rounded down, to a tenth from 99 on, and never above 99.9: the reference is finite, so nothing
    is riskier than all lines. `examples/agent_hooks/reread.py` has the same rule.
    """
    if math.isnan(percentile):
        return "?"
    bounded = min(percentile, 99.9)
    return f"{math.floor(bounded * 10) / 10:.1f}" if bounded >= 99 else str(math.floor(bounded))


def level_words(score: "LineScore", recent: "RecentInfo | None", more: str = "") -> str:
    """Return "high: riskier than 99.2 % of changed lines (risk 0.061)", as all formats say it.

    recent  describes this repository's recent lines
    more    said after the risk
    """
    return f"{score.level}: {place_words(score, recent, more)}"


def place_words(score: "LineScore", recent: "RecentInfo | None", more: str = "") -> str:
    """Return `level_words` without the level."""
    risk = f"risk {risk_words(score.risk)}"
    return f"{riskier_than(score, recent)} ({'; '.join(filter(None, [risk, more]))})"


def riskier_than(score: "LineScore", recent: "RecentInfo | None") -> str:
    """Return `place_words` without what is in brackets."""
    if math.isnan(own := score.own_percentile):
        return "percentile unknown"
    words = f"riskier than {short_percentile(own)} % of"
    if score.recent is None or recent is None:
        return f"{words} changed lines"
    words = f"{words} this repository's last {recent.lines:,} lines"
    if math.isnan(score.percentile):
        return words
    return f"{words} and {short_percentile(score.percentile)} % of changed lines elsewhere"


def artifact_names(report: "Report") -> str:
    """Return what scored the lines: "quick", or "quick and deep"."""
    return " and ".join(
        [report.artifact.name, *([report.deep.artifact.name] if report.deep else [])]
    )


def levels_by(report: "Report") -> str:
    """Return which lines the levels compare with: "levels by its shipped reference"."""
    if report.recent is not None:
        return f"levels by this repository's last {report.recent.lines:,} lines"
    return f"levels by {'their' if report.deep else 'its'} shipped reference"


def none_shown(show: Level) -> str:
    """Return what holds for a change without findings: "no line is high or above"."""
    return f"no line is {show}{'' if show is Level.CRITICAL else ' or above'}"


def below_shown(show: Level) -> str:
    """Return what places have in common that are no findings: "below the level shown (high)"."""
    return f"below the level shown ({show})"


def rise_words(part: float | None, average: float | None, reasons: int) -> str:
    """Return how much of a line's rise above an average line its reasons explain; "" if unknown.

    part  as `report.explanation.share_of_rise` returns it
    """
    if part is None or average is None:
        return ""
    these = "this reason explains" if reasons == 1 else "these "
    if reasons != 1:
        these += f"{_COUNTS.get(reasons, reasons)} reasons explain"
    words = f"an average line has {average:.2f}; {these}"
    if part > 1:
        return f"{words} more than the rise above it, all other features together lower it"
    # Never 100 %: the rest, however small, is spread over all other features.
    rest = "the rest is spread over all other features"
    return f"{words} {share(min(part, 0.99))} of the rise above it, {rest}"


def author_kind(kind: Author) -> str:
    """Return "AI", "human", "mixed", "automation" or "unknown"."""
    return "AI" if kind is Author.AI else kind.value


def author_words(author: Attribution) -> str:
    """Return "AI (claude)"; "" for an unknown author."""
    if author.kind is Author.UNKNOWN:
        return ""
    return f"{author_kind(author.kind)}{in_brackets(visible(author.tool or ''))}"


def totals_line(attributions: Iterable[Attribution]) -> str:
    """Return "312 added lines: 190 AI (claude 120, cursor 70), 80 human, 42 unknown"."""
    counts = totals(attributions)
    parts = []
    for kind, tools in counts.items():
        named = sorted((item for item in tools.items() if item[0]), key=lambda i: (-i[1], i[0]))
        shown = [f"{visible(tool)} {count}" for tool, count in named[:MAX_TOOLS]]
        rest = tools.total() - sum(count for _, count in named[:MAX_TOOLS])
        if shown and rest:
            shown.append(f"other {rest}")
        parts.append(f"{tools.total()} {author_kind(kind)}{in_brackets(', '.join(shown))}")
    count = sum(tools.total() for tools in counts.values())
    return f"{plural(count, 'added line')}{': ' if parts else ''}{', '.join(parts)}"
