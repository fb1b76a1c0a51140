"""Words and figures that every report for a person shares."""

import math


def plural(count: int, noun: str) -> str:
    """Return "1 line", "2 lines"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def short_percentile(percentile: float) -> str:
    """Return a percentile as a whole number, rounded down; "?" for NaN."""
    return "?" if math.isnan(percentile) else str(math.floor(percentile))


def riskier_than(percentile: float, recent: float | None = None, lines: int = 0) -> str:
    """Say a percentile in words, rounded down, to a tenth from 99 on.

    recent  the same among this repository's own lines, where that is known
    lines   how many of these there are
    """
    if math.isnan(percentile):
        return "its place among other lines is unknown"
    words = f"riskier than {_below(percentile)} % of changed lines we know"
    if recent is None or math.isnan(recent) or lines < 1:
        return words
    return f"{words} and {_below(recent)} % of this repository's last {lines:,}"


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


def _below(percentile: float) -> str:
    known = min(percentile, 99.9)  # the reference is finite: nothing is riskier than all lines
    return f"{math.floor(known * 10) / 10:.1f}" if known >= 99 else f"{math.floor(known)}"
