"""Reads commits, trees and blobs through one `git cat-file --batch`.

Paths are looked up in the trees, level by level, and blobs by their hash: a path with a newline
cannot break the protocol.
"""

import subprocess
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NamedTuple

from reviewbot.diff.paths import encode_path
from reviewbot.errors import EnvironmentFailure
from reviewbot.git.process import (
    GET_BLOBS,
    MAX_OUTPUT,
    MISSING_BLOBS,
    TIMEOUT,
    complaint,
    killed_after,
    start,
)


class GitObject(NamedTuple):
    """An object of the repository."""

    oid: str
    kind: str  # "commit", "tree", "blob" or "tag"
    content: bytes


class TreeEntry(NamedTuple):
    """An entry of a tree."""

    mode: bytes  # b"100644", b"120000", b"40000", ...
    oid: str


class Objects:
    """The objects of a repository. git starts with the first question and ends with this value."""

    def __init__(self, root: Path, env: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.env = env
        self._trees: dict[str, dict[bytes, TreeEntry]] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._stderr: IO[bytes] | None = None
        self._end: weakref.finalize[[subprocess.Popen[bytes], IO[bytes]], Objects] | None = None

    def read(self, name: str, limit: int = MAX_OUTPUT, *, what: str = "") -> GitObject | None:
        """Return an object; None where git knows none of that name.

        name    a hash or a revision; what: as an error calls it
        limit   bytes of content; of a larger object the first limit + 1
        raises  EnvironmentFailure if git cannot give the content
        """
        if "\n" in name or "\0" in name:
            return None
        if self._process is None or self._stderr is None:
            self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - `_end` closes it
            self._process = start(
                self.root,
                *("cat-file", "--batch"),
                stdin=subprocess.PIPE,
                stderr=self._stderr.fileno(),
                env=self.env,
            )
            self._end = weakref.finalize(self, _end, self._process, self._stderr)
        with killed_after(self._process, TIMEOUT):
            try:
                return _ask(self._process, name, limit)
            except (OSError, ValueError):
                pass
        self._stderr.seek(0)
        err = self._stderr.read(10_000).decode("utf-8", "replace")
        self.close()  # a new process answers the next question
        raise missing(what or name, err)

    def commit(self, revision: str) -> str | None:
        """Return the hash of the commit that a revision names; None where it names none."""
        try:
            commit = self.read(f"{revision}^{{commit}}", 0)
        except EnvironmentFailure:  # a partial clone cannot fetch it
            return None
        return commit.oid if commit else None

    def entry(self, commit: str, path: str) -> TreeEntry | None:
        """Return the entry of a path in a commit or a tree; None where there is none.

        raises  EnvironmentFailure if git cannot read a tree
        """
        oid = f"{commit}^{{tree}}"
        *folders, name = encode_path(path).split(b"/")
        for folder in folders:
            above = self._tree(oid).get(folder)
            if above is None or above.mode != b"40000":
                return None
            oid = above.oid
        return self._tree(oid).get(name)

    def close(self) -> None:
        """End git."""
        if self._end is not None:
            self._end()
        self._process = self._stderr = self._end = None

    def _tree(self, name: str) -> dict[bytes, TreeEntry]:
        if name not in self._trees:
            tree = self.read(name)
            if tree is None or tree.kind != "tree":
                raise missing(name, "")
            self._trees[name] = _entries(tree)
        return self._trees[name]


def missing(what: str, err: str = "") -> EnvironmentFailure:
    """Return the error for an object that git cannot read; `err` is what git wrote to stderr."""
    why = complaint(err)
    fix = "`git fsck` tells whether the repository is damaged"
    return EnvironmentFailure(
        f"nothing was scored: git cat-file gave no content for {what!r}: {why}",
        fix=GET_BLOBS if why == MISSING_BLOBS else fix,
    )


def _ask(process: subprocess.Popen[bytes], name: str, limit: int) -> GitObject | None:
    """Return the answer of git. raises ValueError, OSError where it does not follow the protocol"""
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018
    process.stdin.write(name.encode("utf-8", "surrogateescape") + b"\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    if answer.endswith((b" missing\n", b" ambiguous\n")):
        return None
    oid, kind, length = answer.decode("ascii").split()
    size = int(length)
    content = process.stdout.read(min(size, limit + 1))
    left = size - len(content) + 1  # and the newline after the content
    while left > 0:
        chunk = process.stdout.read(min(left, 1 << 20))
        if not chunk:
            raise ValueError("git ended within an answer")
        left -= len(chunk)
    return GitObject(oid, kind, content)


def _entries(tree: GitObject) -> dict[bytes, TreeEntry]:
    entries, at, width = {}, 0, len(tree.oid) // 2
    while at < len(tree.content):
        end = tree.content.index(b"\0", at)
        mode, _, name = tree.content[at:end].partition(b" ")
        at = end + 1 + width
        entries[name] = TreeEntry(mode, tree.content[end + 1 : at].hex())
    return entries


def _end(process: subprocess.Popen[bytes], stderr: IO[bytes]) -> None:
    process.kill()
    process.communicate()
    stderr.close()
