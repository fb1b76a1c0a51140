"""Which commits are "recent": as many of the newest as have added enough lines."""

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from reviewbot.core.errors import UsageError
from reviewbot.forges.git import git
from reviewbot.forges.revisions import settled

MOST_COMMITS = 2_000


class Lately(NamedTuple):
    """The newest commits that together have added enough lines."""

    base: str | None  # None, the empty tree, where the history has fewer lines
    head: str
    added: int  # lines, counted commit by commit; fewer of them may still stand in the head


def recent_range(top: Path, lines: int) -> Lately:
    """Return the newest commits that together have added `lines` lines.

    Back from where the branch left the default one: what is under review is no history to compare
    it with. Along first parents, so that a merged branch counts as one change.
    raises  UsageError where there is no commit
    """
    tip = settled(top)
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
    return Lately(parent or None, tip, added)


def repository_id(root: Path) -> str:
    """Name the repository that `root` lies in, on this machine: all its work trees share the name.

    raises  UsageError where there is no repository
    """
    common = git(root, "rev-parse", "--git-common-dir").rstrip(b"\n")
    path = os.path.realpath(os.path.join(os.fsencode(root), common))  # noqa: PTH118 - bytes
    return hashlib.sha256(path).hexdigest()
