"""Charts as plain geometry: the template draws what stands here. No text of strangers comes in.

Lengths are in the units of the view box, from its upper left corner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

WIDTH, HEIGHT = 720, 250
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 34, 40  # margins around the plot
MOST_LABELS = 13  # weeks that are named below the plot
MOST_VALUES = 30  # weeks up to which every bar has its value on top


@dataclass(frozen=True, slots=True)
class Column:
    """What a chart shows of one week."""

    label: str  # "W47"
    year: str
    parts: tuple[float, ...]  # one on top of the other, one per series; none for an empty week
    value: str = ""  # in words, on top
    span: tuple[float, float] | None = None  # an interval around the only part: drawn as a point
    mark: str = ""  # letters of what measures from here on


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a bar."""

    series: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text of ours at a place; x is its middle."""

    x: str
    y: str
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line between two places."""

    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that is drawn."""

    boxes: tuple[Box, ...]
    points: tuple[Text, ...]  # without words
    whiskers: tuple[Line, ...]
    grid: tuple[Line, ...]
    marks: tuple[Line, ...]
    ticks: tuple[Text, ...]  # beside the plot; x is their right end
    texts: tuple[Text, ...]


def chart(columns: Sequence[Column], series: Sequence[str], *, share: bool = False) -> Chart:
    """Lay out bars, one column per week.

    series  names of the parts
    share   the parts are shares in [0, 1] of a whole, and the axis ends at 100 %
    """
    most = max((sum(c.parts) for c in columns), default=0)
    top = 1.0 if share else _round_up(most)
    step = (WIDTH - LEFT - RIGHT) / max(1, len(columns))
    wide = min(0.7 * step, 40.0)
    boxes, points, whiskers, marks, texts = [], [], [], [], []
    every = ceil(len(columns) / MOST_LABELS)
    year = ""
    for at, column in enumerate(columns):
        middle = LEFT + (at + 0.5) * step
        if column.mark:
            x = _n(LEFT + at * step)
            marks.append(Line(x, _n(TOP - 16), x, _n(HEIGHT - BOTTOM)))
            texts.append(Text(_n(LEFT + at * step + 2 + 4 * len(column.mark)), "12", column.mark))
        if at % every == 0:
            texts.append(Text(_n(middle), _n(HEIGHT - BOTTOM + 15), column.label))
            if column.year != year:
                year = column.year
                texts.append(Text(_n(middle), _n(HEIGHT - BOTTOM + 30), year))
        below = 0.0
        highest = sum(column.parts)
        if column.span is not None:
            low, high = column.span
            whiskers.append(Line(_n(middle), _n(_y(low, top)), _n(middle), _n(_y(high, top))))
            points.append(Text(_n(middle), _n(_y(highest, top)), ""))
            highest = high
        else:
            for name, part in zip(series, column.parts, strict=False):
                if part > 0:
                    y, height = _y(below + part, top), _y(below, top) - _y(below + part, top)
                    boxes.append(Box(name, _n(middle - wide / 2), _n(y), _n(wide), _n(height)))
                below += part
        if column.value and column.parts and len(columns) <= MOST_VALUES:
            texts.append(Text(_n(middle), _n(_y(highest, top) - 4), column.value))
    levels = (0.0, top / 2, top)
    return Chart(
        tuple(boxes),
        tuple(points),
        tuple(whiskers),
        tuple(Line(_n(LEFT), _n(_y(v, top)), _n(WIDTH - RIGHT), _n(_y(v, top))) for v in levels),
        tuple(marks),
        tuple(Text(_n(LEFT - 6), _n(_y(v, top) + 4), _tick(v, share=share)) for v in levels),
        tuple(texts),
    )


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * min(value / top, 1.0)


def _round_up(most: float) -> float:
    """Return the least of 2, 4, 10, 20, 40, 100, ... that is not below; its half is whole, too."""
    scale = 1.0
    while True:
        for digit in (2, 4, 10):
            if digit * scale >= most:
                return digit * scale
        scale *= 10


def _tick(value: float, *, share: bool) -> str:
    return f"{value:.0%}" if share else f"{value:,.0f}"


def _n(value: float) -> str:
    return f"{value:.1f}"
