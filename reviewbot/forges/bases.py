"""What a change is compared with: the base of a range, and the base where none is given.

A comparison of a commit with itself reads nothing. Where that is a mistake (a reversed range, a
shallow clone that lacks the base, a branch whose upstream is its own pushed copy) it is an error,
or another base is taken; where nothing was added, the result says so in words.
"""

from pathlib import Path
from typing import NamedTuple

from reviewbot.core.errors import UsageError
from reviewbot.forges.git import git, status
from reviewbot.forges.revisions import (
    DEEPEN,
    commit_of,
    head_commit,
    head_ref,
    is_shallow,
    merge_base,
    verify,
)

_REMOTES, _HEADS = "refs/remotes/", "refs/heads/"
_NAMES = ("HEAD", "main", "master")  # of a remote's default branch
_LOCAL = (f"{_HEADS}main", f"{_HEADS}master")
_DEFAULTS = (*(f"{_REMOTES}origin/{name}" for name in _NAMES), *_LOCAL)


class Base(NamedTuple):
    """The commit to compare with."""

    commit: str | None  # None: the empty tree
    nothing: str  # in words: why the change is empty, if it is
    tip: str | None = None  # the commit whose merge base with the head it is


def range_base(top: Path, left: str, right: str) -> tuple[Base, str]:
    """Return the merge base of two revisions as the user gave them, and the hash of the right one.

    raises  UsageError if the left one is a descendant of the right one, or a shallow clone has the
            same commit for both
    """
    tip, head = commit_of(top, left), commit_of(top, right)
    base = merge_base(top, tip, head)
    if base == head != tip:
        raise UsageError(
            f"nothing was scored: {_shown(left)} is a descendant of {_shown(right)}, which adds"
            " nothing to it",
            fix=f"give the older revision first: {_shown(right)}..{_shown(left)}",
        )
    if tip == head and left != right:
        _refuse_shallow(top)
    said = "are the same commit" if tip == head else "hold the same files"
    return Base(base, f"{_shown(left)} and {_shown(right)} {said}", tip), head


def since(top: Path, revision: str) -> Base:
    """Return the merge base of a revision and HEAD, for a comparison with the working tree."""
    tip, head = commit_of(top, revision), commit_of(top, "HEAD")
    if revision in ("HEAD", "@"):
        return Base(head, "", tip)
    base = merge_base(top, tip, head)
    if tip == head:
        _refuse_shallow(top)
    return Base(base, _compared(tip, base, head, _shown(revision)), tip)


def refuse_older(top: Path, revision: str) -> None:
    """Raise UsageError if HEAD is an ancestor of a revision: then no commit was compared."""
    tip, head = commit_of(top, revision), commit_of(top, "HEAD")
    if tip != head and merge_base(top, tip, head) == head:
        raise UsageError(
            f"nothing was scored: {_shown(revision)} is a descendant of HEAD, and the working tree"
            " is clean",
            fix=f"to check what it adds to HEAD, give the range HEAD..{_shown(revision)}",
        )


def default_base(top: Path) -> Base:
    """Return what the working tree is compared with by default.

    The merge base of HEAD and its upstream. An upstream that already has HEAD, or is the branch of
    the same name on the remote, holds what is under review: then it is the merge base of HEAD and
    the default branch of that remote (which may be the same branch: main and origin/main). On a
    local default branch that no remote has, and on the only branch of a repository, it is HEAD.

    raises  UsageError where nothing says what to compare with, and in a shallow clone whose base
            would be HEAD
    """
    head = head_commit(top)
    if head is None:
        return Base(None, "there is no commit yet, and nothing is staged")
    branch = head_ref(top)
    upstream, remote, own_copy = _upstream(top, branch)
    ref = _default_branch(top, remote)
    tip = verify(top, upstream) if upstream else None
    if tip and not own_copy and not _has(top, tip, head):
        ref = upstream
    if ref is None and (branch is None or is_shallow(top) or _others(top, branch)):
        raise UsageError(
            "nothing was scored: nothing says what to compare with (no upstream of another name, no"
            " main, no master)",
            fix="git remote set-head origin --auto, or give a range such as origin/develop; in a"
            f" shallow clone first: {DEEPEN}",
        )
    name = (ref or branch or "").removeprefix(_REMOTES).removeprefix(_HEADS)
    tip = (verify(top, ref) if ref else None) or head
    base = merge_base(top, tip, head)
    if base == head:
        _refuse_shallow(top)
    return Base(base, _compared(tip, base, head, name), tip)


