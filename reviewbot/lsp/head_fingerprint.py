"""Detects a new commit at HEAD. An editor asks often, so this starts no git."""

import re
from collections.abc import Iterable
from pathlib import Path

Fingerprint = tuple[object, ...]
_BRANCH = re.compile(r"ref: (refs/[^\n\0]+)\n?")
MAX_HEAD = 5_000  # characters of HEAD


def head_fingerprint(git_dir: Path, common: Path) -> Fingerprint:
    """Return a value that changes with a commit, a merge, a switch of branches or a reset.

    A commit writes the file of the branch that HEAD names; without reflogs it writes nothing else.

    git_dir  of the checkout
    common   the directory that linked checkouts share; else `git_dir`
    """
    try:
        with (git_dir / "HEAD").open(encoding="utf-8", errors="surrogateescape") as file:
            head = file.read(MAX_HEAD)
    except OSError:
        head = ""
    branch = _BRANCH.fullmatch(head)
    files = [git_dir / "logs" / "HEAD", git_dir / "MERGE_HEAD", common / "packed-refs"]
    for folder in (git_dir, common):
        files.append(folder / "reftable" / "tables.list")  # where refs are no files
        if branch:
            files.append(folder / branch[1])
    return head, *file_fingerprint(files)


def file_fingerprint(paths: Iterable[Path]) -> Fingerprint:
    """Return a value that changes when a file is written, replaced, created or removed."""
    facts = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            facts.append((0, 0, 0))
        else:
            facts.append((status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(facts)
