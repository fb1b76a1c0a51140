"""What a change is compared with: the base of a range, the default base, and the other parents.

A comparison of a commit with itself reads nothing. Where that is a mistake (a reversed range, a
shallow clone that lacks the base, a branch whose upstream is its own pushed copy) it is an error,
or another base is taken; where nothing was added, the result says so in words. An unfinished merge
has other parents than HEAD, and a criss-cross merge several merge bases.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from reviewbot.errors import EnvironmentFailure, UsageError
from reviewbot.git.log import Log, fork_points
from reviewbot.git.process import git, status
from reviewbot.git.repository import (
    DEEPEN,
    DEFAULTS,
    HEADS,
    REMOTES,
    Repository,
    commit_of,
    default_patterns,
)


class Base(NamedTuple):
    """The commit to compare with."""

    commit: str | None  # None: the empty tree
    nothing: str  # in words: why the change is empty, if it is
    tip: str | None = None  # the commit whose merge base with the head it is; None: HEAD is meant
    head: str | None = None  # the commit that is compared with it, or that HEAD names
    bases: int = 1  # how many merge bases there are: it is the first
    log: Log | None = None  # the commits from it to the head, where they are known
    note: str = ""  # for the reader, where the base may surprise


def range_base(repo: Repository, left: str, right: str) -> Base:
    """Return the merge base of two revisions as the user gave them; the right one is its head.

    raises  UsageError if the left one is a descendant of the right one, or a shallow clone has the
            same commit for both
    """
    tip, head = commit_of(repo, left), commit_of(repo, right)
    (base, *more), log = fork_points(repo, tip, head)
    if base == head != tip:
        raise UsageError(
            f"nothing was scored: {_shown(left)} is a descendant of {_shown(right)}, which adds"
            " nothing to it",
            fix=f"give the older revision first: {_shown(right)}..{_shown(left)}",
        )
    if tip == head and left != right:
        _refuse_shallow(repo)
    relation = "are the same commit" if tip == head else "hold the same files"
    nothing = f"{_shown(left)} and {_shown(right)} {relation}"
    return Base(base, nothing, tip, head, 1 + len(more), log)


def since(repo: Repository, revision: str) -> Base:
    """Return the merge base of a revision and HEAD, for a comparison with the working tree."""
    tip, head = commit_of(repo, revision), commit_of(repo, "HEAD")
    if revision in ("HEAD", "@"):
        return Base(head, "", head=head)
    (base, *more), log = fork_points(repo, tip, head)
    if tip == head:
        _refuse_shallow(repo)
    nothing = _compared(tip, base, head, _shown(revision))
    return Base(base, nothing, tip, head, 1 + len(more), log)


def refuse_older(base: Base, revision: str, tree: str) -> None:
    """Raise UsageError if HEAD is an ancestor of a revision: then no commit was compared.

    base  what `since` returns for the revision
    tree  in words: that the working tree adds nothing
    """
    if base.tip and base.commit == base.head != base.tip:
        raise UsageError(
            f"nothing was scored: {_shown(revision)} is a descendant of HEAD, and {tree}",
            fix=f"to check what it adds to HEAD, give the range HEAD..{_shown(revision)}",
        )


def default_base(repo: Repository) -> Base:
    """Return what the working tree is compared with by default.

    The merge base of HEAD and its upstream. An upstream that already has HEAD, or is the branch of
    the same name on the remote, holds what is under review: then it is the merge base of HEAD and
    the default branch of that remote (which may be the same branch: main and origin/main). On a
    local default branch that no remote has, and on the only branch of a repository, it is HEAD.
    Where nothing names a default branch, it is the one that `init.defaultBranch` names.

    raises  UsageError where nothing says what to compare with, and in a shallow clone whose base
            would be HEAD
    """
    head, branch = repo.head, repo.head_ref
    if head is None:
        return Base(None, "there is no commit yet, and nothing is staged")
    own = repo.refs.get(branch or "")
    upstream, remote = (own.upstream, own.remote) if own else ("", "")
    own_copy = own is not None and remote != "." and own.remote_ref == branch
    tip = repo.objects.commit(upstream) if upstream and not own_copy else None
    default = default_branch(repo, remote)
    ref: str | None = upstream
    points = fork_points(repo, tip, head) if tip else None
    if tip is None or points is None or points[0][0] == head:
        ref, tip = default or _configured(repo) or (None, head)
        points = None
    if ref is None and (branch is None or repo.is_shallow or _has_others(repo, branch)):
        raise UsageError(
            "nothing was scored: no base found: no upstream of another name, no main, no master",
            fix=_advice(repo),
        )
    name = (ref or branch or "").removeprefix(REMOTES).removeprefix(HEADS)
    (base, *more), log = points or fork_points(repo, tip, head)
    if base == head:
        _refuse_shallow(repo)
    nothing = _compared(tip, base, head, name)
    note = ""
    if ref and ref == upstream and (default is None or ref != default[0]):
        note = f"compared with {name}, the upstream of this branch"
    return Base(base, nothing, tip, head, 1 + len(more), log, note)


def settled(repo: Repository) -> str:
    """Return the newest commit that is not under review: where HEAD left the default branch.

    Else where it left its upstream, which holds what is under review if the branch was pushed. Else
    HEAD itself. raises UsageError before the first commit
    """
    head = commit_of(repo, "HEAD")
    ref, tip = default_branch(repo) or (None, None)
    for other in (tip if ref != repo.head_ref else None, repo.objects.commit("@{upstream}")):
        code, out, _ = status(repo.top, "merge-base", other, head) if other else (1, b"", b"")
        if code == 0 and out:  # no common ancestor, or a shallow clone lacks it: the next one
            return out.split()[0].decode("ascii")
    return head


def _shown(revision: str) -> str:
    return revision[:10] if set(revision) <= set("0123456789abcdef") else revision[:100]


def _compared(tip: str, base: str, head: str, name: str) -> str:
    if base != head:
        return f"no file differs from {base[:10]}, where HEAD left {name}"
    return f"HEAD is {name}" if tip == head else f"HEAD is part of {name}"


def default_branch(
    repo: Repository, remote: str = "", names: tuple[str, ...] = DEFAULTS
) -> tuple[str, str] | None:
    """Return full name and commit of the default branch: of a remote, else the local one.

    remote  looked up first, then origin. Another one only if it is the only one: it may be
            somebody else's
    names   that it may have, the first one wins
    """
    refs = repo.refs if names == DEFAULTS else repo.refs_like(*default_patterns(names))
    places = [at for at in dict.fromkeys([remote, "origin"]) if at not in ("", ".")]
    wanted = [f"{REMOTES}{at}/{name}" for at in places for name in names]
    if not refs.keys() & set(wanted) and len(repo.remotes) == 1:
        wanted += [f"{REMOTES}{repo.remotes[0]}/{name}" for name in names]
    wanted += [f"{HEADS}{name}" for name in names if name != "HEAD"]
    ref = next((refs[name] for name in wanted if name in refs), None)
    return (ref.target or ref.name, ref.oid) if ref else None


def _configured(repo: Repository) -> tuple[str, str] | None:
    """Return full name and commit of the local branch that `init.defaultBranch` names."""
    for name in repo.config("init.defaultBranch")[-1:]:
        if commit := repo.objects.commit(f"{HEADS}{name}"):
            return f"{HEADS}{name}", commit
    return None


def _advice(repo: Repository) -> str:
    """Return what helps where there is no base, in this repository."""
    ways = []
    if remotes := repo.remotes:
        remote = "origin" if "origin" in remotes else remotes[0]
        fetched = repo.config(f"remote.{remote}.fetch")
        if fetched and not any("*" in spec for spec in fetched):  # a clone of a single branch
            deepen = " --unshallow" if repo.is_shallow else ""
            ways.append(f"git remote set-branches {remote} '*' && git fetch{deepen} {remote}")
        else:
            ways.append(f"git remote set-head {remote} --auto")
        if repo.is_shallow:
            ways.insert(0, f"fetch more history: {DEEPEN}")
    ways.append("name the branch that this one left: reviewbot check BRANCH")
    return f"{'; or '.join(ways)}. For uncommitted lines alone: reviewbot check HEAD"


def _has_others(repo: Repository, branch: str) -> bool:
    """Return True if there is another branch, here or on a remote."""
    out = git(repo.top, "for-each-ref", "--format=%(refname)", "--count=2", HEADS, REMOTES)
    names = out.decode("utf-8", "surrogateescape").split("\n")
    return any(name != branch for name in names if name)


def _refuse_shallow(repo: Repository) -> None:
    if repo.is_shallow:
        raise UsageError(
            "nothing was scored: the clone is shallow, and HEAD would be compared with itself",
            fix=f"fetch more history: {DEEPEN}; then give a range such as HEAD~1..HEAD. For"
            " uncommitted lines alone: reviewbot check HEAD",
        )


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
