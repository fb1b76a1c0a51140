"""Which passes read some lines of a file, as the reading plan says."""

from collections.abc import Iterator, Sequence

from reviewbot.diff.model import blocks_of
from reviewbot.encoders.encoder import Encoder
from reviewbot.encoders.prompt import ReadingPlan, preamble
from reviewbot.encoders.spans import Span, chars_of_lines, line_spans, split_lines
from reviewbot.encoders.windows import plan_windows, too_long
from reviewbot.scoring.piece_planner import PiecePlanner
from reviewbot.scoring.reading import Reading, ReadLines, TooLong, read


def plan_reading(
    encoder: Encoder,
    plan: ReadingPlan,
    *,
    path: str,
    text: str,
    wanted: Sequence[int],
    description: str = "",
    added: Sequence[int] = (),
) -> Iterator[Reading | TooLong]:
    """Plan how to read the `wanted` lines (0-based, ascending) of a file, window by window.

    added  the lines that the change adds, ascending; by default the wanted ones

    A `Reading` holds all tokens of each of its lines. A line that fits into no window is a
    `TooLong`, whatever precedes it. Lines that no token touches are left out: the caller must
    notice. Only the text up to the last wanted line is read, and only windows with a wanted line.
    """
    added = added or wanted
    if plan.pieces is not None:
        head = encoder.tokenize(preamble(plan, path, description)).ids[: plan.pieces.preamble]
        yield from PiecePlanner(encoder, plan.pieces, head, split_lines(text)).plan(wanted, added)
        return
    needed = _needed(split_lines(text), wanted[-1]) if wanted else ""
    tokens = encoder.tokenize(needed)
    before = encoder.tokenize(preamble(plan, path, description)).ids[: plan.context // 2]
    block_of = dict(zip(wanted, blocks_of(added, wanted), strict=True))
    spans = line_spans(tokens.offsets, needed)
    chars = chars_of_lines(tokens.offsets, spans, needed)
    room = plan.context - len(before)
    yield from map(TooLong, too_long(spans, wanted, room))
    for window in plan_windows(spans, wanted, room, plan.overlap):
        owners = [block_of[line] for line in window.lines]
        spans_of: dict[int, list[Span]] = {}
        for span, owner in zip(window.line_spans, owners, strict=True):
            spans_of.setdefault(owner, []).append(span)
        names = list(spans_of)
        yield Reading(
            lines=window.lines,
            token_spans=window.line_spans,
            block_spans=tuple(Span(own[0].start, own[-1].end) for own in spans_of.values()),
            block_of=tuple(map(names.index, owners)),
            char_spans=tuple(chars[line] for line in window.lines),
            ids=(*before, *tokens.ids[slice(*window.token_span)]),
            skipped=len(before),
        )


def read_lines(
    encoder: Encoder,
    plan: ReadingPlan,
    *,
    path: str,
    text: str,
    wanted: Sequence[int],
    description: str = "",
) -> Iterator[ReadLines]:
    """Read the `wanted` lines of a file, window by window, as `plan_reading` plans.

    Lines that are too long are left out.
    """
    for reading in plan_reading(
        encoder, plan, path=path, text=text, wanted=wanted, description=description
    ):
        if isinstance(reading, Reading):
            yield from read(encoder, [reading])


def _needed(lines: Sequence[str], last: int) -> str:
    """Return the text up to the `last` wanted line, and as much more as fixes that line's tokens.

    Blank lines after it may share a token with the line's end, so the text goes on to the next line
    that is not blank: a line's tokens do not depend on which other lines are wanted.
    """
    stop = last + 1
    while stop < len(lines) and not lines[stop].strip():
        stop += 1
    return "\n".join(lines[: stop + 1]) + "\n"
