"""Which slices of a file the model reads, so that every wanted line is read exactly once."""

from collections.abc import Sequence
from dataclasses import dataclass

from reviewbot.core.spans import Span


@dataclass(frozen=True, slots=True)
class Window:
    """One forward pass: the tokens read, and the lines whose states are taken from it."""

    token_span: Span  # in tokens of the file
    lines: tuple[int, ...]  # 0-based lines of the file
    line_spans: tuple[Span, ...]  # one per line, in tokens of the window


def plan_windows(
    line_spans: Sequence[Span], wanted: Sequence[int], context: int, overlap: int
) -> list[Window]:
    """Cover the `wanted` lines with windows of at most `context` tokens.

    line_spans  one span per line of the file, in tokens (`spans.line_spans`)
    wanted      0-based lines, ascending; lines that no token touches are left out of the result
    context     tokens a window may hold
    overlap     tokens at the start of every window but the first that only give context
    raises      ValueError unless 0 <= overlap < context

    Windows start on a grid that does not depend on the change, so that a line is read with the
    same context whatever else changed. A line is taken from the window where its last token stands
    behind the overlap; a line longer than that window is cut at its start. The model is causal, so
    a window ends with the last token that is needed.
    """
    if not 0 <= overlap < context:
        raise ValueError("overlap must be at least 0 and less than the context")
    stride = context - overlap
    by_slot: dict[int, list[int]] = {}
    for line in wanted:
        span = line_spans[line]
        if span.end > span.start:
            slot = max(0, (span.end - 1 - overlap) // stride)
            by_slot.setdefault(slot, []).append(line)
    windows = []
    for slot, lines in sorted(by_slot.items()):
        start = slot * stride
        window = Span(start, max(line_spans[line].end for line in lines))
        spans = tuple(
            Span(max(line_spans[line].start - start, 0), line_spans[line].end - start)
            for line in lines
        )
        windows.append(Window(window, tuple(lines), spans))
    return windows
