"""Which commits are "recent": as many of the newest as have added enough lines."""

import hashlib
import os
from pathlib import Path

from reviewbot.core.errors import UsageError
from reviewbot.forges.git import git
from reviewbot.forges.revisions import commit_of

MOST_COMMITS = 2_000


def recent_range(top: Path, lines: int, head: str = "HEAD") -> tuple[str | None, str]:
    """Return (base, head), hashes: the newest commits that together have added `lines` lines.

    Along first parents, so that a merged branch counts as one change. The base is None,
    the empty tree, where the history has fewer lines.
    raises  UsageError where there is no commit
    """
    tip = commit_of(top, head)
    log = git(
        top,
        "log",
        "--first-parent",
        "-m",
        "--numstat",
        "--no-renames",
        f"--max-count={MOST_COMMITS}",
        "--format=commit %H %P",
        tip,
    )
    added, parent = 0, ""
    for row in log.decode("utf-8", "surrogateescape").splitlines():
        if row.startswith("commit "):
            if added >= lines:
                break
            parent = row.split(" ")[2]
        elif (count := row.partition("\t")[0]).isdecimal():
            added += int(count)
    if not added:
        raise UsageError(
            "nothing was scored: the newest commits have added no line", fix="commit something"
        )
    return parent or None, tip


def repository_id(root: Path) -> str:
    """Name the repository that `root` lies in, on this machine: all its work trees share the name.

    raises  UsageError where there is no repository
    """
    common = git(root, "rev-parse", "--git-common-dir").rstrip(b"\n")
    path = os.path.realpath(os.path.join(os.fsencode(root), common))  # noqa: PTH118 - bytes
    return hashlib.sha256(path).hexdigest()
