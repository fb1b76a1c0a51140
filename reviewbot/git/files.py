"""The head files: what stands in the working tree, in the index, or in a commit.

Whoever wrote the change chose the paths. So nothing outside the root is read, no link is followed,
and nothing but a regular file is read (a FIFO would wait for ever).
"""

import os
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from reviewbot.diff.paths import decode_path, encode_path
from reviewbot.errors import EnvironmentFailure
from reviewbot.git.process import (
    GET_BLOBS,
    MISSING_BLOBS,
    TIMEOUT,
    complaint,
    git,
    killed_after,
    start,
)

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
        """Nothing is kept open."""


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
        """Nothing is kept open."""


class BlobFiles:
    """Files of a tree, through one `git cat-file --batch` that lives until `close`.

    Blobs are asked for by their hash, so that a path with a newline cannot break the protocol.
    """

    def __init__(self, root: Path, blobs: Mapping[str, str], limit: int = MAX_BYTES) -> None:
        self.root = root
        self.blobs = blobs  # path -> hash, regular files only
        self.limit = limit
        self._process: subprocess.Popen[bytes] | None = None
        self._complaint: IO[bytes] | None = None  # what git writes to stderr
        self._in_step = False  # whether git, having no content, waits for the next question

    def read(self, path: str) -> bytes | None:
        """See `FileReader`.

        raises  EnvironmentFailure if git ends, gives no answer, or does not have the content
        """
        blob = self.blobs.get(path)
        if blob is None:
            return None
        if self._process is None or self._complaint is None:
            self._complaint = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
            self._process = start(
                self.root,
                *("cat-file", "--batch"),
                stdin=subprocess.PIPE,
                stderr=self._complaint.fileno(),
            )
        self._in_step = False
        with killed_after(self._process, TIMEOUT):
            try:
                content = self._ask(self._process, blob)
            except OSError:
                content = None
        if content is None:
            self._complaint.seek(0)
            err = self._complaint.read(10_000).decode("utf-8", "replace")
            self._complaint.seek(0, os.SEEK_END)  # where git, which shares the place, goes on
            if not self._in_step:
                self.close()  # the next one is asked of a new process
            raise _broken(path, err)
        return content

    def _ask(self, process: subprocess.Popen[bytes], blob: str) -> bytes | None:
        """Return the content; None where git gives none, or not all of it."""
        if process.stdin is None or process.stdout is None:
            return None
        process.stdin.write(blob.encode("utf-8", "surrogateescape") + b"\n")
        process.stdin.flush()
        answer = process.stdout.readline().split()
        if answer[1:] == [b"missing"]:  # which is all that git says of it
            self._in_step = True
        if len(answer) != 3 or answer[1] != b"blob":
            return None
        size = int(answer[2])
        content = process.stdout.read(min(size, self.limit + 1))
        left = size - len(content) + 1  # and the newline after the content
        while left > 0:
            chunk = process.stdout.read(min(left, 1 << 20))
            if not chunk:
                return None
            left -= len(chunk)
        return content

    def close(self) -> None:
        """End git."""
        if self._process is not None and self._complaint is not None:
            self._process.kill()
            self._process.communicate()
            self._complaint.close()
            self._process = self._complaint = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def index_files(root: Path, limit: int = MAX_BYTES) -> BlobFiles:
    """Return the files as they are staged. `root` is the top of the working tree."""
    entries = git(root, "ls-files", "--stage", "-z").split(b"\0")
    return BlobFiles(root, _blobs(entries, hash_at=1), limit)


def commit_files(
    root: Path, commit: str, limit: int = MAX_BYTES, paths: Sequence[str] = ()
) -> BlobFiles:
    """Return the files of a commit; `commit` is a hash that git gave us.

    paths  list these only: of a large tree, listing all takes its time
    """
    entries = git(root, "ls-tree", "-r", "--full-tree", "-z", commit, "--", *paths).split(b"\0")
    return BlobFiles(root, _blobs(entries, hash_at=2), limit)


def is_link(root: Path, commit: str, name: str) -> bool:
    """Return True if a commit has a symbolic link of this name at its top."""
    return git(root, "ls-tree", "-z", "--full-tree", commit, "--", name).startswith(b"120000 ")


def _blobs(entries: list[bytes], hash_at: int) -> dict[str, str]:
    blobs = {}
    for entry in entries:
        facts, _, path = entry.partition(b"\t")
        fields = facts.split()
        if fields and fields[0] in REGULAR:
            blobs[decode_path(path)] = fields[hash_at].decode("ascii")
    return blobs


def _broken(path: str, err: str) -> EnvironmentFailure:
    why = complaint(err)
    fix = "`git fsck` tells whether the repository is damaged"
    return EnvironmentFailure(
        f"nothing was scored: git cat-file gave no content for {path!r}: {why}",
        fix=GET_BLOBS if why == MISSING_BLOBS else fix,
    )
