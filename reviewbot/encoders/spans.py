"""Ranges, and the mapping from characters to tokens to lines."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple


class Span(NamedTuple):
    """Half-open range [start, end). Names give the unit: `char_span`, `token_span`."""

    start: int
    end: int


def split_lines(text: str) -> list[str]:
    r"""Return the lines of `text` without their "\n".

    Only "\n" ends a line, because git counts so; str.splitlines() also splits at form feeds and
    U+2028. Text after the last "\n" is a line; "" has no lines.
    """
    *lines, tail = text.split("\n")
    return [*lines, tail] if tail else lines


def line_spans(offsets: Sequence[Span], text: str) -> list[Span]:
    r"""Return, for each line of `text`, the span of tokens that touch it.

    offsets  T spans in characters, ascending; special tokens already dropped
    returns  L spans in tokens, L = len(split_lines(text)); start == end if no token touches
    raises   ValueError if an offset descends or ends outside the text

    A token that crosses a line end belongs to both lines.
    """
    starts, ends = [span.start for span in offsets], [span.end for span in offsets]
    descends = starts != sorted(starts) or ends != sorted(ends)
    if descends or (ends and ends[-1] > len(text)):
        raise ValueError("offsets must ascend and stay within the text")
    spans, char = [], 0
    for line in split_lines(text):
        line_end = char + len(line) + 1  # the newline belongs to the line it ends
        first = bisect_right(ends, char)
        stop = bisect_left(starts, line_end)
        spans.append(Span(first, max(first, stop)))
        char = line_end
    return spans


def chars_of_lines(
    offsets: Sequence[Span], token_spans: Sequence[Span], text: str
) -> list[tuple[Span, ...]]:
    """Return, for each line of `text`, which of its characters each of its tokens covers.

    offsets      T spans in characters, as in `line_spans`
    token_spans  L spans in tokens, of `line_spans`
    returns      L lists of spans in characters of the line, its line end excluded; start == end
                 for a token that only ends the line, or stands outside it
    """
    found, char = [], 0
    for line, tokens in zip(split_lines(text), token_spans, strict=True):
        bounds = (
            [min(max(at - char, 0), len(line)) for at in offset]
            for offset in offsets[slice(*tokens)]
        )
        found.append(tuple(Span(*pair) for pair in bounds))
        char += len(line) + 1
    return found
