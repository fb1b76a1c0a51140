"""Runs `git diff`, and reads head files with the content that it compares.

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
from reviewbot.errors import UsageError
from reviewbot.git.files import MAX_BYTES, REGULAR, BlobFiles, WorktreeFiles
from reviewbot.git.process import explain, git, status
from reviewbot.git.repository import Repository

DIFF = (
    "diff",
    "--find-renames",
    "--full-index",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    # From here on: what a user's configuration could otherwise change.
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--no-relative",
    "--inter-hunk-context=0",
    "--diff-algorithm=myers",
    "--indent-heuristic",
    "--submodule=short",
    "--ignore-submodules=dirty",  # git must not look into a submodule's working tree
    "--ws-error-highlight=none",
    "-O/dev/null",
)
NO_SUPPRESS = ("-c", "diff.suppressBlankEmpty=false", "-c", "diff.renameLimit=1000")
_COUNTS = re.compile(rb"(?:(\d+)\t(\d+)|-\t-)\t(.*)", re.DOTALL)
MAX_CHARS = 10_000  # of paths in one command line; some systems take 32,767 bytes at most
WIDEST = 4  # bytes on disk for one in git: ASCII in UTF-32
# Only headers start like this: a line of content starts with " ", "+", "-" or "\".
_INDEX = re.compile(r"^index [0-9a-f]+\.\.([0-9a-f]+).*\n(--- .*)\n(\+\+\+ .*)\n", re.MULTILINE)


def added_lines(top: Path, *sides: str) -> str:
    """Return the diff without context: which lines are added."""
    return git(top, *NO_SUPPRESS, *DIFF, "-U0", *sides, "--").decode("utf-8", "surrogateescape")


def compare(
    where: Path, *sides: str, env: Mapping[str, str] | None = None, codes: tuple[int, ...] = (0,)
) -> tuple[str, dict[str, tuple[int, int] | None]]:
    """Return the diff, bytes that are not UTF-8 as surrogate escapes, and its numstat.

    sides   hashes, then "--" and no path: all; or what else `git diff` takes
    codes   exit codes that are no failure
    """
    command = (*NO_SUPPRESS, *DIFF, "-U3", "--numstat", "-z", "-p", *sides)
    code, out, err = status(where, *command, env=env)
    if code not in codes:
        raise explain(where, "diff", code, err)
    counts, _, diff = out.partition(b"\0\0")  # no path is empty
    return diff.decode("utf-8", "surrogateescape"), parse_numstat(counts + b"\0" if counts else b"")


def parse_numstat(raw: bytes) -> dict[str, tuple[int, int] | None]:
    """Return (added, removed) by head path from `git diff --numstat -z`; None for binary.

    raises  ValueError if it is not that
    """
    numstat: dict[str, tuple[int, int] | None] = {}
    fields = iter(raw.split(b"\0")[:-1])
    for entry in fields:
        match = _COUNTS.fullmatch(entry)
        if match is None:
            raise ValueError("not the output of git diff --numstat -z")
        path = match[3]
        if not path:  # a rename or a copy: its two paths follow
            next(fields)
            path = next(fields)
        numstat[decode_path(path)] = None if match[1] is None else (int(match[1]), int(match[2]))
    return numstat


def refuse_misplaced(
    repo: Repository, base: str, numstat: Mapping[str, tuple[int, int] | None]
) -> None:
    """Refuse a change that deletes every file where git looks in another folder."""
    if not numstat or any(counts and counts[0] for counts in numstat.values()):
        return
    settings = [name for name in ("GIT_WORK_TREE", "GIT_INDEX_FILE") if name in os.environ]
    settings += ["core.worktree"] if repo.config("core.worktree") else []
    if not settings:
        return
    names = git(repo.top, "ls-tree", "-r", "-z", "--name-only", base).split(b"\0")[:-1]
    if {decode_path(name) for name in names} == numstat.keys():
        raise UsageError(
            f"nothing was scored: git finds no file of {base[:10]} in {repo.top}",
            fix=f"correct or unset {' and '.join(settings)}, or give a range of commits: A..B",
        )


def refuse_conflicts(unmerged: list[bytes]) -> None:
    if unmerged:
        path = decode_path(unmerged[0].partition(b"\t")[2])
        raise UsageError(
            f"nothing was scored: {path!r} has unresolved conflicts",
            fix="finish or abort the merge first, or give a range of commits: A..B",
        )


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
