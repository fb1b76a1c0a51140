"""Ranges of lines, as notes and traces have them: 1-based, both ends inclusive, any size."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class LineRange(NamedTuple):
    """Lines first to last, both inclusive."""

    first: int
    last: int


def last_wins(claims: Sequence[tuple[LineRange, T]], wanted: Sequence[int]) -> dict[int, T]:
    """Return for each wanted line the last claim whose range holds it; none for other lines.

    claims  in their order; a range may be far longer than any file
    wanted  line numbers, ascending, each once

    Takes about len(claims) + len(wanted) steps, however much the ranges overlap: a line that has
    its claim is stepped over.
    """
    following = list(range(len(wanted) + 1))  # place -> the next place without a claim

    def free(place: int) -> int:
        root = place
        while following[root] != root:
            root = following[root]
        while following[place] != root:
            following[place], place = root, following[place]
        return root

    found: dict[int, T] = {}
    for (first, last), claim in reversed(claims):
        place, stop = free(bisect_left(wanted, first)), bisect_right(wanted, last)
        while place < stop:
            found[wanted[place]] = claim
            following[place] = place + 1
            place = free(place)
    return found
