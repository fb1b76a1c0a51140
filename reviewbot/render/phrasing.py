"""Words and figures that every report for a person shares."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # `who` says its words without numpy
    from reviewbot.scoring.outcomes import LineScore
    from reviewbot.scoring.recent_risks import RecentInfo

_COUNTS = {2: "two", 3: "three"}


def plural(count: int, noun: str) -> str:
    """Return "1 line", "2 lines"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def short_percentile(percentile: float) -> str:
    """Return a percentile as every report shows it, in figures and in words; "?" for NaN.

    Rounded down, to a tenth from 99 on, and never above 99.9: the reference is finite, so nothing
    is riskier than all lines. `examples/agent_hooks/reread.py` has the same rule.
    """
    if math.isnan(percentile):
        return "?"
    known = min(percentile, 99.9)
    return f"{math.floor(known * 10) / 10:.1f}" if known >= 99 else str(math.floor(known))


def riskier_than(percentile: float, recent: float | None = None, lines: int = 0) -> str:
    """Say a percentile in words, rounded as `short_percentile` does.

    recent  the same among this repository's own lines, where that is known
    lines   how many of these there are
    """
    if math.isnan(percentile):
        return "its place among other lines is unknown"
    words = f"riskier than {short_percentile(percentile)} % of changed lines we know"
    if recent is None or math.isnan(recent) or lines < 1:
        return words
    return f"{words} and {short_percentile(recent)} % of this repository's last {lines:,}"


def in_brackets(words: str) -> str:
    """Return " (words)", and "" for none."""
    return f" ({words})" if words else ""


def place_words(score: "LineScore", recent: "RecentInfo | None") -> str:
    """Say a line's place among other lines, `recent` where the repository's own are known."""
    return riskier_than(score.percentile, score.recent, recent.lines if recent else 0)


def risk_words(risk: float) -> str:
    """Return a risk with two digits, or that it is unknown."""
    return "unknown" if math.isnan(risk) else f"{risk:.2f}"


def share(part: float) -> str:
    """Return a share in percent, with two figures that count: "81 %", "1.9 %", "0.27 %"."""
    percent = 100 * part
    if math.isnan(percent):
        return "?"
    if percent >= 10 or percent == 0:
        return f"{percent:.0f} %"
    if percent < 0.01:
        return "below 0.01 %"
    return f"{percent:.1f} %" if percent >= 1 else f"{percent:.2g} %"


def rise_words(part: float | None, average: float | None, reasons: int) -> str:
    """Say how much of a line's rise above an average line its reasons make; "" if unknown.

    part  as `report.explanation.share_of_rise` returns it
    """
    if part is None or average is None:
        return ""
    these = "this one makes" if reasons == 1 else f"these {_COUNTS.get(reasons, reasons)} make"
    words = f"an average line has {average:.2f}; {these}"
    if part > 1:
        return f"{words} more than the rise above it, all other features together lower it"
    # Never 100 %: what is left is spread over the others, however little it is.
    rest = "the rest is spread over all other features"
    return f"{words} {share(min(part, 0.99))} of the rise above it, {rest}"


def sentence(words: str) -> str:
    """Return words with a capital in front and a full stop behind."""
    return f"{words[:1].upper()}{words[1:]}."
