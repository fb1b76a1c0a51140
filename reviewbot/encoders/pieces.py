"""Which lines of a file are read together when code is shown on both sides of them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from reviewbot.encoders.spans import Span

LONGEST = 12  # lines of a piece, unless a reading plan says otherwise
JOIN = 3  # runs of added lines with at most so many lines between them are read as one, likewise


def pieces(lines: Sequence[str], added: Sequence[int], longest: int, join: int) -> list[Span]:
    """Cut the added lines of a file into pieces; each is read with the others as context.

    lines    of the file
    added    0-based lines that the change adds, ascending
    longest  lines that a piece may have, at least 2
    join     lines between two runs of added lines that are read as one run
    returns  spans in lines, ascending, that together cover the added lines. They depend on nothing
             else, so a line is read in the same piece whichever lines are wanted

    A long run is cut behind a blank line, or else before the line that is indented least: where a
    block ends.
    """
    starts = [line for before, line in pairwise([-join - 2, *added]) if line - before > join + 1]
    ends = [
        before + 1
        for before, line in pairwise([*added, len(lines) + join + 2])
        if line - before > join + 1
    ]
    runs = map(Span, starts, ends)
    return [piece for run in runs for piece in _cut(lines, run, longest)]


def _cut(lines: Sequence[str], run: Span, longest: int) -> Iterator[Span]:
    start = run.start
    while run.end - start > longest:
        # Behind at least half of what fits; the last of the best places.
        places = range(start + (longest + 1) // 2, start + longest + 1)
        stop = max(places, key=lambda place: (*_worth(lines, place), place))
        yield Span(start, stop)
        start = stop
    yield Span(start, run.end)


def _worth(lines: Sequence[str], place: int) -> tuple[bool, int]:
    """Say how good it is to cut before a line: greater is better."""
    blank = not lines[place - 1].strip()
    text = lines[place].expandtabs(4)
    return blank, -(len(text) - len(text.lstrip()) if text.strip() else 1_000)
