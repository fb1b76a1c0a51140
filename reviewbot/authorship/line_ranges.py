"""Ranges of lines in notes and traces: 1-based, both ends inclusive, of any size."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class LineRange(NamedTuple):
    """Lines first to last, both inclusive."""

    first: int
    last: int


def last_wins(claims: Sequence[tuple[LineRange, T]], numbers: Sequence[int]) -> dict[int, T]:
    """Return for each line the last claim whose range contains it; no entry for other lines.

    claims   in their order; a range may be far longer than any file
    numbers  of lines, ascending, each once

    Takes about len(claims) + len(numbers) steps, however much the ranges overlap: a union-find
    skips the lines that have their claim.
    """
    following = list(range(len(numbers) + 1))  # index -> the next index without a claim

    def free(at: int) -> int:
        root = at
        while following[root] != root:
            root = following[root]
        while following[at] != root:
            following[at], at = root, following[at]
        return root

    winners: dict[int, T] = {}
    for (first, last), claim in reversed(claims):
        at, stop = free(bisect_left(numbers, first)), bisect_right(numbers, last)
        while at < stop:
            winners[numbers[at]] = claim
            following[at] = at + 1
            at = free(at)
    return winners
