"""Gathers what repository and forge say of a change's authors, and lets the detectors read it."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

from reviewbot.cli.asked import FILES
from reviewbot.core.authors import Authors
from reviewbot.core.errors import ReviewbotError
from reviewbot.core.scope import Scope, in_scope
from reviewbot.settings import Settings

if TYPE_CHECKING:
    from reviewbot.authorship.rules import Rule
    from reviewbot.core.change import Change, ChangedLine
    from reviewbot.core.history import Material, PullRequest
    from reviewbot.forges.request import ChangeRequest


@dataclass(frozen=True, slots=True)
class Scopes:
    """Who wrote the change, and whose lines the settings are about."""

    authors: Authors
    settings: Settings
    trusted: bool  # people's and bots' marks are taken at their word

    def reads(self, line: "ChangedLine") -> bool:
        """Tell whether the line is to be read and scored."""
        return self._holds(self.settings.scope, line)

    def counts(self, line: "ChangedLine") -> bool:
        """Tell whether the line can block."""
        return self._holds(self.settings.gate_scope, line)

    @property
    def notes(self) -> list[str]:
        """What could not be read and, where authors decide, what there was to look at."""
        decides = {self.settings.scope, self.settings.gate_scope} != {Scope.ALL.value}
        return [*self.authors.notes, *(self.authors.sources if decides else ())]

    def _holds(self, scope: str, line: "ChangedLine") -> bool:
        return in_scope(
            Scope(scope),
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
) -> Scopes:
    """Say who wrote each added line of a change, and whose lines count.

    root    whose rule file counts, see `settings_layers`
    raises  UsageError for a rule file that is none. What else cannot be read is told in the notes
    """
    from reviewbot.authorship import attribute

    rules = rules_of(request, root)
    material = gather(request, change, environ)
    authors = attribute(change, material, rules=rules, assume_ai=settings.assume == "ai")
    return Scopes(authors, settings, settings.trust_human and _is_ours(material, environ))


def _is_ours(material: "Material", environ: Mapping[str, str]) -> bool:
    """Tell whether nobody but the team can have pushed the change, as far as can be known.

    In a workflow only the event can say so; on a developer's machine it is his own word.
    """
    if "GITHUB_EVENT_PATH" in environ or "GITHUB_ACTIONS" in environ:
        return material.pull_request is not None and not material.pull_request.from_fork
    return True


def rules_of(request: "ChangeRequest", root: Path) -> "tuple[Rule, ...]":
    """Return the repository's rules: for commits those of the base, as with the settings."""
    from reviewbot.authorship.rules import RULES_FILE, parse_rules
    from reviewbot.forges.heads import WorktreeFiles, commit_files
    from reviewbot.forges.request import INDEX, WORKTREE

    if request.head in (FILES, WORKTREE, INDEX):
        raw = WorktreeFiles(root).read(RULES_FILE)
    elif request.base is None:
        raw = None
    else:
        with closing(commit_files(request.root, request.base, paths=[RULES_FILE])) as files:
            raw = files.read(RULES_FILE)
    return () if raw is None else parse_rules(raw)


def gather(request: "ChangeRequest", change: "Change", environ: Mapping[str, str]) -> "Material":
    """Read what the detectors look at. A failure of git becomes words in the material."""
    from reviewbot.core.history import UNCOMMITTED, Material, Origin
    from reviewbot.forges.blame import origins
    from reviewbot.forges.commits import commits
    from reviewbot.forges.notes import note_refs, notes
    from reviewbot.forges.request import INDEX, WORKTREE
    from reviewbot.forges.revisions import head_commit
    from reviewbot.forges.traces import added_traces, traces_on_disk

    pull_request, unread = _pull_request(request, environ)
    lost = [unread] if unread else []
    added = {f.path: [line.number for line in f.added] for f in change.files if f.added}
    local = request.head in (FILES, WORKTREE, INDEX)
    head = None if request.head == FILES else request.base
    if request.head == WORKTREE:
        head = head_commit(request.root)
    found: dict[str, dict[int, Origin]] = {}
    lost_paths: dict[str, str] = {}
    if request.head == INDEX or (request.head == WORKTREE and head == request.base):
        found = {
            path: {n: Origin(UNCOMMITTED, path, n) for n in numbers}
            for path, numbers in added.items()
        }
    elif request.head != FILES and request.base is not None:
        until = None if request.head == WORKTREE else request.head
        found, lost_paths = origins(request.root, request.base, until, added)
    names = {o.commit for part in found.values() for o in part.values()} - {UNCOMMITTED}
    known, failure = commits(request.root, names)
    lost += [failure] if failure else []
    note_texts: dict[str, bytes] = {}
    lost_commits: dict[str, str] = {}
    refs: list[str] = []
    if names:
        try:
            refs = note_refs(request.root)
            note_texts, lost_commits = notes(request.root, refs, names)
        except ReviewbotError as exc:
            lost.append(f"git-ai notes were not read: {exc.what}")
    return Material(
        origins=found,
        commits=known,
        notes=note_texts,
        has_notes=bool(refs) or not names,
        traces=traces_on_disk(request.root) if local else added_traces(change),
        head=head,
        head_lines=_head_lines(request),
        pull_request=pull_request,
        lost=tuple(lost),
        lost_commits=lost_commits,
        lost_paths=lost_paths,
    )


def _pull_request(
    request: "ChangeRequest", environ: Mapping[str, str]
) -> "tuple[PullRequest | None, str | None]":
    """Return what is known of the change as a whole: from the workflow's event, else the branch."""
    from reviewbot.core.history import PullRequest
    from reviewbot.forges.event import pull_request_of

    found, unread = pull_request_of(environ)
    if found is None and request.branch:
        in_workflow = "GITHUB_EVENT_PATH" in environ or "GITHUB_ACTIONS" in environ
        found = PullRequest(branch=request.branch, from_fork=in_workflow)
    return found, unread


def _head_lines(request: "ChangeRequest") -> "Callable[[str], tuple[str, ...]]":
    from reviewbot.core.match import head_lines
    from reviewbot.forges.heads import HeadFiles, WorktreeFiles, commit_files, index_files
    from reviewbot.forges.request import INDEX, WORKTREE

    def files(path: str) -> HeadFiles:
        if request.head in (FILES, WORKTREE):
            return WorktreeFiles(request.root)
        if request.head == INDEX:
            return index_files(request.root)
        return commit_files(request.root, request.head, paths=[path])

    @lru_cache(maxsize=256)
    def lines(path: str) -> tuple[str, ...]:
        with closing(files(path)) as reader:
            return tuple(head_lines(reader.read(path) or b""))

    return lines
