"""Head files of a working tree, with the content that `git diff` compares.

That is not always the content on disk. A file outside a sparse checkout, or one that git is told
not to look at (`git update-index --assume-unchanged`), counts as the index has it. git converts a
file whose attributes name a filter, an encoding or `ident`. The diff shows the hash of the content
that git compared, so only files with another hash need a closer look.
"""

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from reviewbot.diff.paths import decode_path, encode_path, names_of
from reviewbot.git.files import MAX_BYTES, REGULAR, BlobFiles, WorktreeFiles
from reviewbot.git.process import git
from reviewbot.git.repository import Repository

MAX_CHARS = 10_000  # of paths in one command line; some systems take 32,767 bytes at most
WIDEST = 4  # bytes on disk for one in git: ASCII in UTF-32
# Only headers start like this: a line of content starts with " ", "+", "-" or "\".
_INDEX = re.compile(r"^index [0-9a-f]+\.\.([0-9a-f]+).*\n(--- .*)\n(\+\+\+ .*)\n", re.MULTILINE)


def head_blobs(diff: str) -> dict[str, str]:
    """Return the hash of each text file's head content, from a diff with full hashes and a/, b/."""
    names = ((names_of(match[2], match[3])[1], match[1]) for match in _INDEX.finditer(diff))
    return {name[2:]: blob for name, blob in names if name}


def unlike_disk(top: Path, blobs: Mapping[str, str]) -> list[str]:
    """Return the files whose content on disk is not what git compared; line ends do not count."""
    disk = WorktreeFiles(top, WIDEST * MAX_BYTES)
    return [path for path, blob in blobs.items() if not _has_hash(disk.read(path), blob)]


def _has_hash(content: bytes | None, blob: str) -> bool:
    if content is None:
        return False
    name = "sha1" if len(blob) == 40 else "sha256"
    for text in (content, content.replace(b"\r\n", b"\n")):
        digest = hashlib.new(name, b"blob %d\0" % len(text), usedforsecurity=False)
        digest.update(text)
        if digest.hexdigest() == blob:
            return True
    return False


def index_blobs(top: Path, paths: Collection[str], *, hidden: bool = False) -> dict[str, str]:
    """Return the blobs that the index has for these paths; regular files only.

    hidden  only files that git does not compare with the disk
    """
    blobs = {}
    for entry in _listed(top, paths):
        facts, _, path = entry.partition(b"\t")
        tag, mode, blob = [*facts.split(), b"", b"", b""][:3]
        # S: skip-worktree, the bit of a sparse checkout. Lower case: assume-unchanged.
        if mode in REGULAR and (not hidden or tag == b"S" or tag.islower()):
            blobs[decode_path(path)] = blob.decode("ascii")
    return {path: blob for path, blob in blobs.items() if path in paths}


def _listed(top: Path, paths: Iterable[str]) -> Iterator[bytes]:
    """Yield the index entries of these paths: listing all of a large index takes long."""
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
        repo: Repository,
        indexed: Mapping[str, str],
        converted: Collection[str],
        limit: int = MAX_BYTES,
    ) -> None:
        """Read nothing yet.

        indexed    path -> blob of files that git reads from the index
        converted  files that git converts before it compares them
        """
        self.repo = repo
        self.converted = converted
        self.limit = limit
        self._index = BlobFiles(repo.objects, indexed, limit)

    def read(self, path: str) -> bytes | None:
        """See `FileReader`. raises EnvironmentFailure if git fails"""
        if path in self._index.blobs:
            return self._index.read(path)
        if path not in self.converted:
            return WorktreeFiles(self.repo.top, self.limit).read(path)
        raw = WorktreeFiles(self.repo.top, WIDEST * self.limit).read(path)
        if raw is None or len(raw) > WIDEST * self.limit:
            return raw and raw[: self.limit + 1]
        return stored(self.repo, path)[: self.limit + 1]

    def close(self) -> None:
        """Nothing to close: the repository ends git."""


def stored(repo: Repository, path: str) -> bytes:
    """Return a tracked file of the working tree as git would store it; nothing is stored.

    A diff against the empty tree shows all of it. It runs only the filters that the diff of the
    change has run already.
    """
    options = ("-p", "--text", "--no-ext-diff", "--no-textconv", "--no-color")
    shown = git(repo.top, "diff-index", *options, repo.empty_tree, "--", _literal(path))
    hunk = shown.partition(b"\n@@ ")[2]  # one: every line is added
    lines = hunk.split(b"\n")[1:-1]
    text = b"".join(line[1:] + b"\n" for line in lines if line.startswith(b"+"))
    return text[:-1] if lines and lines[-1].startswith(b"\\") else text
