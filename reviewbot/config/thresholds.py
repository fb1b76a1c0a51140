"""Limits of the gate: a level, a risk, and others by path or by author. Pure.

`auth/**=medium` and `auth/**=0.3` are limits for paths: they hold in place of `fail-on` and
`max-risk`, and the last pattern that matches counts, as in .gitignore. `author:ai=high` is one for
an author, and can only be stricter: who wrote a line is not known for sure, and evidence never
waives scrutiny.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from pathspec import GitIgnoreSpec

from reviewbot.authorship.model import Attribution, Author
from reviewbot.config.levels import FailOn, Level

_AUTHOR = "author:"


class Limit(NamedTuple):
    """What a line has to reach to count for the gate: one of both is enough."""

    fail_on: FailOn
    max_risk: float | None  # the risk has to be above it; None: no risk counts by itself

    def is_reached(self, level: Level, risk: float) -> bool:
        """Return True if such a line counts. A risk that is unknown (NaN) is above every limit."""
        above = self.max_risk is not None and not risk <= self.max_risk
        return above or self.fail_on.is_reached(level)


class Row(NamedTuple):
    """One value of `fail-on-for`: for the paths of a pattern, or for an author."""

    text: str
    limit: Limit
    paths: GitIgnoreSpec
    author: Author | None


@dataclass(frozen=True, slots=True)
class Limits:
    """The values of `fail-on-for`, parsed."""

    rows: tuple[Row, ...]

    def of(self, path: str, author: Attribution, default: Limit) -> tuple[Limit, ...]:
        """Return the limits of a line of this path and author: it counts if it reaches one."""
        by_path, stricter = default, []
        for row in self.rows:
            if row.author is None:
                by_path = row.limit if row.paths.match_file(path) else by_path
            elif author.kind is row.author or (row.author is Author.AI and author.may_be_ai):
                stricter.append(row.limit)
        return (by_path, *stricter)


@lru_cache(maxsize=8)
def parse_limits(texts: tuple[str, ...]) -> Limits:
    """Parse the values of `fail-on-for`. raises ValueError if one is wrong"""
    return Limits(tuple(map(_parse, texts)))


def authors_in(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values that are limits for authors, which can only be stricter."""
    return tuple(row.text for row in parse_limits(texts).rows if row.author)


def _parse(text: str) -> Row:
    name, equals, value = text.rpartition("=")
    if not equals or not name.strip():
        raise ValueError(text)
    limit = _limit(value.strip())
    if not name.startswith(_AUTHOR):
        return Row(text, limit, GitIgnoreSpec.from_lines([name]), None)
    if limit == Limit(FailOn.NEVER, None):
        raise ValueError(text)  # it would read as a promise, and change nothing
    return Row(text, limit, GitIgnoreSpec.from_lines([]), Author(name.removeprefix(_AUTHOR)))


def _limit(value: str) -> Limit:
    if value in tuple(FailOn):
        return Limit(FailOn(value), None)
    risk = float(value)
    if not 0 <= risk <= 1:  # nor is NaN
        raise ValueError(value)
    return Limit(FailOn.NEVER, risk)
