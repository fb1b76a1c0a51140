"""Step 1 of a check: `ChangeSource` -> `LoadedChange`, what was added where."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from pathspec import GitIgnoreSpec

from reviewbot.authorship.model import Authors, PullRequest, Scope, in_scope
from reviewbot.config.schema import Settings
from reviewbot.diff.model import Change, ChangedLine, Entry
from reviewbot.errors import EnvironmentFailure
from reviewbot.git.changes import ChangeRequest
from reviewbot.git.files import FileReader

MAX_NAMES = 5  # of files in a note
FILES = "files"  # the head of a change that is a diff beside a directory
Numstat = Mapping[str, tuple[int, int] | None]


@dataclass(frozen=True, slots=True)
class Remote:
    """How to read a pull request without a checkout."""

    base: Callable[[str], bytes | None]  # a file of the base branch
    head: Callable[[str], bytes | None]  # a file of the head
    signals: PullRequest
    unlisted: int  # files that the forge does not list

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a head file."""
        return self.head(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSource:
    """Which change to check, and whose settings, rules and attributes count for it."""

    request: ChangeRequest
    settings: Settings
    root: Path  # directory whose rule file for authors counts
    notes: Sequence[str] = ()  # for the reader of the report, before all others
    policy: str | None = None  # commit whose rules and attributes count; None: the request's base
    remote: Remote | None = None  # for a pull request without a checkout
    signals: PullRequest | None = None  # from the forge; None: from the workflow's event
    repository: str = ""  # see `report.model.ChangeInfo`, as for `name`
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedChange:
    """A parsed change; `attribute` adds its authors."""

    source: ChangeSource
    change: Change
    own: Change | None = None  # what to read while a merge is not finished; None: all of it
    head: FileReader
    authors: Authors = field(default_factory=Authors)
    trusted: bool = False  # only the team can have pushed it: marks of people and bots are true

    def in_scope(self, scope: Scope, line: ChangedLine) -> bool:
        """Return True if the author of a line belongs to a scope."""
        return in_scope(
            scope,
            self.authors.get(line.path, line.number),
            unknown_as_ai=matches(self.source.settings.unknown_as_ai, line.path),
            trusted=self.trusted,
        )

    def part(self, part: Change) -> "LoadedChange":
        """Return the same with a part of the change, or with a file read as if all were added."""
        own = self.own
        if own is not None:  # a merge has not brought what the change does not hold
            more = [file for file in part.files if file not in self.change.files]
            own = Change((*own.files, *more))  # of one path the last file counts
        return replace(self, change=part, own=own)


def load_change(source: ChangeSource) -> LoadedChange:
    """Parse a change.

    raises  UsageError for a text that is no diff, EnvironmentFailure if git counts other lines
    """
    from reviewbot.diff.merge import own_part
    from reviewbot.diff.parser import parse

    request = source.request
    change = parse(request.diff)
    if request.head != FILES:
        check_numstat(change, request.numstat)
    own = None
    if request.other_diffs:
        ours = None if request.head_diff is None else parse(request.head_diff)
        own = own_part(change, [parse(other) for other in request.other_diffs], ours)
    return LoadedChange(source=source, change=change, own=own, head=head_of(source))


def head_of(source: ChangeSource) -> FileReader:
    """Return the head files of a change. A file above `max-file-bytes` comes with one byte more."""
    from reviewbot.git.changes import head_files
    from reviewbot.git.files import BufferFiles, WorktreeFiles

    request, limit = source.request, source.settings.max_file_bytes
    if source.remote is not None:
        return source.remote
    if request.unsaved:
        return BufferFiles(request.unsaved, limit)
    if request.head == FILES:
        return WorktreeFiles(request.root, limit)
    return head_files(request, limit)


def attributes_of(change: LoadedChange) -> Mapping[str, Collection[str]]:
    """Return the linguist attributes of the changed files, as the base has them.

    Not those of the change: an author cannot call new code generated.
    """
    from reviewbot.git.attributes import attributes
    from reviewbot.git.changes import INDEX, WORKTREE

    source, request = change.source, change.source.request
    if source.remote or request.head == FILES:
        return {}
    commit = source.policy or request.base
    if commit is None and request.head not in (INDEX, WORKTREE):
        commit = request.repo.empty_tree
    return attributes(request.repo, [file.path for file in change.change.files], commit)


def check_numstat(change: Change, numstat: Numstat) -> None:
    """Compare the parsed change with git's own count, file by file.

    raises  EnvironmentFailure if they disagree
    """
    # When a link becomes a binary file or the reverse, git counts nothing but shows the link.
    counted = [
        f for f in change.files if f.entry is Entry.TEXT or numstat.get(f.path, ()) is not None
    ]
    ours = {f.path: (len(f.added), f.removed) for f in counted}
    theirs = {path: counts or (0, 0) for path, counts in numstat.items()}
    for path in sorted(ours.keys() | theirs.keys()):
        if ours.get(path, (0, 0)) != theirs.get(path, (0, 0)):
            raise EnvironmentFailure(
                f"nothing was scored: the diff and git's own count disagree about {path!r}",
                fix="run it again while no file changes; if it stays, report it as a bug",
            )


def untracked_note(paths: Sequence[str]) -> list[str]:
    """Return a note about files that git does not track, if there are any."""
    return files_note(
        paths,
        "untracked file is not part of the change",
        "untracked files are not part of the change",
    )


def files_note(paths: Sequence[str], one: str, many: str) -> list[str]:
    """Return a note about some files with the first names; [] if there are none."""
    if not paths:
        return []
    names = ", ".join(sorted(paths)[:MAX_NAMES])
    more = f" and {len(paths) - MAX_NAMES} more" if len(paths) > MAX_NAMES else ""
    return [f"{len(paths)} {one if len(paths) == 1 else many}: {names}{more}"]


def matches(globs: tuple[str, ...], path: str) -> bool:
    """Return True if a path matches the globs of a setting, as in .gitignore."""
    return _spec(globs).match_file(path)


@lru_cache(maxsize=16)
def _spec(globs: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(globs)
