"""Which slices of a file the model reads: every wanted line is read exactly once."""

from collections.abc import Sequence
from dataclasses import dataclass

from reviewbot.encoders.spans import Span


@dataclass(frozen=True, slots=True)
class Window:
    """One forward pass: its tokens, and the lines whose states it provides."""

    token_span: Span  # in tokens of the file
    lines: tuple[int, ...]  # 0-based lines of the file
    line_spans: tuple[Span, ...]  # one per line, in tokens of the window


def plan_windows(
    line_spans: Sequence[Span], wanted: Sequence[int], context: int, overlap: int
) -> list[Window]:
    """Cover the `wanted` lines with windows of at most `context` tokens.

    line_spans  one span per line of the file, in tokens (`spans.line_spans`)
    wanted      0-based lines, ascending; the result leaves out lines that no token touches and
                those that `too_long` returns: a line is read whole or not at all
    context     tokens a window may hold
    overlap     tokens at the start of every window but the first that only provide context
    raises      ValueError unless 0 <= overlap < context

    Windows start on a grid that does not depend on the change, so that a line is read with the
    same context whatever else changed. A line belongs to the window in which its last token comes
    after the overlap. A line that this window would cut gets its own window, which starts up to
    `overlap` tokens before the line. The model is causal, so a window ends with the last token that
    is needed.
    """
    if not 0 <= overlap < context:
        raise ValueError("overlap must be at least 0 and less than the context")
    stride = context - overlap
    unread = set(too_long(line_spans, wanted, context))
    by_start: dict[int, list[int]] = {}
    for line in wanted:
        span = line_spans[line]
        if span.end > span.start and line not in unread:
            start = stride * max(0, (span.end - 1 - overlap) // stride)
            if start > span.start:
                start = max(0, span.start - overlap, span.end - context)
            by_start.setdefault(start, []).append(line)
    windows = []
    for start, lines in sorted(by_start.items()):
        window = Span(start, max(line_spans[line].end for line in lines))
        spans = tuple(
            Span(line_spans[line].start - start, line_spans[line].end - start) for line in lines
        )
        windows.append(Window(window, tuple(lines), spans))
    return windows


def too_long(line_spans: Sequence[Span], wanted: Sequence[int], context: int) -> list[int]:
    """Return the `wanted` lines that no window of `context` tokens can hold."""
    return [line for line in wanted if line_spans[line].end - line_spans[line].start > context]
