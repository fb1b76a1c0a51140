"""The newest commits that together have added enough lines."""

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
MAX_ADDED = 500_000  # lines of any kind: the diff of all of them has to fit into memory
Choose = Callable[[str, Collection[str]], Collection[str]]  # a commit, paths -> those that count


class CommitRange(NamedTuple):
    """The newest commits that together have added enough lines."""

    base: str | None  # None, the empty tree, if the history has fewer lines
    head: str
    added: int  # lines that count, commit by commit; the head may hold fewer of them


def recent_range(repo: Repository, lines: int, choose: Choose) -> CommitRange:
    """Return the newest commits that together have added `lines` lines to files that count.

    The range ends where the branch left the default one: a change under review is not compared
    with itself. It follows first parents, so that a merged branch counts as one change. It has
    fewer lines if the history ends, or if a bound on what is read is reached.
    choose  which files count, of all that the newest commits have touched
    raises  UsageError if there is no commit, or none has added such a line
    """
    tip = settled(repo)
    log = git(
        repo.top,
        *("log", "--first-parent", "-m", "--numstat", "--no-renames"),
        *(f"--max-count={MAX_COMMITS}", "--format=commit %H %P", tip),
    )
    commits = _commits(log)
    counting = set(choose(tip, {path for commit in commits for path in commit.added}))
    added, read, base = 0, 0, ""
    for commit in commits:
        whole = sum(commit.added.values())
        if added >= lines or (added and read + whole > MAX_ADDED):
            break
        read, base = read + whole, commit.parent
        added += sum(count for path, count in commit.added.items() if path in counting)
    if not added:
        raise UsageError(
            "nothing was scored: no line of code from the newest commits is left in the files",
            fix="run it again when newer commits have added code",
        )
    return CommitRange(base or None, tip, added)


class _Commit(NamedTuple):
    parent: str  # "" for a first commit
    added: dict[str, int]  # path -> lines


def _commits(log: bytes) -> list[_Commit]:
    """Parse git's output. It quotes a path with a line feed, but no other line end."""
    commits: list[_Commit] = []
    for row in log.split(b"\n"):
        if row.startswith(b"commit "):
            commits.append(_Commit(row.decode("ascii").split(" ")[2], {}))
            continue
        count, _, rest = row.partition(b"\t")
        path = rest.partition(b"\t")[2]
        if count.isdigit():  # "-" for a binary file
            name = parse_path(path.decode("utf-8", "surrogateescape"))
            added = commits[-1].added
            added[name] = added.get(name, 0) + int(count)
    return commits


def repository_id(repo: Repository) -> str:
    """Return a name of the repository on this machine: all its work trees share it."""
    return hashlib.sha256(os.fsencode(os.path.realpath(repo.common_dir))).hexdigest()
