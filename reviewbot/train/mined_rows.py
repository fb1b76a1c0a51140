"""Rows of mined changes: what `check` would read of a commit, and whether its lines are left."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from reviewbot.diff.languages import language_of
from reviewbot.diff.model import ChangedLine, FileChange, FileKind, head_lines
from reviewbot.diff.skip_rules import why_skipped_file
from reviewbot.errors import ReviewbotError
from reviewbot.git.files import Objects
from reviewbot.git.process import git
from reviewbot.git.repository import Repository
from reviewbot.train.blamable import is_statement, squeezed
from reviewbot.train.history import PastCommit, is_product_code
from reviewbot.train.szz import changed, name_of, read_blob

MAX_ADDED = 3_000  # lines of code that a change adds; a larger one is an import
MAX_TEXT = 4_000_000  # bytes of a row's files together
MOST = 0.5  # share of the added lines that a clean change still has
MAX_TWINS = 3  # files of the same name in which a line is looked for

Attributes = Callable[[str], Collection[str]]  # path -> linguist attributes


@dataclass(frozen=True, slots=True)
class RowFile:
    """A file of a change that `check` would read, and that is no test."""

    change: FileChange
    language: str
    base: bytes | None  # None: the change adds the file
    head: bytes

    def lines(self) -> list[str]:
        """Return the lines after the change."""
        return head_lines(self.head)

    def to_json(self) -> dict[str, Any]:
        """Return the file as a row has it."""
        base = None if self.base is None else self.base.decode("utf-8", "replace")
        return {
            "path": self.change.path,
            "base_path": self.change.base_path or self.change.path,
            "lang": self.language,
            "base": base,
            "head": self.head.decode("utf-8", "replace"),
        }


def files_of(
    repo: Repository, objects: Objects, commit: PastCommit, attributes: Attributes
) -> tuple[RowFile, ...]:
    """Return the files of a commit that a row has; none where it is enormous, or git fails.

    Files that `check` would skip are left out, also those above its limits of size.
    """
    files, size = [], 0
    try:
        for change in changed(repo.top, commit).files:
            if not change.added or not is_product_code(change.path):
                continue
            head = read_blob(objects, commit.hash, change.path)
            is_new = change.kind is FileKind.ADDED
            name = change.base_path or change.path
            base = None if is_new else read_blob(objects, str(commit.parent), name)
            why = why_skipped_file(change, attributes=attributes(change.path), head=head)
            language = language_of(change.path)
            if head is None or (base is None and not is_new) or why or language is None:
                continue
            size += len(head) + len(base or b"")
            files.append(RowFile(change, language.name, base, head))
    except ReviewbotError:
        return ()
    too_large = size > MAX_TEXT or sum(len(file.change.added) for file in files) > MAX_ADDED
    return () if too_large else tuple(files)


def row_of(
    repository: str, commit: PastCommit, message: str, files: tuple[RowFile, ...]
) -> dict[str, Any]:
    """Return the row of a change without what is known of its faults.

    message  without people
    """
    date = datetime.fromtimestamp(commit.time, UTC)
    return {
        "id": f"{repository}@{commit.hash[:12]}",
        "set": "mined",
        "repo": repository,
        "group": repository,
        "sha": commit.hash,
        "date": f"{date:%Y-%m-%dT%H:%M:%SZ}",
        "tool": commit.author.tool,
        "model": commit.author.model,
        "message": message,
        "files": [file.to_json() for file in files],
        "read": False,
    }


class Tip:
    """The lines of the newest files, to see what is left of a change."""

    def __init__(self, repo: Repository, objects: Objects, tip: str) -> None:
        names = git(repo.top, "ls-tree", "-r", "-z", "--name-only", tip).split(b"\0")
        self.by_name: dict[str, list[str]] = {}
        for path in (name.decode("utf-8", "backslashreplace") for name in names if name):
            if is_product_code(path):
                self.by_name.setdefault(name_of(path), []).append(path)

        @lru_cache(maxsize=200)
        def lines(path: str) -> frozenset[str]:
            content = read_blob(objects, tip, path) or b""
            return frozenset(map(squeezed, head_lines(content)))

        self._lines = lines

    def has_most(self, files: Collection[RowFile]) -> bool:
        """Return True if most statements that a change adds are in the files of the same name."""
        left, of = 0, 0
        for file in files:
            language = language_of(file.change.path)
            if language is None:
                continue
            places = self._places(file.change.path)
            for line in file.change.added:
                if is_statement(line.text, language):
                    of += 1
                    left += self._has(line, places)
        return left > MOST * of

    def _places(self, path: str) -> list[str]:
        same = self.by_name.get(name_of(path), [])
        return [path] if path in same else same[:MAX_TWINS]

    def _has(self, line: ChangedLine, places: Collection[str]) -> bool:
        text = squeezed(line.text)
        return any(text in self._lines(path) for path in places)


def attributes_at(found: Mapping[str, Collection[str]]) -> Attributes:
    """Return the look-up of attributes; a path that was not asked for has none."""
    return lambda path: found.get(path, ())
