"""A change in a local git checkout.

What is compared (`collect`):

  nothing given  the base that `bases.default_base` finds, to the working tree
  A              the merge base of A and HEAD, to the working tree
  A..B, A...B    the merge base of A and B, to the commit B; an empty side means HEAD
  staged         HEAD to the index

Of an unfinished merge, lines that another parent brings are marked: see `ChangeRequest.others`.
In a comparison with HEAD (A is HEAD, or staged) they are those of every other parent. Against
another base only those of a parent that the base's branch has already, as when a branch takes in
main: the others' (a teammate's, a feature's) are in the change when the merge is committed, too.
Before the first commit the base is the empty tree. Where HEAD would only be compared with itself by
mistake, it is an error; an empty change says why it is empty.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from reviewbot.diff.head_match import readable
from reviewbot.diff.paths import decode_path
from reviewbot.errors import UsageError
from reviewbot.git.attributes import attributes_of, converted
from reviewbot.git.bases import Base, default_base, range_base, refuse_older, since
from reviewbot.git.checkout import CheckoutFiles, in_index
from reviewbot.git.environment import APART, UNSET, is_apart, refuse_part
from reviewbot.git.files import MAX_BYTES, FileReader, commit_files, index_files
from reviewbot.git.merges import criss_cross_note, merge_note, merge_nothing, other_parents
from reviewbot.git.process import explain, git, status
from reviewbot.git.request import INDEX, WORKTREE, ChangeRequest
from reviewbot.git.revisions import branch_of, empty_tree, head_commit, is_ancestor, refuse_path

DIFF = (
    "diff",
    "--find-renames",
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
_MAX_SUBJECTS = 100


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
    top = top_of(root, needs_worktree=not dots)
    if dots:
        right = second.removeprefix(".")
        refuse_path(top, range_ or "")
        base = range_base(top, first or "HEAD", right or "HEAD")
        request = _request(top, base.commit, str(base.head))
        return _told(replace(request, branch=branch_of(top, right)), base)
    if staged:
        here = head_commit(top)
        base = Base(here, "nothing is staged", head=here)
        return _told(replace(_request(top, here, INDEX), branch=branch_of(top)), base)
    base = default_base(top) if range_ is None else since(top, range_)
    request = _request(top, base.commit, WORKTREE, base)
    tree = "the working tree changes no tracked file"
    tree = tree if request.untracked else "the working tree is clean"
    if range_ is not None and not request.diff:
        refuse_older(base, range_, tree)
    if base.commit == base.head:
        base = base._replace(nothing=" and ".join([base.nothing, tree] if base.nothing else [tree]))
    branch = branch_of(top) if base.branch is None else base.branch
    return _told(replace(request, branch=branch, commit=base.head), base)


def _told(request: ChangeRequest, base: Base) -> ChangeRequest:
    """Return the request, which says what it was compared with where that is not plain.

    An empty diff says why there is nothing to check; of several merge bases, one was taken.
    """
    if base.note:
        request = replace(request, notes=(base.note, *request.notes))
    if base.tip and base.commit and base.head:
        notes = criss_cross_note(base.tip, base.head, base.commit, base.bases)
        request = replace(request, notes=(*notes, *request.notes))
    nothing = "" if request.diff else f"nothing to check: {base.nothing}"
    return replace(request, nothing=nothing)


def between(top: Path, base: str | None, head: str, branch: str = "") -> ChangeRequest:
    """Return what the commit `head` adds to the commit `base`; None: to the empty tree.

    top      the top of the checkout, or a bare repository
    branch   what the head is called
    """
    request = replace(_request(top, base, head), branch=branch)
    nothing = f"{head[:10]} changes no file of {(base or 'the empty tree')[:14]}"
    return _told(request, Base(base, nothing, head=head))


def head_files(request: ChangeRequest, limit: int = MAX_BYTES) -> FileReader:
    """Return the reader of the request's head version; close it after use.

    limit  bytes; of a larger file come limit + 1 (see `FileReader`). Not below the size above which
           `diff.skip_rules` calls a file too large.
    """
    if request.head == WORKTREE:
        return CheckoutFiles(request.root, request.in_index, request.converted, limit)
    if request.head == INDEX:
        return index_files(request.root, limit)
    return commit_files(request.root, request.head, limit)


def top_of(root: Path, *, needs_worktree: bool = True) -> Path:
    """Return the top of the checkout that `root` lies in; of a bare repository `root` itself.

    raises  UsageError if there is no repository, or no working tree where one is needed, or
            GIT_DIR names another checkout
    """
    code, out, err = status(root, "rev-parse", "--show-toplevel", "--absolute-git-dir")
    if code == 0:
        found, _, git_dir = os.fsdecode(out.removesuffix(b"\n")).rpartition("\n")
        top = Path(found)
        if is_apart(root, top):
            raise UsageError(APART.format(root), fix=UNSET)
        refuse_part(top.resolve(), git_dir)
        return top
    if not needs_worktree and "must be run in a work tree" in err:
        return root
    raise explain(root, "rev-parse", code, err)


def _request(top: Path, base: str | None, head: str, against: Base | None = None) -> ChangeRequest:
    """Read the change from git.

    against  of a working tree, where the base comes from
    """
    if head in (WORKTREE, INDEX):
        _refuse_conflicts(top)
    since = base or empty_tree(top)
    parents: tuple[str, ...] = ()
    others: list[str] = []
    ours = None
    if head in (WORKTREE, INDEX):
        side = ["--cached"] if head == INDEX else []
        diff, counts = _compared(top, *side, since)
        parents = other_parents(top)
        if against and (tip := against.tip):
            parents = tuple(one for one in parents if is_ancestor(top, one, tip))
            if parents and base != against.head:
                ours = _lines(top, "HEAD")
        others = [_lines(top, *side, one) for one in parents]
    else:
        # They can hide lines ("-diff"), so those of the base count, whatever is checked out.
        with attributes_of(top, since) as (place, env):
            diff, counts = _compared(place, since, head, env=env)
    numstat = parse_numstat(counts)
    if head in (WORKTREE, INDEX):
        _refuse_misplaced(top, since, numstat)
    on_disk = numstat if head == WORKTREE else {}
    untracked = b""
    if head == WORKTREE:
        untracked = git(top, "ls-files", "--others", "--exclude-standard", "-z")
    return ChangeRequest(
        root=top,
        base=base,
        head=head,
        diff=diff.decode("utf-8", "surrogateescape"),
        numstat=numstat,
        in_index=in_index(top, on_disk),
        converted=converted(top, on_disk),
        others=tuple(others),
        ours=ours,
        theirs=merge_nothing(parents),
        notes=merge_note(parents),
        untracked=tuple(decode_path(path) for path in untracked.split(b"\0") if path),
        subjects=_subjects(top, base, "HEAD" if head in (WORKTREE, INDEX) else head),
    )


def _lines(top: Path, *sides: str) -> str:
    """Return the diff without context: which lines are added."""
    return git(top, *NO_SUPPRESS, *DIFF, "-U0", *sides, "--").decode("utf-8", "surrogateescape")


def _compared(
    where: Path, *sides: str, env: Mapping[str, str] | None = None
) -> tuple[bytes, bytes]:
    """Return the diff and its numstat. Sides are hashes: "--" cannot be missed; no path is all."""
    command = (*NO_SUPPRESS, *DIFF)
    diff = git(where, *command, "-U3", *sides, "--", env=env)
    return diff, git(where, *command, "--numstat", "-z", *sides, "--", env=env)


def parse_numstat(raw: bytes) -> dict[str, tuple[int, int] | None]:
    """Return (added, removed) by head path from `git diff --numstat -z`; None for binary.

    raises  ValueError if it is not that
    """
    found: dict[str, tuple[int, int] | None] = {}
    fields = iter(raw.split(b"\0")[:-1])
    for entry in fields:
        match = _COUNTS.fullmatch(entry)
        if match is None:
            raise ValueError("not the output of git diff --numstat -z")
        path = match[3]
        if not path:  # a rename or a copy: its two paths follow
            next(fields)
            path = next(fields)
        found[decode_path(path)] = None if match[1] is None else (int(match[1]), int(match[2]))
    return found


def _refuse_misplaced(top: Path, base: str, numstat: Mapping[str, tuple[int, int] | None]) -> None:
    """Refuse a change that deletes every file where git was told to look in another place."""
    if not numstat or any(counts and counts[0] for counts in numstat.values()):
        return
    told = [name for name in ("GIT_WORK_TREE", "GIT_INDEX_FILE") if name in os.environ]
    if status(top, "config", "--get", "core.worktree")[0] == 0:
        told.append("core.worktree")
    if not told:
        return
    names = git(top, "ls-tree", "-r", "-z", "--name-only", base).split(b"\0")[:-1]
    if {decode_path(name) for name in names} == numstat.keys():
        raise UsageError(
            f"nothing was scored: git finds no file of {base[:10]} in {top}",
            fix=f"correct or unset {' and '.join(told)}, or give a range of commits: A..B",
        )


def _refuse_conflicts(top: Path) -> None:
    unmerged = git(top, "ls-files", "--unmerged", "-z")
    if unmerged:
        path = decode_path(unmerged.split(b"\0")[0].partition(b"\t")[2])
        raise UsageError(
            f"nothing was scored: {path!r} has unresolved conflicts",
            fix="finish or abort the merge first, or give a range of commits: A..B",
        )


def _subjects(top: Path, base: str | None, head: str) -> tuple[str, ...]:
    code, out, _ = status(
        top,
        "log",
        "-z",
        "--no-color",
        "--format=%s",
        f"--max-count={_MAX_SUBJECTS}",
        *([f"{base}..{head}"] if base else [head]),
        "--",
    )
    if code != 0 and base is None:  # before the first commit there is no HEAD
        return ()
    if code != 0:
        raise explain(top, "log", code, "")
    subjects = out.decode("utf-8", "surrogateescape").split("\0")
    return tuple(readable(subject) for subject in subjects if subject)
