"""Thresholds in place of `max-risk`, by path or by author: `auth/**=0.3`, `author:ai=0.5`. Pure.

The last pattern that matches a path counts, as in .gitignore. A threshold for an author can only be
stricter: who wrote a line is not known for sure, and evidence never waives scrutiny.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from pathspec import GitIgnoreSpec

from reviewbot.authorship.model import Attribution, Author

_AUTHOR = "author:"


class Threshold(NamedTuple):
    """One value of `max-risk-for`: for the paths of a pattern, or for an author."""

    text: str
    limit: float
    paths: GitIgnoreSpec
    author: Author | None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The values of `max-risk-for`, parsed."""

    rows: tuple[Threshold, ...]

    def of(self, path: str, author: Attribution, default: float) -> float:
        """Return the risk above which a line of this path and author counts."""
        by_path, stricter = default, 1.0
        for row in self.rows:
            if row.author is None:
                by_path = row.limit if row.paths.match_file(path) else by_path
            elif author.kind is row.author or (row.author is Author.AI and author.may_be_ai):
                stricter = min(stricter, row.limit)
        return min(by_path, stricter)


@lru_cache(maxsize=8)
def parse_thresholds(texts: tuple[str, ...]) -> Thresholds:
    """Parse the values of `max-risk-for`. raises ValueError if one is wrong"""
    return Thresholds(tuple(map(_parse, texts)))


def _parse(text: str) -> Threshold:
    name, equals, value = text.rpartition("=")
    limit = float(value)
    if not equals or not name.strip() or not 0 <= limit <= 1:
        raise ValueError(text)
    if name.startswith(_AUTHOR):
        author = Author(name.removeprefix(_AUTHOR))
        return Threshold(text, limit, GitIgnoreSpec.from_lines([]), author)
    return Threshold(text, limit, GitIgnoreSpec.from_lines([name]), None)
