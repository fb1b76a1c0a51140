"""Figures -> small SVG texts, made of lines, bars and words; the caller writes them.

Each plot says what it shows in words too ("title", "desc", numbers beside the marks), tells marks
apart by pattern, never by colour, and is drawn in `currentColor`, which follows a reader's light or
dark scheme. Labels may come from label files: everything is escaped.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import floor, isnan, log10
from typing import Any

import numpy as np

from research.csv_figures import figure
from reviewbot.arrays import Array, Mask
from reviewbot.train import metrics
from reviewbot.train.dataset import Scores

LEFT, PLOT, RIGHT = 200.0, 360.0, 180.0  # pixels: names, marks, numbers
TOP, ROW = 48.0, 20.0
DASHES = ("none", "8 3", "2 3", "8 3 2 3", "1 5", "12 4", "5 5", "12 3 2 3 2 3")
_STYLE = (
    ".risk-plot{color:#1f2328}"
    "@media(prefers-color-scheme:dark){.risk-plot{color:#e6edf3}}"
    ".risk-plot text{fill:currentColor;font:12px system-ui,sans-serif}"
    ".risk-plot .head{font-weight:600}"
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One score in a bar plot; NaN is shown as "not measured", None as no interval."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Bin:
    """Lines of like risk: their mean risk, the share of them that is risky, how many they are."""

    risk: float
    share: float
    count: int


def bars(
    title: str,
    suites: Mapping[str, Sequence[Bar]],
    *,
    chance: float | None = None,
    axis: tuple[float, float] = (0.0, 1.0),
) -> str:
    """Draw one metric: a block per suite, a bar with its interval per score.

    chance  where a dashed line is drawn
    axis    what the left and the right edge mean
    raises  ValueError for a value or an interval that is outside the axis
    """
    at = _scale(axis, LEFT, LEFT + PLOT)
    parts, y = [], TOP
    for suite, rows in suites.items():
        parts.append(_text(0, y, suite, head=True))
        for bar in rows:
            y += ROW
            parts.append(_text(8, y, bar.label))
            if isnan(bar.value):
                parts.append(_text(LEFT + 4, y, "not measured"))
                continue
            parts.append(
                f'<rect x="{LEFT}" y="{y - 11}" width="{at(bar.value) - LEFT:.2f}" height="13" '
                'fill="currentColor" fill-opacity=".25" stroke="currentColor"/>'
            )
            shown = _figure(bar.value)
            if bar.low is not None and bar.high is not None:
                left, right, middle = at(bar.low), at(bar.high), y - 4.5
                parts.append(_line(left, middle, right, middle, 'stroke-width="2" class="span"'))
                parts += [_line(x, middle - 4, x, middle + 4) for x in (left, right)]
                shown = figure({"value": bar.value, "low": bar.low, "high": bar.high})
            parts.append(_text(LEFT + PLOT + 10, y, shown))
        y += 1.5 * ROW
    if chance is not None:
        x = at(chance)
        parts.append(_line(x, TOP, x, y - ROW, 'stroke-dasharray="3 3" class="chance"'))
        parts.append(_text(x, y - 4, f"chance {_figure(chance)}", anchor="middle"))
    summary = "; ".join(
        f"{suite}: " + ", ".join(f"{bar.label} {_figure(bar.value)}" for bar in rows)
        for suite, rows in suites.items()
    )
    return _svg(title, summary, LEFT + PLOT + RIGHT, y + 8, parts)


def reliability(title: str, bins: Sequence[Bin]) -> str:
    """Draw how often lines of a stated risk are risky; the diagonal is a risk that keeps its word.

    Both axes end at the same round number. A mark grows with its bin's count.
    """
    most = max([max(one.risk, one.share) for one in bins], default=1.0)
    end = _round_up(most)
    across = _scale((0, end), 60, 60 + PLOT)
    down = _scale((0, end), TOP + PLOT, TOP)
    parts = _frame(60, end, "stated risk", "share that is risky", f"{end:g}")
    parts.append(_line(60, TOP + PLOT, 60 + PLOT, TOP, 'stroke-dasharray="3 3"'))
    biggest = max([one.count for one in bins], default=1)
    parts.append(_text(80 + PLOT, TOP, "risk: share (lines)", head=True))
    for number, one in enumerate(bins, 1):
        radius = 2 + 6 * (one.count / biggest) ** 0.5
        parts.append(
            f'<circle cx="{across(one.risk):.2f}" cy="{down(one.share):.2f}" r="{radius:.2f}" '
            'fill="currentColor" fill-opacity=".35" stroke="currentColor"/>'
        )
        summary = f"{one.risk:.3f}: {one.share:.3f} ({one.count})"
        parts.append(_text(80 + PLOT, TOP + number * ROW, summary))
    height = max(TOP + PLOT + 44, TOP + (len(bins) + 1) * ROW)
    listed = "; ".join(f"risk {b.risk:.3f}, share {b.share:.3f}, {b.count} lines" for b in bins)
    return _svg(title, listed, 60 + PLOT + RIGHT, height, parts)


def recall(title: str, curves: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Draw, per score, the share of risky lines found against the share of lines read.

    curves  name -> points in [0, 1] x [0, 1], ascending; see `recall_points`
    raises  ValueError for more curves than there are patterns to tell them apart
    """
    if len(curves) > len(DASHES):
        raise ValueError(f"{len(curves)} curves cannot be told apart, at most {len(DASHES)} can")
    across, down = _scale((0, 1), 60, 60 + PLOT), _scale((0, 1), TOP + PLOT, TOP)
    parts = _frame(60, 1, "share of lines read", "share of risky lines found", "1")
    summary = []
    for number, (name, points) in enumerate(curves.items()):
        look = f'stroke-dasharray="{DASHES[number]}" stroke-width="2"'
        drawn = " ".join(f"{across(x):.2f},{down(y):.2f}" for x, y in points)
        parts.append(f'<polyline points="{drawn}" fill="none" stroke="currentColor" {look}/>')
        y = TOP + number * ROW
        parts.append(_line(80 + PLOT, y - 4, 110 + PLOT, y - 4, look))
        read, found = np.array(points, np.float64).T
        fifth = float(np.interp(0.2, read, found))
        parts.append(_text(116 + PLOT, y, f"{name}: {_figure(fifth)} at .2"))
        summary.append(f"{name} finds {_figure(fifth)} of the risky lines in .2 of all lines")
    return _svg(title, "; ".join(summary), 60 + PLOT + 2 * RIGHT, TOP + PLOT + 44, parts)


