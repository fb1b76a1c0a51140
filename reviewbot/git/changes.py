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

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from reviewbot.authorship.model import UNCOMMITTED, Origin
from reviewbot.diff.model import Change, Entry, FileKind, readable
from reviewbot.diff.paths import decode_path
from reviewbot.errors import UsageError
from reviewbot.git.attributes import attributes_of
from reviewbot.git.bases import (
    Base,
    criss_cross_note,
    default_base,
    merge_note,
    merge_nothing,
    other_parents,
    range_base,
    refuse_older,
    since,
)
from reviewbot.git.comparison import (
    CheckoutFiles,
    added_lines,
    compare,
    head_blobs,
    index_blobs,
    refuse_conflicts,
    refuse_misplaced,
    unlike_disk,
)
from reviewbot.git.files import MAX_BYTES, BlobFiles, CommitFiles, FileReader
from reviewbot.git.log import Blamed, Log, LoggedCommit, read_log
from reviewbot.git.process import git
from reviewbot.git.repository import (
    Repository,
    branch_of,
    is_ancestor,
    open_repository,
    refuse_path,
)

WORKTREE = "worktree"
INDEX = "index"
_MOVING = (FileKind.DELETED, FileKind.RENAMED, FileKind.COPIED)


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """The change as text, and where its head files are."""

    root: Path  # top of the checkout; the paths of the diff are below it
    base: str | None  # commit hash; None where the base is the empty tree
    head: str  # "worktree", "index" or a commit hash
    diff: str  # for `diff.parser.parse`; bytes that are not UTF-8 as surrogate escapes
    # (added, removed) by head path, from `git diff --numstat`; None for a binary file
    numstat: Mapping[str, tuple[int, int] | None] = field(default_factory=dict)
    untracked: tuple[str, ...] = ()  # files git does not know yet: not in the diff
    log: Log = field(default_factory=Log)  # commits from base to head
    # Head files as an editor holds them, saved or not: they come before those on disk.
    unsaved: Mapping[str, bytes] = field(default_factory=dict)
    # Head files by blob: of an index; of a working tree those that git reads from the index.
    in_index: Mapping[str, str] = field(default_factory=dict)
    converted: frozenset[str] = frozenset()  # of a working tree: see `git.comparison`
    blobs: Mapping[str, str] = field(default_factory=dict)  # of a working tree: text file -> hash
    # What the head adds to each other parent of an unfinished merge whose lines are left out, and
    # to HEAD where that is not the base; as `diff`, see `diff.merge`.
    other_diffs: tuple[str, ...] = ()
    head_diff: str | None = None
    merged: str = ""  # "nothing to check: ...", if these parents have every added line
    commit: str | None = None  # that HEAD names, where the head is the working tree
    notes: tuple[str, ...] = ()  # about what is compared, for the reader of the report
    empty: str = ""  # "nothing to check: ..." where the diff is empty, with the reason
    branch: str = ""  # that the head is on, or was named by; "" where none is known
    opened: Repository | None = field(default=None, compare=False, repr=False)

    @property
    def repo(self) -> Repository:
        """The repository that the change is in."""
        return self.opened or open_repository(self.root, needs_worktree=False)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects of the commits from base to head, newest first, at most 100."""
        return tuple(readable(one.subject) for one in self.log.commits if one.subject)

    @property
    def date(self) -> str:
        """The day on which the head was committed: "2026-11-30"; "" where it is not known."""
        newest = next(iter(self.log.commits), None)
        return newest.date if newest and newest.commit.hash == self.head else ""

    @property
    def title(self) -> str:
        """The newest commit's subject; "" where no commit is part of the change."""
        return next(iter(self.subjects), "")


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
    refuse_conflicts([row for row in rows if not row.startswith(b"? ")])
    diff, numstat = compare(top, *side, since, "--")
    refuse_misplaced(repo, since, numstat)
    parents = other_parents(repo)
    head_diff = None
    if head == WORKTREE and base.tip:
        parents = tuple(one for one in parents if is_ancestor(repo, one, base.tip))
        if parents and base.commit != base.head:
            head_diff = added_lines(top, "HEAD")
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
        other_diffs=tuple(added_lines(top, *side, one) for one in parents),
        head_diff=head_diff,
        merged=merge_nothing(parents),
        notes=merge_note(parents),
        untracked=tuple(decode_path(row[2:]) for row in rows if row.startswith(b"? ")),
        log=log,
        branch=branch_of(repo),
        opened=repo,
    )


def blamed(
    request: ChangeRequest, change: Change, contents: Mapping[str, bytes] = MappingProxyType({})
) -> Blamed:
    """Return which commit added each line. A file gets a `git blame` only if the log is not enough.

    contents  head files of the working tree that blame must not look for there
    """
    added = {
        file.path: [line.number for line in file.added]
        for file in change.files
        if file.added and file.entry is not Entry.SUBMODULE
    }
    known, origins = _known_commits(request, change), dict[str, dict[int, Origin]]()
    for path in known.keys() & added.keys():
        origins[path] = {n: Origin(known[path], path, n) for n in added.pop(path)}
    base, head = request.base, request.head
    if base is None or not added:
        return Blamed(origins, {}, {})
    from reviewbot.git.blame import blame

    revisions = [f"^{base}"] if head == WORKTREE else [f"{base}..{head}"]
    answers = blame(request.root, added, revisions, contents)
    answers.origins.update(origins)
    return answers


def _known_commits(request: ChangeRequest, change: Change) -> dict[str, str]:
    """Return the commit that added all lines of a file, where the log alone says so.

    That is a commit that is the only one to touch the file, or none (UNCOMMITTED) where only the
    working tree touches it. Where a file may have been renamed, blame has to look.
    """
    log, commits = request.log, dict[str, str]()
    if request.head == INDEX or (request.head == WORKTREE and request.base == request.commit):
        return {file.path: UNCOMMITTED for file in change.files}
    if not log.is_linear or request.base is None or request.repo.is_merging:
        return {}
    touching: dict[str, list[LoggedCommit]] = {}
    for one in log.commits:
        for path in one.touched:
            touching.setdefault(path, []).append(one)
    if len(log.commits) == 1 and request.head != WORKTREE:
        return {file.path: log.commits[0].commit.hash for file in change.files}
    kinds = {file.path: file.kind for file in change.files}
    moved = touching.keys() - kinds or any(file.kind in _MOVING for file in change.files)
    for path, kind in kinds.items():
        logged = touching.get(path, [])
        if not logged and (kind is FileKind.MODIFIED or (kind is FileKind.ADDED and not moved)):
            commits[path] = UNCOMMITTED
        elif len(logged) == 1:
            status, blob = logged[0].touched[path]
            removed = any(letter == "D" for letter, _ in logged[0].touched.values())
            unedited = request.head != WORKTREE or request.blobs.get(path) == blob
            if unedited and (status == "M" or (status == "A" and not removed)):
                commits[path] = logged[0].commit.hash
    return commits