def settled(top: Path) -> str:
    """Return the newest commit that is not under review: where HEAD left the default branch.

    The upstream comes after that: of a pushed branch it holds what is under review. HEAD itself
    where nothing says more. raises UsageError before the first commit
    """
    head = commit_of(top, "HEAD")
    branch = head_ref(top)
    defaults = _DEFAULTS[: _DEFAULTS.index(branch)] if branch in _DEFAULTS else _DEFAULTS
    for name in (*defaults, "@{upstream}"):
        found = verify(top, name)
        code, out, _ = status(top, "merge-base", found, head) if found else (1, b"", b"")
        if code == 0 and out:  # no common ancestor, or a shallow clone lacks it: the next one
            return out.split()[0].decode("ascii")
    return head


def _shown(revision: str) -> str:
    return revision[:10] if set(revision) <= set("0123456789abcdef") else revision[:100]


def _has(top: Path, tip: str, commit: str) -> bool:
    code, _, _ = status(top, "merge-base", "--is-ancestor", commit, tip)
    return code == 0  # as far as a shallow clone shows


def _compared(tip: str, base: str, head: str, name: str) -> str:
    if base != head:
        return f"no file differs from {base[:10]}, where HEAD left {name}"
    return f"HEAD is {name}" if tip == head else f"HEAD is part of {name}"


def _upstream(top: Path, branch: str | None) -> tuple[str, str, bool]:
    """Return the upstream's full name, its remote, and whether it is the branch's own copy there.

    "" where there is none. A branch that is gone on the remote is named all the same.
    """
    if branch is None:
        return "", "", False
    asked = "%(upstream)%00%(upstream:remotename)%00%(upstream:remoteref)"
    out = git(top, "for-each-ref", f"--format={asked}", branch)
    row = out.decode("utf-8", "surrogateescape").partition("\n")[0]
    name, remote, there = [*row.split("\0"), "", "", ""][:3]
    return name, remote, remote != "." and there == branch


def _default_branch(top: Path, remote: str) -> str | None:
    """Return the full name of the default branch: of this remote, of origin, of another, local."""
    listed = git(top, "remote").decode("utf-8", "surrogateescape").split("\n")
    for place in dict.fromkeys([remote, "origin", *sorted(listed)]):
        for name in _NAMES:
            ref = f"{_REMOTES}{place}/{name}"
            if place in ("", ".") or not verify(top, ref):
                continue
            code, out, _ = status(top, "symbolic-ref", "--quiet", ref)
            return out.decode("utf-8", "surrogateescape").strip() if code == 0 else ref
    return next((ref for ref in _LOCAL if verify(top, ref)), None)


def _others(top: Path, branch: str) -> bool:
    """Return True if there is another branch, here or on a remote."""
    out = git(top, "for-each-ref", "--format=%(refname)", "--count=2", _HEADS, _REMOTES)
    return any(
        name != branch for name in out.decode("utf-8", "surrogateescape").split("\n") if name
    )


def _refuse_shallow(top: Path) -> None:
    if is_shallow(top):
        raise UsageError(
            "nothing was scored: the clone is shallow, and HEAD would be compared with itself",
            fix=f"fetch more history: {DEEPEN}; then give a range such as HEAD~1..HEAD. For"
            " uncommitted lines alone: reviewbot check HEAD",
        )
