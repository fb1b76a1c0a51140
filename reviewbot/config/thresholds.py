"""Other risk limits than `max-risk`, by path or by author: `auth/**=0.3`, `author:ai=0.5`. Pure.

Of the patterns that a path matches the last one counts, as in .gitignore. A limit for an author can
only be stricter: who wrote a line is not known for sure, and evidence never waives scrutiny.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pathspec import GitIgnoreSpec

from reviewbot.authorship.model import Attribution, Author

_AUTHOR = "author:"


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits, parsed."""

    paths: tuple[tuple[GitIgnoreSpec, float], ...]
    authors: tuple[tuple[Author, float], ...]

    def of(self, path: str, author: Attribution, default: float) -> float:
        """Return the risk above which a line of this path and author counts."""
        found = default
        for spec, limit in self.paths:
            if spec.match_file(path):
                found = limit
        for kind, limit in self.authors:
            ai = kind is Author.AI and author.may_be_ai
            if ai or author.kind is kind:
                found = min(found, limit)
        return found

    @property
    def least(self) -> float:
        """The strictest of all; 1.0 where there is none."""
        return min((limit for _, limit in (*self.paths, *self.authors)), default=1.0)


def parse_limits(texts: Sequence[str]) -> Limits:
    """Read limits. raises ValueError where one is none."""
    paths, authors = [], []
    for text in texts:
        name, equals, value = text.rpartition("=")
        limit = float(value)
        if not equals or not name.strip() or not 0 <= limit <= 1:
            raise ValueError(text)
        if name.startswith(_AUTHOR):
            authors.append((Author(name.removeprefix(_AUTHOR)), limit))
        else:
            paths.append((GitIgnoreSpec.from_lines([name]), limit))
    return Limits(tuple(paths), tuple(authors))
