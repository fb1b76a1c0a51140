"""A parsed diff, as frozen values. Line numbers are 1-based, as editors and forges count."""

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
