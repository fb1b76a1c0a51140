"""Which commits are "recent": as many of the newest as have added enough lines."""

import hashlib
import os
from collections.abc import Callable, Collection
from typing import NamedTuple

from reviewbot.diff.paths import parse_path
from reviewbot.errors import UsageError
from reviewbot.git.bases import settled
from reviewbot.git.process import git
from reviewbot.git.repository import Repository

MAX_COMMITS = 2_000
MAX_ADDED = 500_000  # lines of whatever kind: the diff of all of them has to be held
Choose = Callable[[str, Collection[str]], Collection[str]]  # a commit, paths -> those that count


class CommitRange(NamedTuple):
    """The newest commits that together have added enough lines."""

    base: str | None  # None, the empty tree, where the history has fewer lines
    head: str
    added: int  # lines that count, commit by commit; fewer of them may still stand in the head


def recent_range(repo: Repository, lines: int, choose: Choose) -> CommitRange:
    """Return the newest commits that together have added `lines` lines to files that count.

    Back from where the branch left the default one: what is under review is no history to compare
    it with. Along first parents, so that a merged branch counts as one change. Fewer lines come
    back where the history ends, or a bound on what is read is reached.
    choose  which files count, of all that the newest commits have touched
    raises  UsageError where there is no commit, or none has added such a line
    """
    tip = settled(repo)
    log = git(
        repo.top,
        "log",
        "--first-parent",
        "-m",
        "--numstat",
        "--no-renames",
        f"--max-count={MAX_COMMITS}",
        "--format=commit %H %P",
        tip,
    )
    commits = _commits(log)
    touched = {path for commit in commits for path in commit.added}
    counting = set(choose(tip, touched))
    added, read, base = 0, 0, ""
    for commit in commits:
        whole = sum(commit.added.values())
        if added >= lines or (added and read + whole > MAX_ADDED):
            break
        read, base = read + whole, commit.parent
        added += sum(count for path, count in commit.added.items() if path in counting)
    if not added:
        raise UsageError(
            "nothing was scored: no line of code that the newest commits have added still stands",
            fix="come back when there is some",
        )
    return CommitRange(base or None, tip, added)


class _Commit(NamedTuple):
    parent: str  # "" of a first commit
    added: dict[str, int]  # path -> lines


def _commits(log: bytes) -> list[_Commit]:
    """Read what git has printed. It quotes a path that holds a line feed, and no other line end."""
    found: list[_Commit] = []
    for row in log.split(b"\n"):
        if row.startswith(b"commit "):
            found.append(_Commit(row.decode("ascii").split(" ")[2], {}))
            continue
        count, _, rest = row.partition(b"\t")
        path = rest.partition(b"\t")[2]
        if count.isdigit():  # "-" of a binary file
            name = parse_path(path.decode("utf-8", "surrogateescape"))
            added = found[-1].added
            added[name] = added.get(name, 0) + int(count)
    return found


def repository_id(repo: Repository) -> str:
    """Return a name of the repository on this machine: all its work trees share it."""
    return hashlib.sha256(os.fsencode(os.path.realpath(repo.common_dir))).hexdigest()
