"""Words and figures that every report for a person shares."""

import math


def plural(count: int, noun: str) -> str:
    """Return "1 line", "2 lines"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def short_percentile(percentile: float) -> str:
    """Return a percentile as a whole number, rounded down; "?" for NaN."""
    return "?" if math.isnan(percentile) else str(math.floor(percentile))


def riskier_than(percentile: float) -> str:
    """Say a percentile in words, rounded down, to a tenth from 99 on."""
    if math.isnan(percentile):
        return "its place among other lines is unknown"
    known = min(percentile, 99.9)  # the reference is finite: nothing is riskier than all lines
    share = f"{math.floor(known * 10) / 10:.1f}" if known >= 99 else f"{math.floor(known)}"
    return f"riskier than {share} % of changed lines we know"