def recall_points(y_L: Mask, s_L: Scores | Array, points: int = 101) -> list[tuple[float, float]]:
    """Return (share of lines read, share of risky lines found), riskiest lines first.

    Lines of equal score are read in random order: the value is the expected one. [] without a risky
    line.
    """
    if not y_L.any():
        return []
    rank = metrics.ranked(y_L, s_L)
    hits_B = np.append(0, np.cumsum(rank.y_L)[rank.ends_B])
    shares = np.linspace(0, 1, points)
    found = np.interp(shares * len(y_L), np.append(0, rank.ends_B + 1), hits_B) / hits_B[-1]
    return [(float(x), float(y)) for x, y in zip(shares, found, strict=True)]


def reliability_bins(y_L: Mask, p_L: Scores | Array, bins: int = 10) -> list[Bin]:
    """Cut the lines into bins of equal size by rising risk, as `metrics.ece` does."""
    bin_L, label_L = metrics.equal_mass_bins(p_L, bins), metrics.tied_mean(y_L, p_L)
    parts = [bin_L == number for number in np.unique(bin_L)]
    return [
        Bin(float(p_L[part].mean()), float(label_L[part].mean()), int(part.sum())) for part in parts
    ]


def bars_of(report: Mapping[str, Any], metric: str) -> dict[str, list[Bar]]:
    """Return what `bars` draws from the result of `evaluate`; suites without the metric are out."""
    found = {
        title: [
            Bar(name, entry["value"], entry.get("low"), entry.get("high"))
            for name, of_score in suite["scores"].items()
            if (entry := of_score.get(metric))
        ]
        for title, suite in report["suites"].items()
    }
    return {title: rows for title, rows in found.items() if rows}


def _svg(title: str, summary: str, width: float, height: float, parts: Sequence[str]) -> str:
    # Several plots may be in one page, and ids are the page's.
    name = "p" + hashlib.sha256(f"{title}\n{summary}".encode("utf-8", "replace")).hexdigest()[:10]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="risk-plot" role="img" '
        f'aria-labelledby="{name}t {name}d" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}">'
    )
    words = f'<title id="{name}t">{_safe(title)}</title><desc id="{name}d">{_safe(summary)}</desc>'
    heading = _text(0, 18, title, head=True)
    return "\n".join([head, words, f"<style>{_STYLE}</style>", heading, *parts, "</svg>"]) + "\n"


def _frame(left: float, end: float, across: str, up: str, last: str) -> list[str]:
    """Draw a square with half and end marked on both axes."""
    bottom, right = TOP + PLOT, left + PLOT
    return [
        f'<rect x="{left}" y="{TOP}" width="{PLOT}" height="{PLOT}" fill="none" '
        'stroke="currentColor"/>',
        _text(left, bottom + 16, "0", anchor="middle"),
        _text(left + PLOT / 2, bottom + 16, f"{end / 2:g}", anchor="middle"),
        _text(right, bottom + 16, last, anchor="middle"),
        _text(left - 6, TOP + PLOT / 2, f"{end / 2:g}", anchor="end"),
        _text(left - 6, TOP + 4, last, anchor="end"),
        _text(left + PLOT / 2, bottom + 34, across, anchor="middle"),
        _text(left, TOP - 8, up),
    ]


def _scale(axis: tuple[float, float], start: float, end: float) -> Callable[[float], float]:
    low, high = axis

    def at(value: float) -> float:
        if not low <= value <= high:
            raise ValueError(f"{value} is outside the axis from {low} to {high}")
        return start + (value - low) / (high - low) * (end - start)

    return at


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 5 times a power of ten; 1 for 0."""
    power = 10.0 ** floor(log10(value)) if value > 0 else 1.0
    return float(next(f * power for f in (1, 2, 5, 10) if value <= f * power))


def _line(x1: float, y1: float, x2: float, y2: float, more: str = "") -> str:
    place = f'x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}"'
    return f'<line {place} stroke="currentColor" {more}/>'


def _text(x: float, y: float, words: str, *, anchor: str = "start", head: bool = False) -> str:
    look = ' class="head"' if head else ""
    return f'<text x="{x:.2f}" y="{y:.2f}" text-anchor="{anchor}"{look}>{_safe(words)}</text>'


def _figure(value: float) -> str:
    return "not measured" if isnan(value) else figure({"value": value})


def _safe(words: str) -> str:
    """Escape foreign text; signs that XML forbids become blanks."""
    return escape("".join(sign if sign.isprintable() else " " for sign in words))
