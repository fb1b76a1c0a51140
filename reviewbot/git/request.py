"""What a forge answers: the change as text, and where its head files are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

WORKTREE = "worktree"
INDEX = "index"


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """A change that somebody asks about, before it is parsed."""

    root: Path  # top of the checkout; the paths of the diff are below it
    base: str | None  # commit hash; None where the base is the empty tree
    head: str  # "worktree", "index" or a commit hash
    diff: str  # for `diffs.parse`; bytes that are not UTF-8 as surrogate escapes
    # (added, removed) by head path, from `git diff --numstat`; None for a binary file
    numstat: Mapping[str, tuple[int, int] | None] = field(default_factory=dict)
    untracked: tuple[str, ...] = ()  # files git does not know yet: not in the diff
    subjects: tuple[str, ...] = ()  # of the commits from base to head, newest first, at most 100
    # Head files as an editor holds them, saved or not: they stand before those on disk.
    unsaved: Mapping[str, bytes] = field(default_factory=dict)
    # Head files of the working tree that git reads elsewhere or otherwise: see `git.checkout`.
    in_index: Mapping[str, str] = field(default_factory=dict)  # path -> blob
    converted: frozenset[str] = frozenset()
    # What the head adds to each other parent of an unfinished merge whose lines are left out, and
    # to HEAD where that is not the base; as `diff`, see `diff.merge`.
    others: tuple[str, ...] = ()
    ours: str | None = None
    theirs: str = ""  # "nothing to check: ...", if these parents have every added line
    commit: str | None = None  # that HEAD names, where the head is the working tree
    notes: tuple[str, ...] = ()  # about what is compared, for the reader of the report
    nothing: str = ""  # "nothing to check: ..." where the diff is empty, with the reason
    branch: str = ""  # that the head is on, or was named by; "" where none is known

    @property
    def title(self) -> str:
        """The newest commit's subject; "" where no commit is part of the change."""
        return self.subjects[0] if self.subjects else ""
