"""The value behind `reviewbot who`: every added line of a change with its author."""

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
    """Lines that stand together and have one author; both ends inclusive."""

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
    """Who wrote a change. Same repository, same report."""

    base: str | None
    head: str
    files: tuple[WhoFile, ...]
    sources: tuple[str, ...]  # what there was to look at
    notes: tuple[str, ...]  # what could not be read, and the like

    @property
    def authors(self) -> Iterable[Attribution]:
        """Every added line's author."""
        return (line.author for file in self.files for line in file.lines)


def who_report(
    change: Change, authors: Authors, *, base: str | None, head: str, notes: Iterable[str] = ()
) -> WhoReport:
    """Put the authors in the order of the diff; files without added lines are left out."""
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
    """Join lines that follow each other and have the same author with the same evidence."""
    found: list[Stretch] = []
    for number, author in lines:
        if found and found[-1].last == number - 1 and _said(found[-1].author) == _said(author):
            found[-1] = found[-1]._replace(last=number)
        else:
            found.append(Stretch(number, number, author))
    return found


def _said(author: Attribution) -> Attribution:
    """Leave out what no report shows."""
    return replace(author, may_be_ai=False)
