"""The newest changes that were merged into a branch."""

from collections.abc import Sequence, Set
from typing import NamedTuple

from reviewbot.git.process import git
from reviewbot.git.repository import Repository

MAX_CHANGES = 2_000


class MergedChange(NamedTuple):
    """What one commit of the branch brought; a merge brings all that it merged."""

    base: str  # its first parent
    head: str
    day: str  # of the commit, as YYYY-MM-DD in the committer's time zone
    is_merge: bool


def merged_changes(repo: Repository, tip: str) -> list[MergedChange]:
    """Return the newest changes up to the commit `tip`, newest first, at most MAX_CHANGES.

    A commit without a parent is left out: it imports code, or a shallow clone was cut off there.
    raises  EnvironmentFailure if git fails
    """
    command = ("log", "--first-parent", f"--max-count={MAX_CHANGES}", "--date=short")
    log = git(repo.top, *command, "--format=%H %P,%cd", tip, "--").decode("ascii")
    rows = (row.partition(",") for row in log.splitlines())  # a damaged commit has no day
    named = ((hashes.split(), day) for hashes, _, day in rows)
    return [MergedChange(of[1], of[0], day, len(of) > 2) for of, day in named if len(of) > 1]


def from_labelled(
    repo: Repository, changes: Sequence[MergedChange], labelled: Set[str]
) -> Sequence[MergedChange]:
    """Return the changes from the newest one that brings a labelled commit; all without such one.

    raises  EnvironmentFailure if git fails
    """
    for n, change in enumerate(changes if labelled else ()):
        brought = [change.head]
        if change.is_merge:
            range_ = f"{change.base}..{change.head}"
            brought = git(repo.top, "rev-list", range_, "--").decode("ascii").split()
        if not labelled.isdisjoint(brought):
            return changes[n:]
    return changes
