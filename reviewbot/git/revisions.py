"""Revisions: each becomes a hash before any other command sees it."""

import os
import re
from functools import lru_cache
from pathlib import Path

from reviewbot.errors import UsageError
from reviewbot.git.process import explain, git, status

DEEPEN = "git fetch --unshallow (in GitHub Actions: actions/checkout with fetch-depth: 0)"
PATHS = (
    "leave it out to read all that the working tree adds; for some files alone: "
    "git diff HEAD -- FILE | reviewbot check --diff -"
)


def head_commit(top: Path) -> str | None:
    """Return the hash of HEAD; None before the first commit."""
    return verify(top, "HEAD")


def commit_at(top: Path, oid: str) -> str | None:
    """Return the hash of the commit that a hash names, or a tag points to; None where none is."""
    return verify(top, oid)


def commit_of(top: Path, revision: str) -> str:
    """Return the hash of the commit that `revision` names.

    raises  UsageError if there is none, or the revision could be taken for an option
    """
    if revision.startswith("-") or "\0" in revision:
        raise UsageError(
            f"nothing was scored: {revision[:100]!r} is not a revision",
            fix="name a branch, a tag or a commit",
        )
    found = verify(top, revision)
    if found is None:
        if _is_path(top, revision):
            raise _path_error(revision)
        fix = "name a branch, a tag or a commit that `git rev-parse` knows"
        if is_shallow(top):
            fix = f"the clone is shallow; fetch the rest with {DEEPEN}"
        raise UsageError(f"nothing was scored: git knows no commit {revision[:100]!r}", fix=fix)
    return found


def refuse_path(top: Path, range_: str) -> None:
    """Raise UsageError where what looks like a range is a path: "..", "../a.py"."""
    left, _, right = range_.partition("..")
    right = right.removeprefix(".")
    named = (left or right) and all(verify(top, side or "HEAD") for side in (left, right))
    if _is_path(top, range_) and not named:
        raise _path_error(range_)


def _is_path(top: Path, text: str) -> bool:
    places = (text, top / text) if text else ()
    return any(os.path.exists(place) for place in places)  # noqa: PTH110 - Path's may raise


def _path_error(text: str) -> UsageError:
    what = f"nothing was scored: {text[:100]!r} is a path, and a range names commits"
    return UsageError(what, fix=PATHS)


def is_ancestor(top: Path, one: str, other: str) -> bool:
    """Return True if a commit is part of another one, as far as a shallow clone shows."""
    code, _, _ = status(top, "merge-base", "--is-ancestor", one, other)
    return code == 0


def merge_bases(top: Path, one: str, other: str) -> tuple[str, ...]:
    """Return the hashes of the best common ancestors of two commits, as git orders them.

    raises  UsageError where there is none, or a shallow clone does not reach it
    """
    code, out, err = status(top, "merge-base", "--all", one, other)
    if code == 0 and out:
        return tuple(out.decode("ascii").split())
    if code not in (0, 1):
        raise explain(top, "merge-base", code, err)
    pair = f"{one[:12]} and {other[:12]}"
    if is_shallow(top):
        raise UsageError(
            f"nothing was scored: the clone is shallow and lacks the merge base of {pair}",
            fix=DEEPEN,
        )
    raise UsageError(
        f"nothing was scored: {pair} have no common ancestor",
        fix="name a revision of the same history",
    )


def branch_of(top: Path, revision: str = "") -> str:
    """Return the branch that a revision names; "" where it names none, or HEAD is on none.

    revision  as the user gave it; "" and "HEAD" mean the branch that is checked out
    """
    if revision not in ("", "HEAD"):
        for prefix in ("refs/heads/", "refs/remotes/"):
            if verify(top, f"{prefix}{revision}"):
                return revision if prefix == "refs/heads/" else revision.partition("/")[2]
        return ""
    return (head_ref(top) or "").removeprefix("refs/heads/")


def head_ref(top: Path) -> str | None:
    """Return the full name of the branch that is checked out; None where HEAD is detached."""
    code, out, _ = status(top, "symbolic-ref", "--quiet", "HEAD")
    return out.decode("utf-8", "surrogateescape").strip() if code == 0 else None


@lru_cache(maxsize=64)
def empty_tree(top: Path) -> str:
    """Return the hash of the tree without files, in the repository's own hash."""
    return git(top, "hash-object", "-t", "tree", "--stdin").decode("ascii").strip()


def verify(top: Path, revision: str) -> str | None:
    """Return the hash of the commit that a revision names; None where it names none."""
    code, out, _ = status(top, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    found = out.decode("ascii", "replace").strip()
    # "^X" is answered with "^" and a hash: a revision to leave out, no commit.
    return found if code == 0 and re.fullmatch("[0-9a-f]{40,64}", found) else None


def is_shallow(top: Path) -> bool:
    """Return True if the history was cut off when it was fetched."""
    return git(top, "rev-parse", "--is-shallow-repository").strip() == b"true"
