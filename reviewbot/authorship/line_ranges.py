"""Ranges of lines in notes and traces, and their content hashes, which find lines that have moved.

Agent Trace names no canonical text. Writers in use hash the lines joined by "\\n", without the last
line end, and cut the digits as they like.
"""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
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


MAX_HASHED = 16_000_000  # characters hashed for a change
OVERHEAD = 100  # of one range, in characters
CUT = 16  # digits that some writers keep of a longer hash
MIN_DIGITS = 8  # hexadecimal, 32 bits: with fewer, chance hits are too many


def murmur3(text: bytes) -> str:
    """Return the MurmurHash3 of x86, 32 bits, seed 0, as in the RFC's examples."""
    import mmh3

    return f"{mmh3.hash(text, signed=False):08x}"


def _murmur3(text: bytes) -> tuple[str, ...]:
    import mmh3

    return murmur3(text), f"{mmh3.hash128(text):032x}", mmh3.hash_bytes(text).hex()


# name -> the hexadecimal digests that a writer may have meant
_ALGORITHMS: dict[str, Callable[[bytes], tuple[str, ...]]] = {
    "murmur3": _murmur3,
    "sha256": lambda text: (hashlib.sha256(text).hexdigest(),),
    "sha1": lambda text: (hashlib.sha1(text, usedforsecurity=False).hexdigest(),),
}


def _digests(algorithm: str, lines: Sequence[str]) -> Iterator[str]:
    """Yield the digests of each text that a writer may have hashed for these lines."""
    text = "\n".join(lines)
    texts = [text, f"{text}\n"]
    if "\r" in text:  # hashed in an editor that shows "\n", committed with "\r\n"
        texts.append(text.replace("\r", ""))
    for variant in texts:
        yield from _ALGORITHMS[algorithm](variant.encode("utf-8", "surrogatepass"))


def _fits(digits: str, full: str) -> bool:
    return full == digits or (len(digits) >= CUT and full.startswith(digits))


class RangeFinder:
    """Finds hashed ranges in head files; it hashes all ranges of one length and file once."""

    def __init__(self, lines_of: Callable[[str], Sequence[str]]) -> None:
        self.exhausted = False  # too much to hash: not every range was looked for
        self._lines_of = lines_of
        self._budget = MAX_HASHED
        self._index: dict[tuple[str, int, str], dict[str, list[tuple[str, int]]]] = {}

    def find(
        self, digest: str | None, path: str, where: LineRange, numbers: Collection[int]
    ) -> LineRange | None:
        """Return where the hashed lines are now: at `where`, or the nearest place.

        digest   "algorithm:digits"
        numbers  the added lines of the file; only ranges that contain one are searched
        """
        algorithm, _, digits = (digest or "").partition(":")
        if len(digits) < MIN_DIGITS or algorithm not in _ALGORITHMS:
            return None
        count = where.last - where.first + 1
        lines = self._lines_of(path)
        here = lines[where.first - 1 : where.last]
        affordable = len(here) == count and self._spend(here)
        if affordable and any(_fits(digits, full) for full in _digests(algorithm, here)):
            return where
        key = (path, count, algorithm)
        if key not in self._index:
            if self.exhausted:
                return None
            self._index[key] = self._hash_ranges(lines, count, algorithm, numbers)
        starts = [at for full, at in self._index[key].get(digits[:CUT], ()) if _fits(digits, full)]
        if not starts:
            return None
        first = min(starts, key=lambda start: (abs(start - where.first), start))
        return LineRange(first, first + count - 1)

    def _hash_ranges(
        self, lines: Sequence[str], count: int, algorithm: str, numbers: Collection[int]
    ) -> dict[str, list[tuple[str, int]]]:
        """Return the digests and starts of ranges of `count` lines, by the first digits."""
        index: dict[str, list[tuple[str, int]]] = {}
        tried = 0
        for number in sorted(numbers):
            for first in range(max(tried + 1, number - count + 1), number + 1):
                part = lines[first - 1 : first - 1 + count]
                if len(part) < count:
                    break
                if not self._spend(part):
                    return index
                for full in _digests(algorithm, part):
                    index.setdefault(full[:CUT], []).append((full, first))
                tried = first
        return index

    def _spend(self, lines: Sequence[str]) -> bool:
        if self._budget > 0:
            self._budget -= sum(map(len, lines)) + len(lines) + OVERHEAD
        self.exhausted |= self._budget <= 0
        return self._budget > 0
