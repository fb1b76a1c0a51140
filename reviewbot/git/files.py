"""Reads git's objects, and files: of the working tree, an editor, the index or a commit.

One `git cat-file --batch` gives commits, trees and blobs. Paths are looked up in the trees, level
by level, and blobs by their hash: a path with a newline cannot break the protocol. The author of a
change chooses the paths. So a reader stays below its root, follows no link and reads regular files
only (a FIFO would block).
"""

import os
import stat
import subprocess
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NamedTuple, Protocol

from reviewbot.diff.paths import encode_path
from reviewbot.errors import EnvironmentFailure
from reviewbot.git.process import (
    GET_BLOBS,
    MAX_OUTPUT,
    MISSING_BLOBS,
    TIMEOUT,
    complaint,
    git,
    killed_after,
    start,
)

MAX_BYTES = 2_000_000
REGULAR = (b"100644", b"100755", b"100664")


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


def entries_of(directory: Path, commit: str) -> dict[bytes, TreeEntry]:
    """Return the files, links and submodules of a commit by their paths below a directory.

    raises  UsageError if there are too many to list; EnvironmentFailure if git fails
    """
    entries = {}
    for row in filter(None, git(directory, "ls-tree", "-r", "-z", commit).split(b"\0")):
        about, _, name = row.partition(b"\t")
        mode, _, oid = about.split(b" ")
        entries[name] = TreeEntry(mode, oid.decode("ascii"))
    return entries


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


class FileReader(Protocol):
    """Reads files of the head version."""

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes; None where there is no such regular file, or it may not be read.

        Of a file above the reader's limit come the first limit + 1 bytes, so that the length says
        "too large" and no more is held in memory.
        """


class WorktreeFiles:
    """Regular files below a directory; also for `--diff FILE --root DIR`."""

    def __init__(self, root: Path, limit: int = MAX_BYTES) -> None:
        self.root = root
        self.limit = limit

    def read(self, path: str) -> bytes | None:
        """See `FileReader`. None also for "..", absolute paths, .git, and paths through links."""
        raw = encode_path(path)
        parts = raw.split(b"/")
        if b"\0" in raw or any(p in (b"", b".", b"..") or p.lower() == b".git" for p in parts):
            return None
        at = self.root
        try:
            for part in parts:
                name = os.fsdecode(part)
                if Path(name).name != name:  # a drive or a "\\" on Windows
                    return None
                at = at / name
                if at.is_symlink():
                    return None
            flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
            handle = os.open(at, flags | getattr(os, "O_BINARY", 0))
        except OSError:  # also: no permission, a name too long
            return None
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):  # `open` itself fails on a directory
                return None
            with open(handle, "rb", closefd=False) as file:
                return file.read(self.limit + 1)
        finally:
            os.close(handle)


class BufferFiles:
    """Files that an editor holds, and no others."""

    def __init__(self, files: Mapping[str, bytes], limit: int = MAX_BYTES) -> None:
        self.files = files
        self.limit = limit

    def read(self, path: str) -> bytes | None:
        """See `FileReader`."""
        content = self.files.get(path)
        return None if content is None else content[: self.limit + 1]


class BlobFiles:
    """Files by the hash of their blob."""

    def __init__(self, objects: Objects, blobs: Mapping[str, str], limit: int = MAX_BYTES) -> None:
        self.objects = objects
        self.blobs = blobs  # path -> hash, regular files only
        self.limit = limit

    def read(self, path: str) -> bytes | None:
        """See `FileReader`. raises EnvironmentFailure if git cannot give the content"""
        blob = self.blobs.get(path)
        return None if blob is None else _content(self.objects, blob, path, self.limit)


class CommitFiles:
    """Files of a commit or a tree, given by a revision that git knows."""

    def __init__(self, objects: Objects, commit: str, limit: int = MAX_BYTES) -> None:
        self.objects = objects
        self.commit = commit
        self.limit = limit

    def __contains__(self, path: str) -> bool:
        """Return True if the commit has a regular file at this path."""
        entry = self.objects.entry(self.commit, path)
        return entry is not None and entry.mode in REGULAR

    def is_link(self, path: str) -> bool:
        """Return True if the commit has a symbolic link at this path."""
        entry = self.objects.entry(self.commit, path)
        return entry is not None and entry.mode == b"120000"

    def read(self, path: str) -> bytes | None:
        """See `FileReader`. raises EnvironmentFailure if git cannot give the content"""
        entry = self.objects.entry(self.commit, path)
        if entry is None or entry.mode not in REGULAR:
            return None
        return _content(self.objects, entry.oid, path, self.limit)


def _content(objects: Objects, blob: str, path: str, limit: int) -> bytes:
    blob_object = objects.read(blob, limit, what=path)
    if blob_object is None or blob_object.kind != "blob":
        raise missing(path)
    return blob_object.content
