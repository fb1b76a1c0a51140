"""A change that somebody asks about, before it is parsed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reviewbot.diff.head_match import readable
from reviewbot.git.commits import Log
from reviewbot.git.repository import Repository, open_repository

WORKTREE = "worktree"
INDEX = "index"


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
    converted: frozenset[str] = frozenset()  # of a working tree: see `git.checkout`
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
    def title(self) -> str:
        """The newest commit's subject; "" where no commit is part of the change."""
        return next(iter(self.subjects), "")
