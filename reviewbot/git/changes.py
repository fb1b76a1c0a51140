"""A change in a local git checkout.

What is compared (`collect`):

  nothing given  the base that `bases.default_base` finds, to the working tree
  A              the merge base of A and HEAD, to the working tree
  A..B, A...B    the merge base of A and B, to the commit B; an empty side means HEAD
  staged         HEAD to the index

During an unfinished merge, lines of another parent are marked: see `ChangeRequest.other_diffs`.
In a comparison with HEAD (A is HEAD, or staged) these are the lines of every other parent. Against
another base only of a parent that the base's branch already has, as when a branch takes in main:
lines of a teammate's or a feature branch are in the change once the merge is committed, too.
Before the first commit the base is the empty tree. Comparing HEAD with itself by mistake is an
error; an empty change says why it is empty.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from reviewbot.diff.paths import decode_path
from reviewbot.errors import UsageError
from reviewbot.git.attributes import attributes_of
from reviewbot.git.bases import Base, default_base, range_base, refuse_older, since
from reviewbot.git.checkout import CheckoutFiles, head_blobs, index_blobs, unlike_disk
from reviewbot.git.commits import Log, read_log
from reviewbot.git.files import MAX_BYTES, BlobFiles, CommitFiles, FileReader
from reviewbot.git.merges import criss_cross_note, merge_note, merge_nothing, other_parents
from reviewbot.git.process import explain, git, status
from reviewbot.git.repository import Repository, open_repository
from reviewbot.git.request import INDEX, WORKTREE, ChangeRequest
from reviewbot.git.revisions import branch_of, is_ancestor, refuse_path

DIFF = (
    "diff",
    "--find-renames",
    "--full-index",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    # From here on: what a user's configuration could otherwise change.
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--no-relative",
    "--inter-hunk-context=0",
    "--diff-algorithm=myers",
    "--indent-heuristic",
    "--submodule=short",
    "--ignore-submodules=dirty",  # git must not look into a submodule's working tree
    "--ws-error-highlight=none",
    "-O/dev/null",
)
NO_SUPPRESS = ("-c", "diff.suppressBlankEmpty=false", "-c", "diff.renameLimit=1000")
_COUNTS = re.compile(rb"(?:(\d+)\t(\d+)|-\t-)\t(.*)", re.DOTALL)


def collect(root: Path, range_: str | None = None, *, staged: bool = False) -> ChangeRequest:
    """Return the change that `range_` or `staged` means; see the head of this module.

    root    anywhere in the checkout; a bare repository only with A..B
    raises  UsageError for what is no repository or revision, for a missing merge base (shallow
            clone or no common ancestor), for a reversed range, for unresolved conflicts, and for a
            diff over 100 MB;
            EnvironmentFailure if git is not installed, refuses, fails or does not end
    """
    if staged and range_ is not None:
        raise UsageError("--staged and a range exclude each other", fix="give only one of them")
    first, dots, second = (range_ or "").partition("..")
    repo = open_repository(root, needs_worktree=not dots)
    if dots:
        right = second.removeprefix(".")
        refuse_path(repo, range_ or "")
        base = range_base(repo, first or "HEAD", right or "HEAD")
        return _explained(_of_commit(repo, base, str(base.head), branch_of(repo, right)), base)
    if staged:
        base = Base(repo.head, "nothing is staged", head=repo.head)
        return _explained(_of_checkout(repo, base, INDEX), base)
    base = default_base(repo) if range_ is None else since(repo, range_)
    request = replace(_of_checkout(repo, base, WORKTREE), commit=base.head)
    tree = "the working tree changes no tracked file"
    tree = tree if request.untracked else "the working tree is clean"
    if range_ is not None and not request.diff:
        refuse_older(base, range_, tree)
    if base.commit == base.head:
        base = base._replace(nothing=" and ".join([base.nothing, tree] if base.nothing else [tree]))
    return _explained(request, base)


def between(repo: Repository, base: str | None, head: str, branch: str = "") -> ChangeRequest:
    """Return what the commit `head` adds to the commit `base`; None: to the empty tree.

    branch   what the head is called
    """
    nothing = f"{head[:10]} changes no file of {(base or 'the empty tree')[:14]}"
    start = Base(base, nothing, head=head)
    return _explained(_of_commit(repo, start, head, branch), start)


def _explained(request: ChangeRequest, base: Base) -> ChangeRequest:
    """Return the request with notes on what it was compared with, where that is not plain.

    An empty diff says why there is nothing to check; of several merge bases, one was taken.
    """
    notes = [base.note] if base.note else []
    if base.tip and base.commit and base.head:
        notes = [*criss_cross_note(base.tip, base.head, base.commit, base.bases), *notes]
    empty = "" if request.diff else f"nothing to check: {base.nothing}"
    return replace(request, notes=(*notes, *request.notes), empty=empty)


def head_files(request: ChangeRequest, limit: int = MAX_BYTES) -> FileReader:
    """Return the reader of the request's head version.

    limit  bytes; of a larger file come limit + 1 (see `FileReader`). Not below the size above which
           `diff.skip_rules` calls a file too large.
    """
    repo = request.repo
    if request.head == WORKTREE:
        return CheckoutFiles(repo, request.in_index, request.converted, limit)
    if request.head == INDEX:
        return BlobFiles(repo.objects, request.in_index, limit)
    return CommitFiles(repo.objects, request.head, limit)


def _of_commit(repo: Repository, base: Base, head: str, branch: str) -> ChangeRequest:
    since = base.commit or repo.empty_tree
    # Attributes can hide lines ("-diff"), so those of the base count, whatever is checked out.
    names = git(repo.top, "diff-tree", "-r", "-z", "--no-renames", "--name-only", since, head)
    paths = [decode_path(name) for name in names.split(b"\0") if name]
    with attributes_of(repo, since, paths) as (place, env):
        diff, numstat = compare(place, since, head, "--", env=env)
    return ChangeRequest(
        root=repo.top,
        base=base.commit,
        head=head,
        diff=diff,
        numstat=numstat,
        log=read_log(repo, head, base.commit) if base.log is None else base.log,
        branch=branch,
        opened=repo,
    )


def _of_checkout(repo: Repository, base: Base, head: str) -> ChangeRequest:
    """Read the change of the working tree or the index."""
    top, since = repo.top, base.commit or repo.empty_tree
    side = ["--cached"] if head == INDEX else []
    listed = ["--others", "--exclude-standard"] if head == WORKTREE else []
    rows = git(top, "ls-files", "-z", "-t", "--unmerged", *listed).split(b"\0")[:-1]
    _refuse_conflicts([row for row in rows if not row.startswith(b"? ")])
    diff, numstat = compare(top, *side, since, "--")
    _refuse_misplaced(repo, since, numstat)
    parents = other_parents(repo)
    head_diff = None
    if head == WORKTREE and base.tip:
        parents = tuple(one for one in parents if is_ancestor(repo, one, base.tip))
        if parents and base.commit != base.head:
            head_diff = _lines(top, "HEAD")
    blobs = head_blobs(diff) if head == WORKTREE else {}
    odd = unlike_disk(top, blobs)
    indexed = index_blobs(top, odd, hidden=True) if head == WORKTREE else index_blobs(top, numstat)
    log = base.log
    if log is None:
        log = read_log(repo, base.head, base.commit) if base.head else Log()
    return ChangeRequest(
        root=top,
        base=base.commit,
        head=head,
        diff=diff,
        numstat=numstat,
        blobs=blobs,
        in_index=indexed,
        converted=frozenset(odd) - indexed.keys(),
        other_diffs=tuple(_lines(top, *side, one) for one in parents),
        head_diff=head_diff,
        merged=merge_nothing(parents),
        notes=merge_note(parents),
        untracked=tuple(decode_path(row[2:]) for row in rows if row.startswith(b"? ")),
        log=log,
        branch=branch_of(repo),
        opened=repo,
    )


def _lines(top: Path, *sides: str) -> str:
    """Return the diff without context: which lines are added."""
    return git(top, *NO_SUPPRESS, *DIFF, "-U0", *sides, "--").decode("utf-8", "surrogateescape")


def compare(
    where: Path, *sides: str, env: Mapping[str, str] | None = None, codes: tuple[int, ...] = (0,)
) -> tuple[str, dict[str, tuple[int, int] | None]]:
    """Return the diff, bytes that are not UTF-8 as surrogate escapes, and its numstat.

    sides   hashes, then "--" and no path: all; or what else `git diff` takes
    codes   exit codes that are no failure
    """
    command = (*NO_SUPPRESS, *DIFF, "-U3", "--numstat", "-z", "-p", *sides)
    code, out, err = status(where, *command, env=env)
    if code not in codes:
        raise explain(where, "diff", code, err)
    counts, _, diff = out.partition(b"\0\0")  # no path is empty
    return diff.decode("utf-8", "surrogateescape"), parse_numstat(counts + b"\0" if counts else b"")


def parse_numstat(raw: bytes) -> dict[str, tuple[int, int] | None]:
    """Return (added, removed) by head path from `git diff --numstat -z`; None for binary.

    raises  ValueError if it is not that
    """
    numstat: dict[str, tuple[int, int] | None] = {}
    fields = iter(raw.split(b"\0")[:-1])
    for entry in fields:
        match = _COUNTS.fullmatch(entry)
        if match is None:
            raise ValueError("not the output of git diff --numstat -z")
        path = match[3]
        if not path:  # a rename or a copy: its two paths follow
            next(fields)
            path = next(fields)
        numstat[decode_path(path)] = None if match[1] is None else (int(match[1]), int(match[2]))
    return numstat


def _refuse_misplaced(
    repo: Repository, base: str, numstat: Mapping[str, tuple[int, int] | None]
) -> None:
    """Refuse a change that deletes every file where git looks in another folder."""
    if not numstat or any(counts and counts[0] for counts in numstat.values()):
        return
    settings = [name for name in ("GIT_WORK_TREE", "GIT_INDEX_FILE") if name in os.environ]
    settings += ["core.worktree"] if repo.config("core.worktree") else []
    if not settings:
        return
    names = git(repo.top, "ls-tree", "-r", "-z", "--name-only", base).split(b"\0")[:-1]
    if {decode_path(name) for name in names} == numstat.keys():
        raise UsageError(
            f"nothing was scored: git finds no file of {base[:10]} in {repo.top}",
            fix=f"correct or unset {' and '.join(settings)}, or give a range of commits: A..B",
        )


def _refuse_conflicts(unmerged: list[bytes]) -> None:
    if unmerged:
        path = decode_path(unmerged[0].partition(b"\t")[2])
        raise UsageError(
            f"nothing was scored: {path!r} has unresolved conflicts",
            fix="finish or abort the merge first, or give a range of commits: A..B",
        )
