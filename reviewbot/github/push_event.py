"""The commits that a push event adds: what to compare them with.

  an existing branch              its previous commit, if that is an ancestor of the new one
  a new branch, a tag             the merge base with the default branch
  a forced push                   the merge base with the default branch; for the default branch
                                  itself, the merge base of old and new history
  the first push to a repository  the empty tree: everything is read
  a deletion                      nothing

A forced push to the default branch is an error if the clone lacks the replaced commit.

The settings are those of the default branch; for a push to the default branch itself, those of the
replaced commit (`Pushed.policy`).
"""

from typing import NamedTuple

from reviewbot.errors import UsageError
from reviewbot.git.bases import default_branch
from reviewbot.git.process import status
from reviewbot.git.repository import DEEPEN, Repository, commit_of, is_ancestor, merge_bases
from reviewbot.github.events import Target


class Pushed(NamedTuple):
    """What to compare; `base` None is the empty tree."""

    base: str | None
    head: str
    note: str | None = None  # where it is not what the push replaced
    policy: str | None = None  # the commit whose settings count; None in an empty repository


def pushed(repo: Repository, target: Target) -> Pushed:
    """Return what a push adds, its head being in the clone; see the head of this module.

    raises  UsageError if the clone lacks a needed commit, or the event names no ref
    """
    head = commit_of(repo, str(target.head))
    before = repo.objects.commit(target.base) if target.base else None
    default = target.default_branch
    tag = (target.ref or "").startswith("refs/tags/")
    to_default = default is not None and target.ref == f"refs/heads/{default}"
    found = default_branch(repo, names=(default,)) if default and not to_default else None
    tip = found[1] if found else None  # a push to another branch may not choose its settings
    if before and not tag and is_ancestor(repo, before, head):
        return Pushed(before, head, policy=tip or before)
    if target.ref is None or default is None:
        raise UsageError(
            "nothing was reviewed: the event names no earlier commit of this history, and no ref or"
            " default branch",
            fix=f"give a range to `reviewbot check`; in a shallow clone first: {DEEPEN}",
        )
    if to_default:
        return _to_default(repo, target, before, head)
    name = target.ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    if tip is None:
        raise UsageError(
            f"nothing was reviewed: the clone has no {default}, with which {name} is compared",
            fix=f"git fetch origin {default}:refs/remotes/origin/{default} (in GitHub Actions:"
            " actions/checkout with fetch-depth: 0)",
        )
    kind = f"a new branch, {name}"
    if tag or target.base:
        kind = f"the tag {name}" if tag else f"a forced push of {name}"
    base = _common(repo, tip, head)
    if base == head:
        return Pushed(base, head, f"{kind}: {default} already has its commits", tip)
    where = f"where it left {default}" if base else f"the empty tree, unrelated to {default}"
    return Pushed(base, head, f"{kind}: compared with {where}", tip)


def _to_default(repo: Repository, target: Target, before: str | None, head: str) -> Pushed:
    if target.base and before is None:
        fetch = f"git fetch origin {target.base} first, or give a range to `reviewbot check`"
        raise UsageError(
            f"nothing was reviewed: {target.base[:12]}, where {target.default_branch} was before,"
            " is not in the clone",
            fix=DEEPEN if repo.is_shallow else fetch,
        )
    if before is not None:
        base = _common(repo, before, head)
        parted = "compared with where old and new history part"
        if base is None:
            parted = "compared with the empty tree, as old and new history share nothing"
        if base == head:
            parted = "no new commits"
        return Pushed(base, head, f"forced push: {parted}", before)
    if repo.is_shallow:
        raise UsageError(
            "nothing was reviewed: this is the first push to this repository, and the clone is"
            " shallow",
            fix=DEEPEN,
        )
    note = "first push to this repository: everything was compared with the empty tree"
    return Pushed(None, head, note)


def _common(repo: Repository, one: str, other: str) -> str | None:
    """Return the merge base; None where two whole histories have none."""
    if repo.is_shallow:
        return merge_bases(repo, one, other)[0]  # which tells what is missing
    code, out, _ = status(repo.top, "merge-base", one, other)
    return out.split()[0].decode("ascii") if code == 0 and out else None
