"""What merges make of a change: a merge that is not finished, and several merge bases."""

import re
from collections.abc import Sequence

from reviewbot.errors import EnvironmentFailure
from reviewbot.git.repository import Repository

MAX_BYTES = 10_000  # bytes of MERGE_HEAD
_HASH = re.compile("[0-9a-f]{40,64}")


def other_parents(repo: Repository) -> tuple[str, ...]:
    """Return the commits that an unfinished merge joins to HEAD; () where there is no such merge.

    A cherry-pick, a revert and a squashed merge join none: their commit has one parent.

    raises  EnvironmentFailure if git's own file cannot be read, or names no commits
    """
    try:
        with (repo.git_dir / "MERGE_HEAD").open("rb") as file:
            names = file.read(MAX_BYTES).decode("ascii", "replace").split()
    except FileNotFoundError:
        return ()
    except OSError as exc:
        raise _unreadable(exc.strerror or "") from exc
    commits = [repo.objects.commit(name) for name in names if _HASH.fullmatch(name)]
    parents = tuple(commit for commit in commits if commit is not None)
    if len(parents) != len(names):
        raise _unreadable("it does not name commits")
    return parents


def merge_note(parents: Sequence[str]) -> tuple[str, ...]:
    """Say which lines an unfinished merge leaves out."""
    if not parents:
        return ()
    return (f"unfinished merge: lines that are already in {_names(parents)} are skipped",)


def merge_nothing(parents: Sequence[str]) -> str:
    """Say why nothing is read where these parents of an unfinished merge have every added line."""
    return f"nothing to check: every added line is already in {_names(parents)}" if parents else ""


def _names(parents: Sequence[str]) -> str:
    return " or ".join(commit[:10] for commit in parents)


def criss_cross_note(one: str, other: str, base: str, count: int) -> tuple[str, ...]:
    """Say that two commits have several merge bases, where they do.

    base   the one that is compared with
    count  of all merge bases
    """
    if count < 2:
        return ()
    return (
        f"{one[:10]} and {other[:10]} have {count} merge bases (a criss-cross merge);"
        f" compared with {base[:10]}, so lines that only another one has count as added",
    )


def _unreadable(why: str) -> EnvironmentFailure:
    return EnvironmentFailure(
        f"nothing was scored: MERGE_HEAD of an unfinished merge cannot be read: {why}",
        fix="finish the merge, or git merge --abort",
    )
