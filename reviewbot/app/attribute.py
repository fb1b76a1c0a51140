"""Gathers what repository and forge say of a change's authors, and lets the detectors read it."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

from reviewbot.app.inputs import FILES
from reviewbot.authorship.model import Authors, Scope, in_scope
from reviewbot.config.choices import Assume
from reviewbot.config.schema import Settings
from reviewbot.config.thresholds import Thresholds, parse_thresholds

if TYPE_CHECKING:
    from reviewbot.authorship.detectors.repo_rules import Rule
    from reviewbot.authorship.history import Material, PullRequest
    from reviewbot.diff.model import Change, ChangedLine
    from reviewbot.git.files import FileReader
    from reviewbot.git.request import ChangeRequest


NO_GIT = "without a checkout of the commits the authors of the lines are not known"


@dataclass(frozen=True, slots=True)
class Remote:
    """A pull request that is read without a checkout."""

    base: Callable[[str], bytes | None]  # a file of the base branch
    head: Callable[[str], bytes | None]  # a file of the head
    signals: "PullRequest"
    unlisted: int  # files that the forge does not list


@dataclass(frozen=True, slots=True)
class Scopes:
    """Who wrote the change, and whose lines the settings are about."""

    authors: Authors
    settings: Settings
    trusted: bool  # people's and bots' marks are taken at their word
    limits: Thresholds

    def reads(self, line: "ChangedLine") -> bool:
        """Return True if the line is to be read and scored."""
        return self._holds(self.settings.scope, line)

    def counts(self, line: "ChangedLine") -> bool:
        """Return True if the line can block."""
        return self._holds(self.settings.gate_scope, line)

    @property
    def notes(self) -> list[str]:
        """What could not be read and, where authors decide, what there was to look at."""
        decides = {self.settings.scope, self.settings.gate_scope} != {Scope.ALL}
        return [*self.authors.notes, *(self.authors.sources if decides else ())]

    def limit(self, line: "ChangedLine", default: float) -> float:
        """Return the risk above which the line counts."""
        return self.limits.of(line.path, self.authors.get(line.path, line.number), default)

    def _holds(self, scope: Scope, line: "ChangedLine") -> bool:
        return in_scope(
            scope,
            self.authors.get(line.path, line.number),
            unknown_as_ai=_spec(self.settings.unknown_as_ai).match_file(line.path),
            trusted=self.trusted,
        )


@lru_cache(maxsize=8)
def _spec(globs: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(globs)


def scopes_of(
    request: "ChangeRequest",
    change: "Change",
    settings: Settings,
    environ: Mapping[str, str],
    root: Path,
    remote: "Remote | None" = None,
    policy: str | None = None,
    signals: "PullRequest | None" = None,
) -> Scopes:
    """Say who wrote each added line of a change, and whose lines count.

    root     whose rule file counts, see `settings_for`; `policy` as there
    signals  what the forge says of the pull request; without it the workflow's event is asked
    raises  UsageError for a rule file that is none. What else cannot be read is told in the notes
    """
    from reviewbot.authorship.resolve import attribute

    rules = rules_of(request, root, remote, policy)
    with closing(head_reader(request, settings.max_file_bytes, remote)) as head:
        material = gather(request, change, environ, head.read, remote, signals)
        authors = attribute(change, material, rules=rules, assume_ai=settings.assume is Assume.AI)
    trusted = settings.trust_human and _is_ours(material, environ)
    return Scopes(authors, settings, trusted, parse_thresholds(settings.max_risk_for))


def _is_ours(material: "Material", environ: Mapping[str, str]) -> bool:
    """Return True if nobody but the team can have pushed the change, as far as can be known.

    In CI only GitHub's event can say so; on a developer's machine it is his own word.
    """
    if {"GITHUB_EVENT_PATH", "GITHUB_ACTIONS", "CI"} & environ.keys():
        return material.pull_request is not None and not material.pull_request.from_fork
    return True


def rules_of(
    request: "ChangeRequest",
    root: Path,
    remote: "Remote | None" = None,
    policy: str | None = None,
) -> "tuple[Rule, ...]":
    """Return the repository's rules: for commits those of the base, as with the settings."""
    from reviewbot.authorship.detectors.repo_rules import RULES_FILE, parse_rules
    from reviewbot.git.files import CommitFiles, WorktreeFiles
    from reviewbot.git.request import INDEX, WORKTREE

    if remote is not None:
        raw = remote.base(RULES_FILE)
    elif request.head in (FILES, WORKTREE, INDEX):
        linked = (root / RULES_FILE).is_symlink()
        raw = b"a link" if linked else WorktreeFiles(root).read(RULES_FILE)
    elif (commit := policy or request.base) is None:
        raw = None
    else:
        files = CommitFiles(request.repo.objects, commit)
        # A link is no rule file; without its content, parsing fails instead of losing the rules.
        raw = b"a link" if files.is_link(RULES_FILE) else files.read(RULES_FILE)
    return () if raw is None else parse_rules(raw)


