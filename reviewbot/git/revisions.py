"""Revisions: each becomes a hash before any other command sees it."""

import os

from reviewbot.errors import UsageError
from reviewbot.git.process import explain, status
from reviewbot.git.repository import HEADS, REMOTES, Repository

DEEPEN = "git fetch --unshallow (in GitHub Actions: actions/checkout with fetch-depth: 0)"
PATHS = (
    "leave it out to read all that the working tree adds; for some files alone: "
    "git diff HEAD -- FILE | reviewbot check --diff -"
)


def commit_of(repo: Repository, revision: str) -> str:
    """Return the hash of the commit that `revision` names.

    raises  UsageError if there is none, or the revision could be taken for an option
    """
    if revision.startswith("-") or "\0" in revision:
        raise UsageError(
            f"nothing was scored: {revision[:100]!r} is not a revision",
            fix="name a branch, a tag or a commit",
        )
    if revision == "HEAD" and repo.head:
        return repo.head
    commit = repo.objects.commit(revision)
    if commit is None:
        if _is_path(repo, revision):
            raise _path_error(revision)
        fix = "name a branch, a tag or a commit that `git rev-parse` knows"
        if repo.is_shallow:
            fix = f"the clone is shallow; fetch the rest with {DEEPEN}"
        raise UsageError(f"nothing was scored: git knows no commit {revision[:100]!r}", fix=fix)
    return commit


def refuse_path(repo: Repository, range_: str) -> None:
    """Raise UsageError where what looks like a range is a path: "..", "../a.py"."""
    if not _is_path(repo, range_):
        return
    left, _, right = range_.partition("..")
    right = right.removeprefix(".")
    sides = [repo.objects.commit(side or "HEAD") for side in (left, right)]
    if not (left or right) or None in sides:
        raise _path_error(range_)


def _is_path(repo: Repository, text: str) -> bool:
    places = (text, repo.top / text) if text else ()
    return any(os.path.exists(place) for place in places)  # noqa: PTH110 - Path's may raise


def _path_error(text: str) -> UsageError:
    what = f"nothing was scored: {text[:100]!r} is a path, and a range names commits"
    return UsageError(what, fix=PATHS)


def is_ancestor(repo: Repository, one: str, other: str) -> bool:
    """Return True if a commit is an ancestor of another, as far as a shallow clone shows."""
    code, _, _ = status(repo.top, "merge-base", "--is-ancestor", one, other)
    return code == 0


def merge_bases(repo: Repository, one: str, other: str) -> tuple[str, ...]:
    """Return the hashes of the best common ancestors of two commits, in git's order.

    raises  UsageError where there is none, or a shallow clone does not reach it
    """
    code, out, err = status(repo.top, "merge-base", "--all", one, other)
    if code == 0 and out:
        return tuple(out.decode("ascii").split())
    if code not in (0, 1):
        raise explain(repo.top, "merge-base", code, err)
    pair = f"{one[:12]} and {other[:12]}"
    if repo.is_shallow:
        raise UsageError(
            f"nothing was scored: the clone is shallow and lacks the merge base of {pair}",
            fix=DEEPEN,
        )
    raise UsageError(
        f"nothing was scored: {pair} have no common ancestor",
        fix="name a revision of the same history",
    )


def branch_of(repo: Repository, revision: str = "") -> str:
    """Return the branch that a revision names; "" where it names none, or HEAD is detached.

    revision  as the user gave it; "" and "HEAD" mean the branch that is checked out
    """
    if revision in ("", "HEAD"):
        return (repo.head_ref or "").removeprefix(HEADS)
    if repo.objects.commit(f"{HEADS}{revision}"):
        return revision
    return revision.partition("/")[2] if repo.objects.commit(f"{REMOTES}{revision}") else ""
