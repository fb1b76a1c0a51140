"""Which commits are "recent": as many of the newest as have added enough lines."""

import hashlib
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

from reviewbot.core.errors import UsageError
from reviewbot.forges.git import git
from reviewbot.forges.revisions import settled

MOST_COMMITS = 2_000
MOST_ADDED = 500_000  # lines of whatever kind: the diff of all of them has to be held
Choose = Callable[[str, Collection[str]], Collection[str]]  # a commit, paths -> those that count


class Lately(NamedTuple):
    """The newest commits that together have added enough lines."""

    base: str | None  # None, the empty tree, where the history has fewer lines
    head: str
    added: int  # lines that count, commit by commit; fewer of them may still stand in the head


def recent_range(top: Path, lines: int, choose: Choose) -> Lately:
    """Return the newest commits that together have added `lines` lines to files that count.

    Back from where the branch left the default one: what is under review is no history to compare
    it with. Along first parents, so that a merged branch counts as one change. Fewer lines come
    back where the history ends, or a bound on what is read is reached.
    choose  which files count, of all that the newest commits have touched
    raises  UsageError where there is no commit, or none has added such a line
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
    rows = log.decode("utf-8", "surrogateescape").splitlines()
    touched = [_row(row) for row in rows if not row.startswith("commit ")]
    counting = set(choose(tip, {path for _, path in touched if path}))
    added, read, parent = 0, 0, ""
    for row in rows:
        if row.startswith("commit "):
            if added >= lines or read >= MOST_ADDED:
                break
            parent = row.split(" ")[2]
            continue
        count, path = _row(row)
        read += count
        added += count if path in counting else 0
    if not added:
        raise UsageError(
            "nothing was scored: the newest commits have added no line of code",
            fix="come back when there is some",
        )
    return Lately(parent or None, tip, added)


def _row(row: str) -> tuple[int, str]:
    """Return lines and path of a row of numstat; no line for a binary file, or an empty row."""
    count, _, rest = row.partition("\t")
    return (int(count) if count.isdecimal() else 0), rest.partition("\t")[2]


def repository_id(root: Path) -> str:
    """Name the repository that `root` lies in, on this machine: all its work trees share the name.

    raises  UsageError where there is no repository
    """
    common = git(root, "rev-parse", "--git-common-dir").rstrip(b"\n")
    path = os.path.realpath(os.path.join(os.fsencode(root), common))  # noqa: PTH118 - bytes
    return hashlib.sha256(path).hexdigest()
