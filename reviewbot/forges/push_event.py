"""What a push adds, as GitHub's event tells of it.

  the branch was there before     where it was, if that is an ancestor of where it is now
  a new branch, a tag             where it left the default branch
  a forced push                   where it left the default branch; on the default branch itself
                                  where old and new history part
  the first push of all           the empty tree: everything is read
  a deletion                      nothing is to be checked

A forced push to the default branch over a commit that is not in the clone is an error: nothing says
what is new.
"""

from pathlib import Path
from typing import NamedTuple

from reviewbot.core.errors import UsageError
from reviewbot.core.target import Target
from reviewbot.forges.git import git, status
from reviewbot.forges.revisions import DEEPEN, commit_at, commit_of, is_shallow, merge_base, verify


class Pushed(NamedTuple):
    """What to compare; `base` None is the empty tree."""

    base: str | None
    head: str
    note: str | None = None  # where it is not what the push replaced


def pushed(top: Path, target: Target) -> Pushed:
    """Return what a push adds, its head being in the clone; see the head of this module.

    raises  UsageError where the clone lacks a commit that is needed, or the event does not say
            which ref it is about
    """
    head = commit_of(top, str(target.head))
    before = commit_at(top, target.base) if target.base else None
    tag = (target.ref or "").startswith("refs/tags/")
    if before and not tag and _is_ancestor(top, before, head):
        return Pushed(before, head)
    default = target.default_branch
    if target.ref is None or default is None:
        raise UsageError(
            "nothing was reviewed: the event names no earlier commit of this history, and no ref or"
            " default branch",
            fix=f"give a range to `reviewbot check`; in a shallow clone first: {DEEPEN}",
        )
    name = target.ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    if target.ref == f"refs/heads/{default}":
        return _to_default(top, target, before, head)
    found = _default_tip(top, default)
    if found is None:
        raise UsageError(
            f"nothing was reviewed: the clone has no {default}, with which {name} is compared",
            fix=f"git fetch origin {default}:refs/remotes/origin/{default} (in GitHub Actions:"
            " actions/checkout with fetch-depth: 0)",
        )
    kind = f"a new branch, {name}"
    if tag or target.base:
        kind = f"the tag {name}" if tag else f"a forced push of {name}"
    base = _common(top, found, head)
    if base == head:
        return Pushed(base, head, f"{kind}: {default} already has its commits")
    where = f"where it left {default}" if base else f"the empty tree, unrelated to {default}"
    return Pushed(base, head, f"{kind}: compared with {where}")


def _to_default(top: Path, target: Target, before: str | None, head: str) -> Pushed:
    if target.base and before is None:
        fetch = f"git fetch origin {target.base} first, or give a range to `reviewbot check`"
        raise UsageError(
            f"nothing was reviewed: {target.base[:12]}, where {target.default_branch} was before,"
            " is not in the clone",
            fix=DEEPEN if is_shallow(top) else fetch,
        )
    if before is not None:
        base = _common(top, before, head)
        parted = "the old history has all of it"
        if base != head:
            parted = "compared with where old and new history part"
        return Pushed(base, head, f"a forced push: {parted}")
    if is_shallow(top):
        raise UsageError(
            "nothing was reviewed: this is the first push of all, and the clone is shallow",
            fix=DEEPEN,
        )
    return Pushed(None, head, "the first push of all: everything was compared with the empty tree")


def _common(top: Path, one: str, other: str) -> str | None:
    """Return the merge base; None where two whole histories have none."""
    if is_shallow(top):
        return merge_base(top, one, other)  # which tells what is missing
    code, out, _ = status(top, "merge-base", one, other)
    return out.split()[0].decode("ascii") if code == 0 and out else None


def _is_ancestor(top: Path, one: str, other: str) -> bool:
    code, _, _ = status(top, "merge-base", "--is-ancestor", one, other)
    return code == 0


def _default_tip(top: Path, default: str) -> str | None:
    """Return where the default branch is: on origin, on another remote, else in the clone."""
    listed = git(top, "remote").decode("utf-8", "surrogateescape").split("\n")
    places = [f"refs/remotes/{name}/{default}" for name in ("origin", *sorted(listed)) if name]
    found = (verify(top, place) for place in (*places, f"refs/heads/{default}"))
    return next((commit for commit in found if commit), None)
