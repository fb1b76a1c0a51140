"""The result of `reviewbot who`: every added line of a change with its author."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from reviewbot.authorship.model import Attribution, Authors
from reviewbot.diff.model import Change


class LineAuthor(NamedTuple):
    """An added line by its number in the head file, 1-based."""

    number: int
    author: Attribution


class Stretch(NamedTuple):
    """Consecutive lines with one author; both ends inclusive."""

    first: int
    last: int
    author: Attribution


@dataclass(frozen=True, slots=True)
class WhoFile:
    """A file and its added lines, in order."""

    path: str
    lines: tuple[LineAuthor, ...]


@dataclass(frozen=True, slots=True)
class WhoReport:
    """Who wrote a change."""

    base: str | None
    head: str
    files: tuple[WhoFile, ...]
    sources: tuple[str, ...]  # where evidence was looked for
    notes: tuple[str, ...]  # what could not be read

    @property
    def authors(self) -> Iterable[Attribution]:
        """Every added line's author."""
        return (line.author for file in self.files for line in file.lines)


def who_report(
    change: Change, authors: Authors, *, base: str | None, head: str, notes: Iterable[str] = ()
) -> WhoReport:
    """Return the authors in the order of the diff, without files that add no lines."""
    files = tuple(
        WhoFile(
            file.path,
            tuple(
                LineAuthor(line.number, authors.get(line.path, line.number)) for line in file.added
            ),
        )
        for file in change.files
        if file.added
    )
    return WhoReport(base, head, files, authors.sources, (*authors.notes, *notes))


def stretches(lines: Iterable[LineAuthor]) -> list[Stretch]:
    """Join consecutive lines that have the same author and evidence."""
    joined: list[Stretch] = []
    for number, author in lines:
        author = replace(author, may_be_ai=False)  # no report shows it
        if joined and joined[-1].last == number - 1 and joined[-1].author == author:
            joined[-1] = joined[-1]._replace(last=number)
        else:
            joined.append(Stretch(number, number, author))
    return joined
