"""What a change is compared with: the base of a range, and the base where none is given.

A comparison of a commit with itself reads nothing. Where that is a mistake (a reversed range, a
shallow clone that lacks the base, a branch whose upstream is its own pushed copy) it is an error,
or another base is taken; where nothing was added, the result says so in words.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from reviewbot.errors import UsageError
from reviewbot.git.process import git, status
from reviewbot.git.revisions import (
    DEEPEN,
    commit_of,
    head_commit,
    head_ref,
    is_ancestor,
    is_shallow,
    merge_bases,
    verify,
)

_REMOTES, _HEADS = "refs/remotes/", "refs/heads/"
_NAMES = ("HEAD", "main", "master")  # of a remote's default branch


class Base(NamedTuple):
    """The commit to compare with."""

    commit: str | None  # None: the empty tree
    nothing: str  # in words: why the change is empty, if it is
    tip: str | None = None  # the commit whose merge base with the head it is; None: HEAD is meant
    head: str | None = None  # the commit that is compared with it, or that HEAD names
    bases: int = 1  # how many merge bases there are: it is the first
    branch: str | None = None  # the branch that is checked out, where it was asked; "" is none
    note: str = ""  # for the reader, where the base may surprise


def range_base(top: Path, left: str, right: str) -> Base:
    """Return the merge base of two revisions as the user gave them; the right one is its head.

    raises  UsageError if the left one is a descendant of the right one, or a shallow clone has the
            same commit for both
    """
    tip, head = commit_of(top, left), commit_of(top, right)
    base, *more = merge_bases(top, tip, head)
    if base == head != tip:
        raise UsageError(
            f"nothing was scored: {_shown(left)} is a descendant of {_shown(right)}, which adds"
            " nothing to it",
            fix=f"give the older revision first: {_shown(right)}..{_shown(left)}",
        )
    if tip == head and left != right:
        _refuse_shallow(top)
    said = "are the same commit" if tip == head else "hold the same files"
    nothing = f"{_shown(left)} and {_shown(right)} {said}"
    return Base(base, nothing, tip, head, 1 + len(more))


def since(top: Path, revision: str) -> Base:
    """Return the merge base of a revision and HEAD, for a comparison with the working tree."""
    tip, head = commit_of(top, revision), commit_of(top, "HEAD")
    if revision in ("HEAD", "@"):
        return Base(head, "", head=head)
    base, *more = merge_bases(top, tip, head)
    if tip == head:
        _refuse_shallow(top)
    said = _compared(tip, base, head, _shown(revision))
    return Base(base, said, tip, head, 1 + len(more))


def refuse_older(base: Base, revision: str, tree: str) -> None:
    """Raise UsageError if HEAD is an ancestor of a revision: then no commit was compared.

    base  what `since` says of the revision
    tree  in words: that the working tree adds nothing
    """
    if base.tip and base.commit == base.head != base.tip:
        raise UsageError(
            f"nothing was scored: {_shown(revision)} is a descendant of HEAD, and {tree}",
            fix=f"to check what it adds to HEAD, give the range HEAD..{_shown(revision)}",
        )


def default_base(top: Path) -> Base:
    """Return what the working tree is compared with by default.

    The merge base of HEAD and its upstream. An upstream that already has HEAD, or is the branch of
    the same name on the remote, holds what is under review: then it is the merge base of HEAD and
    the default branch of that remote (which may be the same branch: main and origin/main). On a
    local default branch that no remote has, and on the only branch of a repository, it is HEAD.
    Where nobody names a default branch, it is the one that `init.defaultBranch` names.

    raises  UsageError where nothing says what to compare with, and in a shallow clone whose base
            would be HEAD
    """
    head = head_commit(top)
    if head is None:
        return Base(None, "there is no commit yet, and nothing is staged")
    branch = head_ref(top)
    upstream, remote, own_copy = _upstream(top, branch)
    tip = verify(top, upstream) if upstream and not own_copy else None
    default = default_branch(top, remote)
    ref: str | None = upstream
    if tip is None or is_ancestor(top, head, tip):
        ref, tip = default or _configured(top) or (None, head)
    if ref is None and (branch is None or is_shallow(top) or _others(top, branch)):
        raise UsageError(
            "nothing was scored: no base found: no upstream of another name, no main, no master",
            fix=_advice(top),
        )
    name = (ref or branch or "").removeprefix(_REMOTES).removeprefix(_HEADS)
    base, *more = merge_bases(top, tip, head)
    if base == head:
        _refuse_shallow(top)
    said = _compared(tip, base, head, name)
    note = ""
    if ref and ref == upstream and (default is None or ref != default[0]):
        note = f"compared with {name}, the upstream of this branch"
    return Base(base, said, tip, head, 1 + len(more), (branch or "").removeprefix(_HEADS), note)


def settled(top: Path) -> str:
    """Return the newest commit that is not under review: where HEAD left the default branch.

    The upstream comes after that: of a pushed branch it holds what is under review. HEAD itself
    where nothing says more. raises UsageError before the first commit
    """
    head = commit_of(top, "HEAD")
    branch = head_ref(top)
    ref, tip = default_branch(top) or (None, None)
    for found in (tip if ref != branch else None, verify(top, "@{upstream}")):
        code, out, _ = status(top, "merge-base", found, head) if found else (1, b"", b"")
        if code == 0 and out:  # no common ancestor, or a shallow clone lacks it: the next one
            return out.split()[0].decode("ascii")
    return head


def _shown(revision: str) -> str:
    return revision[:10] if set(revision) <= set("0123456789abcdef") else revision[:100]


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


def default_branch(
    top: Path, remote: str = "", names: Sequence[str] = _NAMES
) -> tuple[str, str] | None:
    """Return full name and commit of the default branch: of a remote, else the local one.

    remote  to be asked first, then origin. Another one only if it is the only one: it may be
            somebody else's
    names   that it may have, the first one wins
    """
    remotes = _remotes(top)
    places = dict.fromkeys([remote, "origin", *(remotes if len(remotes) == 1 else [])])
    wanted = [f"{_REMOTES}{at}/{name}" for at in places if at not in ("", ".") for name in names]
    wanted += [f"{_HEADS}{name}" for name in names if name != "HEAD"]
    out = git(top, "for-each-ref", "--format=%(refname)%00%(objectname)%00%(symref)", *wanted)
    rows = [row.split("\0") for row in out.decode("utf-8", "surrogateescape").split("\n") if row]
    found = {ref: (symbolic or ref, commit) for ref, commit, symbolic in rows}
    return next((found[ref] for ref in wanted if ref in found), None)


def _configured(top: Path) -> tuple[str, str] | None:
    """Return full name and commit of the local branch that `init.defaultBranch` names."""
    _, out, _ = status(top, "config", "--get", "init.defaultBranch")
    name = out.decode("utf-8", "surrogateescape").strip()
    ref = f"{_HEADS}{name}"
    commit = verify(top, ref) if name else None
    return (ref, commit) if commit else None


def _remotes(top: Path) -> list[str]:
    return git(top, "remote").decode("utf-8", "surrogateescape").split("\n")[:-1]


def _advice(top: Path) -> str:
    """Return what helps where there is no base: of what this repository can do."""
    ways = []
    if remotes := _remotes(top):
        remote = "origin" if "origin" in remotes else remotes[0]
        code, out, _ = status(top, "config", "--get-all", f"remote.{remote}.fetch")
        if code == 0 and b"*" not in out:  # a clone of a single branch
            deepen = " --unshallow" if is_shallow(top) else ""
            ways.append(f"git remote set-branches {remote} '*' && git fetch{deepen} {remote}")
        else:
            ways.append(f"git remote set-head {remote} --auto")
        if is_shallow(top):
            ways.insert(0, f"fetch more history: {DEEPEN}")
    ways.append("name the branch that this one left: reviewbot check BRANCH")
    return f"{'; or '.join(ways)}. For uncommitted lines alone: reviewbot check HEAD"


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