def gather(
    request: "ChangeRequest",
    change: "Change",
    environ: Mapping[str, str],
    head: Callable[[str], bytes | None],
    remote: "Remote | None" = None,
    signals: "PullRequest | None" = None,
) -> "Material":
    """Read what the detectors look at. A failure of git becomes words in the material.

    head  gives a head file
    """
    from reviewbot.authorship.history import UNCOMMITTED, Material
    from reviewbot.git.blame import Blamed, blamed, grafts
    from reviewbot.git.commits import CUT, commits
    from reviewbot.git.notes import notes
    from reviewbot.git.request import INDEX, WORKTREE
    from reviewbot.git.traces import added_traces, traces_on_disk

    if remote is not None:
        return Material(
            traces=added_traces(change, head),
            head_lines=_lines_of(head),
            pull_request=remote.signals,
            lost=(NO_GIT,),
        )
    pull_request, unread = (signals, None) if signals else _pull_request(request, environ)
    local = request.head in (FILES, WORKTREE, INDEX)
    under = None if request.head == FILES else request.base
    if request.head == WORKTREE:
        under = request.commit
    found = Blamed({}, {}, {})
    if request.head != FILES:
        found = blamed(request, change, _held(request, head))
    named = {
        origin.commit
        for side in (found.origins, found.placed)
        for part in side.values()
        for origin in part.values()
    } - {UNCOMMITTED}
    known = {one.commit.hash: one.commit for one in request.log.commits}
    known = {name: commit for name, commit in known.items() if name in named}
    older, failure = commits(request.repo, named - known.keys()) if named else ({}, None)
    known |= older
    held = notes(request.repo, named) if named else None
    lost_commits = dict(held.lost_commits) if held else {}
    for name in grafts(request.repo) & named if named else ():
        lost_commits[name] = f"the clone is shallow: what is older than {name[:10]} is not known"
    for name, commit in known.items():
        if CUT in commit.message:
            lost_commits[name] = f"the message of {name[:10]} is too long: its middle was not read"
    return Material(
        origins=found.origins,
        moved=found.placed,
        commits=known,
        notes=held.by_commit if held else {},
        has_notes=not held or bool(held.refs),
        traces=traces_on_disk(request.root) if local else added_traces(change, head),
        head=under,
        head_lines=_lines_of(head),
        pull_request=pull_request,
        lost=tuple(text for text in (unread, failure, *(held.lost if held else ())) if text),
        lost_commits=lost_commits,
        lost_paths=found.lost,
    )


def _held(request: "ChangeRequest", head: Callable[[str], bytes | None]) -> Mapping[str, bytes]:
    """Return the head files that git reads from the index: blame would look for them on disk."""
    from reviewbot.git.request import WORKTREE

    paths = request.in_index if request.head == WORKTREE else ()
    return {path: head(path) or b"" for path in paths}


def _pull_request(
    request: "ChangeRequest", environ: Mapping[str, str]
) -> "tuple[PullRequest | None, str | None]":
    """Return what is known of the change as a whole: from the workflow's event, else the branch."""
    from reviewbot.authorship.history import PullRequest
    from reviewbot.github.events import pull_request_of

    found, unread = pull_request_of(environ)
    if found is None and request.branch:
        found = PullRequest(branch=request.branch)
    return found, unread


def _lines_of(read: Callable[[str], bytes | None]) -> "Callable[[str], tuple[str, ...]]":
    from reviewbot.diff.head_match import head_lines

    @lru_cache(maxsize=8)  # the detectors go file by file
    def lines(path: str) -> tuple[str, ...]:
        return tuple(head_lines(read(path) or b""))

    return lines


@dataclass(frozen=True, slots=True)
class _RemoteFiles:
    read: Callable[[str], bytes | None]

    def close(self) -> None:
        """Nothing is kept open."""


def head_reader(request: "ChangeRequest", limit: int, remote: Remote | None = None) -> "FileReader":
    """Return what reads the head files; of a file above `limit` bytes it says that it is larger."""
    if remote is not None:
        return _RemoteFiles(remote.head)
    from reviewbot.git.changes import head_files
    from reviewbot.git.files import BufferFiles, WorktreeFiles

    if request.unsaved:
        return BufferFiles(request.unsaved, limit)
    if request.head == FILES:
        return WorktreeFiles(request.root, limit)
    return head_files(request, limit)
