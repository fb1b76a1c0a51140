"""PATH:LINE -> the file and line that somebody means, and the part of the change to be read."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.diff.paths import decode_path
from reviewbot.errors import UsageError

if TYPE_CHECKING:
    from reviewbot.diff.model import Change, FileChange

MAX_DIGITS = 9
AROUND = 2  # lines above and below
WHOLE = "line {} is not part of the change: its file was read as if all of it were added"
HIDDEN = "the change holds the file, but git shows no line of it: it was not read"


@dataclass(frozen=True, slots=True)
class Place:
    """A line, and what has to be read to score it as a check of the whole change would."""

    path: str
    number: int
    change: "Change"
    added: bool  # whether the change adds the line; else the whole file stands as added
    around: tuple[tuple[int, str], ...]
    hidden: bool = False  # whether the change holds the file, but git calls it binary

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader has to know of how the line was read."""
        if self.hidden:
            return (HIDDEN,)
        return () if self.added else (WHOLE.format(self.number),)


def parse_place(text: str) -> tuple[str, int]:
    """Split at the last ":": a path may hold others. raises UsageError where there is no line."""
    path, _, digits = text.rpartition(":")
    plain = digits.isascii() and digits.isdecimal() and len(digits) <= MAX_DIGITS
    number = int(digits) if plain else 0
    if not path or number < 1:
        raise UsageError(
            f"nothing was explained: {text[:200]!r} is not PATH:LINE",
            fix="name a line, such as src/app.py:12, or a feature with --feature",
        )
    return path, number


def place_of(text: str, root: Path, change: "Change", read: Callable[[str], bytes | None]) -> Place:
    """Find the line in the change, else in the head files.

    root    that the paths of the change count from
    read    gives a head file, None where there is none
    raises  UsageError where there is no such line
    """
    from reviewbot.diff.head_match import head_lines
    from reviewbot.diff.model import Change, Entry

    given, number = parse_place(text)
    names = _names(given, root)
    for path in names:
        files = tuple(file for file in change.files if file.path == path)
        if any(line.number == number for file in files for line in file.added):
            lines = head_lines(read(path) or b"")
            added = {line.number: line.text for file in files for line in file.added}
            return Place(path, number, Change(files), True, _around(lines, number, added))
    for path in names:
        raw = read(path)
        if raw is None:
            continue
        lines = head_lines(raw)
        if number > len(lines):
            raise UsageError(
                f"nothing was explained: {path} has no line {number}, its last is {len(lines)}",
                fix="name one of its lines",
            )
        hidden = tuple(f for f in change.files if f.path == path and f.entry is Entry.BINARY)
        read_as = Change(hidden or (_all(path, lines),))
        around = _around(lines, number, {})
        return Place(path, number, read_as, False, around, hidden=bool(hidden))
    raise UsageError(
        f"nothing was explained: there is no file {given[:200]} that could be read at the head of "
        "the change",
        fix="name it as reports do, from the top of the repository; RANGE says which change",
    )


def _names(given: str, root: Path) -> list[str]:
    """Return what the path may mean: as reports have it, or from the directory we are in."""
    here = os.path.realpath(Path.cwd())
    joined = os.path.normpath(Path(here) / given)
    named = os.path.relpath(joined, os.path.realpath(root)).replace(os.sep, "/")
    plain = given.removeprefix("./")
    found = [given, plain, decode_path(os.fsencode(plain))]
    if not named.startswith("../"):
        found += [named, decode_path(os.fsencode(named))]
    return list(dict.fromkeys(found))


def _all(path: str, lines: Sequence[str]) -> "FileChange":
    from reviewbot.diff.model import ChangedLine, FileChange, FileKind, Hunk

    added = tuple(ChangedLine(path, number, text) for number, text in enumerate(lines, start=1))
    return FileChange(path, FileKind.ADDED, hunks=(Hunk(0, 0, 1, len(lines), added, 0),))


def _around(
    lines: Sequence[str], number: int, added: dict[int, str]
) -> tuple[tuple[int, str], ...]:
    """Return the line and its neighbours; what the head file lacks, as the diff has it."""
    near = range(max(1, number - AROUND), min(len(lines), number + AROUND) + 1)
    known = {at: lines[at - 1] for at in near}
    known |= {at: text for at, text in added.items() if abs(at - number) <= AROUND}
    return tuple(sorted(known.items()))
