"""Readers of files: of the working tree, an editor, the index or a commit.

The author of a change chooses the paths. So a reader stays below its root, follows no link and
reads regular files only (a FIFO would block).
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from reviewbot.diff.paths import encode_path
from reviewbot.git.objects import Objects, missing

MAX_BYTES = 2_000_000
REGULAR = (b"100644", b"100755", b"100664")


class FileReader(Protocol):
    """Reads files of the head version. Close it, or use it in a `with` statement."""

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes; None where there is no such regular file, or it may not be read.

        Of a file above the reader's limit come the first limit + 1 bytes, so that the length says
        "too large" and no more is held in memory.
        """
        ...

    def close(self) -> None: ...


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

    def close(self) -> None:
        """Nothing to close."""


class BufferFiles:
    """Files that an editor holds, and no others."""

    def __init__(self, files: Mapping[str, bytes], limit: int = MAX_BYTES) -> None:
        self.files = files
        self.limit = limit

    def read(self, path: str) -> bytes | None:
        """See `FileReader`."""
        content = self.files.get(path)
        return None if content is None else content[: self.limit + 1]

    def close(self) -> None:
        """Nothing to close."""


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

    def close(self) -> None:
        """Nothing to close: the repository ends git."""


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

    def close(self) -> None:
        """Nothing to close: the repository ends git."""


def _content(objects: Objects, blob: str, path: str, limit: int) -> bytes:
    blob_object = objects.read(blob, limit, what=path)
    if blob_object is None or blob_object.kind != "blob":
        raise missing(path)
    return blob_object.content
