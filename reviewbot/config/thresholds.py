"""Thresholds in place of `max-risk`, by path or by author: `auth/**=0.3`, `author:ai=0.5`. Pure.

The last pattern that matches a path counts, as in .gitignore. A threshold for an author can only be
stricter: who wrote a line is not known for sure, and evidence never waives scrutiny.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pathspec import GitIgnoreSpec

from reviewbot.authorship.model import Attribution, Author

_AUTHOR = "author:"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The thresholds, parsed."""

    paths: tuple[tuple[GitIgnoreSpec, float], ...]
    authors: tuple[tuple[Author, float], ...]

    def of(self, path: str, author: Attribution, default: float) -> float:
        """Return the risk above which a line of this path and author counts."""
        matching = [limit for spec, limit in self.paths if spec.match_file(path)]
        stricter = [
            limit
            for kind, limit in self.authors
            if author.kind is kind or (kind is Author.AI and author.may_be_ai)
        ]
        return min([*(matching[-1:] or [default]), *stricter])

    @property
    def minimum(self) -> float:
        """The strictest threshold; 1.0 if there is none."""
        return min((limit for _, limit in (*self.paths, *self.authors)), default=1.0)


def parse_thresholds(texts: Sequence[str]) -> Thresholds:
    """Parse the values of `max-risk-for`. raises ValueError if one is wrong"""
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
    return Thresholds(tuple(paths), tuple(authors))
