"""Candidates for a corpus, from directories and from commits of git repositories.

Nothing is checked out or executed, and no link is followed.
"""

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from reviewbot.diff.paths import decode_path
from reviewbot.errors import UsageError
from reviewbot.git.attributes import attributes
from reviewbot.git.files import REGULAR, BlobFiles, WorktreeFiles, entries_of
from reviewbot.git.process import git
from reviewbot.git.repository import open_repository
from reviewbot.train.corpus import MAX_BYTES
from reviewbot.train.corpus_licences import in_text, is_licence_file

CLONE_TIMEOUT = 3_600.0  # seconds
_URL = re.compile(r"(?:https?|ssh|git|file)://.")
_ONLY = {"GIT_ALLOW_PROTOCOL": "http:https:ssh:git:file"}  # no program that a URL names


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may become part of the corpus."""

    name: str  # of the source; for git with the commit
    path: str  # below it
    read: Callable[[], bytes | None]  # None: no regular file; else at most MAX_BYTES + 1 bytes
    licences: Callable[[], Sequence[str]]  # SPDX expressions, beside that of its header
    attributes: Collection[str] = ()  # see `skip_rules.why_skipped_file`


def is_url(source: str) -> bool:
    """Return True for the URL of a repository."""
    return _URL.match(source) is not None


def candidates(source: str, work: Path) -> Iterator[Candidate]:
    """Yield the files of a directory or of the HEAD of a git repository, sorted by path.

    source   a path or a URL
    work     directory for a clone of a URL, which is bare and one commit deep
    raises   UsageError where there is no such directory or no commit; EnvironmentFailure if git
             fails
    """
    if is_url(source):
        name = re.split(r"[/:]", source.rstrip("/"))[-1].removesuffix(".git") or "repository"
        depth = ("--depth=1", "--single-branch", "--no-tags")
        command = ("clone", "--quiet", "--bare", "--template=", *depth, "--", source, "clone.git")
        git(work, *command, env=_ONLY, timeout=CLONE_TIMEOUT)
        yield from _of_commit(work / "clone.git", name)
        return
    root = Path(source).absolute()
    if not root.is_dir():
        raise UsageError(
            f"no corpus was written: {source!r} is no directory, no URL and no hf:OWNER/NAME",
            fix="name a directory, a repository or a dataset",
        )
    if (root / ".git").exists() or ((root / "objects").is_dir() and (root / "HEAD").is_file()):
        yield from _of_commit(root, root.name.removesuffix(".git"))
    else:
        yield from _of_directory(root)


def _of_directory(root: Path) -> Iterator[Candidate]:
    paths = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != ".git"]
        inside = (Path(folder, name).relative_to(root).as_posix() for name in names)
        paths += [decode_path(os.fsencode(path)) for path in inside]
    yield from _tree(root.name, sorted(paths), WorktreeFiles(root, MAX_BYTES).read, {})


def _of_commit(root: Path, name: str) -> Iterator[Candidate]:
    repo = open_repository(root, needs_worktree=False)
    if repo.head is None:
        raise UsageError(f"no corpus was written: {name!r} has no commit", fix="commit its files")
    entries = {decode_path(raw): one for raw, one in entries_of(repo.top, repo.head).items()}
    blobs = {path: one.oid for path, one in entries.items() if one.mode in REGULAR}
    with closing(repo.objects) as objects:
        read = BlobFiles(objects, blobs, MAX_BYTES).read
        marked = attributes(repo, sorted(blobs), repo.head)
        yield from _tree(f"{name}@{repo.head[:12]}", sorted(entries), read, marked)


def _tree(
    name: str,
    paths: Sequence[str],
    read: Callable[[str], bytes | None],
    marked: Mapping[str, Collection[str]],
) -> Iterator[Candidate]:
    texts: dict[str, list[str]] = {}
    for path in paths:
        folder, _, file = path.rpartition("/")
        if is_licence_file(file):
            texts.setdefault(folder, []).append(path)

    @lru_cache(maxsize=10_000)
    def of_folder(folder: str) -> tuple[str, ...]:
        """Return the licences in the nearest folder, from here upwards, with licence files."""
        contents = [content for path in texts.get(folder, ()) if (content := read(path))]
        if contents:
            decoded = (content.decode("utf-8", "replace") for content in contents)
            return tuple(name for text in decoded for name in in_text(text))
        return of_folder(folder.rpartition("/")[0]) if folder else ()

    for path in paths:
        licences = partial(of_folder, path.rpartition("/")[0])
        yield Candidate(name, path, partial(read, path), licences, marked.get(path, ()))
