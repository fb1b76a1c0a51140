"""Content hashes of ranges of lines: they find lines again that have moved.

Agent Trace names no canonical text. Writers in use hash the lines joined by "\\n", without the last
line end, and cut the digits as they like.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence

from reviewbot.authorship.line_ranges import LineRange

MAX_HASHED = 16_000_000  # characters hashed for a change
OVERHEAD = 100  # of one range, in characters
CUT = 16  # digits that some writers keep of a longer hash
LEAST_DIGITS = 8  # hexadecimal, 32 bits: below, hits by chance are too many


def digests(algorithm: str, text: bytes) -> tuple[str, ...]:
    """Return the hexadecimal digests that a writer may have meant; () for an unknown algorithm."""
    make = _ALGORITHMS.get(algorithm)
    return make(text) if make else ()


def murmur3(text: bytes) -> str:
    """Return the MurmurHash3 of x86, 32 bits, seed 0: what the RFC's examples and writers use."""
    import mmh3

    return f"{mmh3.hash(text, signed=False):08x}"


def _murmur3(text: bytes) -> tuple[str, ...]:
    import mmh3

    return murmur3(text), f"{mmh3.hash128(text):032x}", mmh3.hash_bytes(text).hex()


_ALGORITHMS: dict[str, Callable[[bytes], tuple[str, ...]]] = {
    "murmur3": _murmur3,
    "sha256": lambda text: (hashlib.sha256(text).hexdigest(),),
    "sha1": lambda text: (hashlib.sha1(text, usedforsecurity=False).hexdigest(),),
}


def _texts(lines: Sequence[str]) -> Iterator[bytes]:
    """Yield the texts that a writer may have hashed for these lines."""
    text = "\n".join(lines)
    yield text.encode("utf-8", "surrogatepass")
    yield f"{text}\n".encode("utf-8", "surrogatepass")
    if "\r" in text:  # hashed in an editor that shows "\n", committed with "\r\n"
        yield text.replace("\r", "").encode("utf-8", "surrogatepass")


def _fits(digits: str, full: str) -> bool:
    return full == digits or (len(digits) >= CUT and full.startswith(digits))


class Finder:
    """Finds hashed ranges again in files, each file's ranges of one length hashed once."""

    def __init__(self, lines_of: Callable[[str], Sequence[str]]) -> None:
        self.lines_of = lines_of
        self.left = MAX_HASHED
        self.tired = False  # a range was not looked for: too much to hash
        self._index: dict[tuple[str, int, str], dict[str, list[tuple[str, int]]]] = {}

    def find(
        self, digest: str | None, path: str, where: LineRange, numbers: Collection[int]
    ) -> LineRange | None:
        """Return where the lines of a hash stand now: where they stood, or the nearest place.

        digest   "algorithm:digits"
        numbers  the added lines of the file; only ranges that hold one are looked at
        """
        algorithm, _, digits = (digest or "").partition(":")
        count = where.last - where.first + 1
        if len(digits) < LEAST_DIGITS or algorithm not in _ALGORITHMS:
            return None
        lines = self.lines_of(path)
        here = lines[where.first - 1 : where.last]
        if len(here) == count and self._afford(here):
            full = (full for text in _texts(here) for full in digests(algorithm, text))
            if any(_fits(digits, one) for one in full):
                return where
        key = (path, count, algorithm)
        if key not in self._index and self.tired:
            return None
        if key not in self._index:
            self._index[key] = self._indexed(lines, count, algorithm, numbers)
        starts = [at for full, at in self._index[key].get(digits[:CUT], ()) if _fits(digits, full)]
        if not starts:
            return None
        first = min(starts, key=lambda start: (abs(start - where.first), start))
        return LineRange(first, first + count - 1)

    def _indexed(
        self, lines: Sequence[str], count: int, algorithm: str, numbers: Collection[int]
    ) -> dict[str, list[tuple[str, int]]]:
        found: dict[str, list[tuple[str, int]]] = {}
        for first in _starts(count, len(lines), numbers):
            part = lines[first - 1 : first - 1 + count]
            if not self._afford(part):
                break
            for text in _texts(part):
                for full in digests(algorithm, text):
                    found.setdefault(full[:CUT], []).append((full, first))
        return found

    def _afford(self, lines: Sequence[str]) -> bool:
        if self.left > 0:
            self.left -= sum(map(len, lines)) + len(lines) + OVERHEAD
        self.tired |= self.left <= 0
        return self.left > 0


def _starts(count: int, total: int, numbers: Collection[int]) -> list[int]:
    """Return where `count` of `total` lines that hold one of `numbers` could start."""
    starts: list[int] = []
    for number in sorted(numbers):
        least = max(1, number - count + 1, starts[-1] + 1 if starts else 1)
        starts += range(least, min(total - count + 1, number) + 1)
    return starts
