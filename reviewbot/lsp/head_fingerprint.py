"""Whether HEAD is another commit by now. It is asked often, so it starts no git."""

import re
from collections.abc import Iterable
from pathlib import Path

Stamp = tuple[object, ...]
_BRANCH = re.compile(r"ref: (refs/[^\n\0]+)\n?")
_MOST = 5_000  # characters of HEAD


def head_stamp(git_dir: Path, common: Path) -> Stamp:
    """Return what is another value after a commit, a merge, a switch of branches or a reset.

    A commit writes the file of the branch and leaves HEAD as it is; without reflogs it writes
    nothing else. Which branch that is, HEAD says, so it is read each time.

    git_dir  of the checkout
    common   the directory that linked checkouts share; else `git_dir`
    """
    try:
        with (git_dir / "HEAD").open(encoding="utf-8", errors="surrogateescape") as file:
            head = file.read(_MOST)
    except OSError:
        head = ""
    branch = _BRANCH.fullmatch(head)
    files = [git_dir / "logs" / "HEAD", git_dir / "MERGE_HEAD", common / "packed-refs"]
    for folder in (git_dir, common):
        files.append(folder / "reftable" / "tables.list")  # where refs are no files
        if branch:
            files.append(folder / branch[1])
    return head, *files_stamp(files)


def files_stamp(paths: Iterable[Path]) -> Stamp:
    """Return what is another value when a file was written, replaced, made or removed."""
    found = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            found.append((0, 0, 0))
        else:
            found.append((status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(found)
