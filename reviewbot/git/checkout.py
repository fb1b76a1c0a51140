"""Head files of a working tree, with the content that `git diff` compares.

Git does not always compare what lies on the disk. A file outside a sparse checkout, or one that it
is told not to look at (`git update-index --assume-unchanged`), counts as the index has it. And a
file whose attributes name a filter, an encoding or `ident` is converted first.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from reviewbot.diff.paths import decode_path, encode_path
from reviewbot.git.files import MAX_BYTES, REGULAR, BlobFiles, WorktreeFiles
from reviewbot.git.process import git
from reviewbot.git.revisions import empty_tree

MAX_CHARS = 10_000  # of paths in one command line; some systems take 32,767 bytes at most
WIDEST = 4  # bytes on disk for one in git: ASCII in UTF-32


def in_index(top: Path, paths: Collection[str]) -> dict[str, str]:
    """Return which of these files git reads from the index: path -> blob; regular files only."""
    found = {}
    for entry in _listed(top, paths):
        facts, _, path = entry.partition(b"\t")
        tag, mode, blob = [*facts.split(), b"", b"", b""][:3]
        # S: skip-worktree, the bit of a sparse checkout. Lower case: assume-unchanged.
        if (tag == b"S" or tag.islower()) and mode in REGULAR:
            found[decode_path(path)] = blob.decode("ascii")
    return {path: blob for path, blob in found.items() if path in paths}


def _listed(top: Path, paths: Iterable[str]) -> Iterator[bytes]:
    """Yield the index entries of these paths. Of a large index, listing all takes its time."""
    chunk: list[str] = []
    for path in (*paths, None):
        if chunk and (path is None or sum(map(len, chunk)) > MAX_CHARS):
            yield from git(top, "ls-files", "-v", "--stage", "-z", "--", *chunk).split(b"\0")
            chunk = []
        if path is not None:
            chunk.append(_literal(path))


def _literal(path: str) -> str:
    return f":(top,literal){os.fsdecode(encode_path(path))}"


class CheckoutFiles:
    """Reads a working tree as `git diff` does, see `FileReader`."""

    def __init__(
        self,
        top: Path,
        indexed: Mapping[str, str],
        converted: Collection[str],
        limit: int = MAX_BYTES,
    ) -> None:
        """Read nothing yet.

        indexed    as `in_index` returns it
        converted  files that git converts before it compares them
        """
        self.top = top
        self.converted = converted
        self.limit = limit
        self._disk = WorktreeFiles(top, limit)
        self._index = BlobFiles(top, indexed, limit)

    def read(self, path: str) -> bytes | None:
        """See `FileReader`. raises EnvironmentFailure if git fails"""
        if path in self._index.blobs:
            return self._index.read(path)
        if path not in self.converted:
            return self._disk.read(path)
        raw = WorktreeFiles(self.top, WIDEST * self.limit).read(path)
        if raw is None or len(raw) > WIDEST * self.limit:
            return raw and raw[: self.limit + 1]
        return stored(self.top, path)[: self.limit + 1]

    def close(self) -> None:
        """End git."""
        self._index.close()


def stored(top: Path, path: str) -> bytes:
    """Return a tracked file of the working tree as git would store it; nothing is stored.

    A diff against the empty tree shows all of it. It runs the filters that the diff of the change
    has run already, and no others.
    """
    options = ("-p", "--text", "--no-ext-diff", "--no-textconv", "--no-color")
    shown = git(top, "diff-index", *options, empty_tree(top), "--", _literal(path))
    hunk = shown.partition(b"\n@@ ")[2]  # one: every line is added
    lines = hunk.split(b"\n")[1:-1]
    text = b"".join(line[1:] + b"\n" for line in lines if line.startswith(b"+"))
    return text[:-1] if lines and lines[-1].startswith(b"\\") else text
