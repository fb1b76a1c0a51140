r"""A parsed diff, as frozen values, and the lines of head files that it is compared with.

Line numbers are 1-based, as editors and forges count. Diff and head file are decoded by one rule:
UTF-8, with U+FFFD for other bytes; only "\n" ends a line. An invalid sequence never swallows the
"\n" or the "+" before it, so equal bytes stay equal lines.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """One line that the change adds, as in the head version of its file."""

    path: str  # repository path, '/' separators, no 'a/' or 'b/' in front
    number: int  # 1-based, in the head file
    text: str  # without the '+' of the diff and without the "\n"; a "\r" before it is kept


@dataclass(frozen=True, slots=True)
class Hunk:
    """One @@ section: its place in both versions, and the lines it adds."""

    base_start: int  # 1-based; 0 where the base side is empty
    base_count: int
    head_start: int
    head_count: int
    added: tuple[ChangedLine, ...]
    removed: int  # number of base lines it removes


class FileKind(StrEnum):
    """What the change does to the file as a whole."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"  # also when the content changed on the way
    COPIED = "copied"


class Entry(StrEnum):
    """What git stores at the path in the head version (a deleted one: in the base version)."""

    TEXT = "text"
    BINARY = "binary"
    SUBMODULE = "submodule"
    SYMLINK = "symlink"


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of the change. Without hunks: binary, pure rename, mode change or empty file."""

    path: str  # in the head version; for a deleted file in the base version
    kind: FileKind
    entry: Entry = Entry.TEXT
    base_path: str | None = None  # of a renamed or copied file
    mode_changed: bool = False
    hunks: tuple[Hunk, ...] = ()

    @property
    def added(self) -> tuple[ChangedLine, ...]:
        """Every line the change adds to this file, in order."""
        return tuple(line for hunk in self.hunks for line in hunk.added)

    @property
    def removed(self) -> int:
        """Number of lines the change removes from this file."""
        return sum(hunk.removed for hunk in self.hunks)


def blocks_of(added: Sequence[int], wanted: Sequence[int]) -> list[int]:
    """Return the number of the block that each wanted line is in.

    A block is a run of added lines without another line between them.

    added   lines that the change adds to a file, ascending
    wanted  some of them, ascending
    """
    starts = [line for before, line in pairwise([-2, *added]) if line > before + 1]
    return [bisect_right(starts, line) for line in wanted]


@dataclass(frozen=True, slots=True)
class Change:
    """A whole diff, files in the order of the diff."""

    files: tuple[FileChange, ...]

    @property
    def added(self) -> int:
        """Number of lines the change adds; equals the sum of `git diff --numstat`."""
        return sum(len(file.added) for file in self.files)


_SURROGATE = re.compile("[\ud800-\udfff]")


def readable(text: str) -> str:
    """Return `text` with U+FFFD instead of surrogate escapes (bytes that were not UTF-8)."""
    if text.isascii() or not _SURROGATE.search(text):
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:  # surrogates that never were bytes
        return _SURROGATE.sub("\ufffd", text)


def head_lines(head: bytes) -> list[str]:
    r"""Return the lines of a head file, without their "\n"; a "\r" before it is kept."""
    lines = head.decode("utf-8", "replace").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def first_mismatch(file: FileChange, lines: Sequence[str]) -> ChangedLine | None:
    r"""Return the first added line that the head file does not have at its number, or None.

    lines  the head file as `head_lines` returns it

    A final "\r" does not count: a checkout with eol=crlf adds it. A mismatch means that the diff
    does not belong to these head files; then no line of the file may be scored.
    """
    for line in file.added:
        if line.number > len(lines):
            return line
        if lines[line.number - 1].removesuffix("\r") != line.text.removesuffix("\r"):
            return line
    return None
