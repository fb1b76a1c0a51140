"""Step 2 of a check: `LoadedChange` -> the same with its authors, and the evidence for them."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.app.ci import in_ci
from reviewbot.app.load_change import FILES, ChangeSource, LoadedChange
from reviewbot.config.choices import Assume

if TYPE_CHECKING:
    from reviewbot.authorship.detectors.repo_rules import Rule
    from reviewbot.authorship.model import Material, PullRequest, TraceFile
    from reviewbot.diff.model import Change
    from reviewbot.git.changes import ChangeRequest

NO_GIT = "without a checkout of the commits the authors of the lines are not known"


def attribute_change(change: LoadedChange, environ: Mapping[str, str]) -> LoadedChange:
    """Return the change with who wrote each added line.

    raises  UsageError for an invalid rule file. The notes name what else could not be read
    """
    from reviewbot.authorship.resolve import attribute

    settings = change.source.settings
    rules = rules_of(change.source)
    material = gather(change, environ)
    authors = attribute(
        change.own or change.change, material, rules=rules, assume_ai=settings.assume is Assume.AI
    )
    trusted = settings.trust_human and is_trusted(material.pull_request, environ)
    return replace(change, authors=authors, trusted=trusted)


def is_trusted(pull_request: "PullRequest | None", environ: Mapping[str, str]) -> bool:
    """Return True if only the team can have pushed the change, as far as that can be known.

    In CI only GitHub's event can tell; on a developer's machine their own setting does.
    """
    if in_ci(environ):
        return pull_request is not None and not pull_request.from_fork
    return True


def rules_of(source: ChangeSource) -> "tuple[Rule, ...]":
    """Return the repository's rules about authors: for commits those of the base."""
    from reviewbot.authorship.model import RULES_FILE
    from reviewbot.git.changes import INDEX, WORKTREE
    from reviewbot.git.files import CommitFiles, WorktreeFiles

    request, root = source.request, source.root
    if source.remote is not None:
        raw = source.remote.base(RULES_FILE)
    elif request.head in (FILES, WORKTREE, INDEX):
        linked = (root / RULES_FILE).is_symlink()
        raw = b"a link" if linked else WorktreeFiles(root).read(RULES_FILE)
    elif (commit := source.policy or request.base) is None:
        raw = None
    else:
        files = CommitFiles(request.repo.objects, commit)
        # A link is no rule file; without its content, parsing fails instead of losing the rules.
        raw = b"a link" if files.is_link(RULES_FILE) else files.read(RULES_FILE)
    if raw is None:
        return ()
    from reviewbot.authorship.detectors.repo_rules import parse_rules

    return parse_rules(raw)


def gather(loaded: LoadedChange, environ: Mapping[str, str]) -> "Material":
    """Read the evidence that the detectors look at. A failure of git becomes a note."""
    from reviewbot.authorship.model import UNCOMMITTED, Material
    from reviewbot.git.changes import INDEX, WORKTREE, blamed
    from reviewbot.git.log import CUT, Blamed, commits
    from reviewbot.git.repository import grafts, may_have_notes

    source, request, change = loaded.source, loaded.source.request, loaded.own or loaded.change
    head = loaded.head.read
    if source.remote is not None:
        return Material(
            traces=_traces(None, change, head),
            head_lines=_lines_of(head),
            pull_request=source.remote.signals,
            lost=(NO_GIT,),
        )
    pull_request, unread = source.signals, None
    if pull_request is None:
        pull_request, unread = _pull_request(request, environ)
    local = request.head in (FILES, WORKTREE, INDEX)
    under = None if request.head == FILES else request.base
    if request.head == WORKTREE:
        under = request.commit
    blame = Blamed({}, {}, {})
    if request.head != FILES:
        # git blame would look for these files on disk.
        paths = request.in_index if request.head == WORKTREE else ()
        blame = blamed(request, change, {path: head(path) or b"" for path in paths})
    named = {
        origin.commit
        for side in (blame.origins, blame.placed)
        for part in side.values()
        for origin in part.values()
    } - {UNCOMMITTED}
    known = {one.commit.hash: one.commit for one in request.log.commits}
    known = {name: commit for name, commit in known.items() if name in named}
    older, failure = commits(request.repo, named - known.keys()) if named else ({}, None)
    known |= older
    noted = None
    if named and may_have_notes(request.repo):
        from reviewbot.git.notes import notes

        noted = notes(request.repo, named)
    lost_commits = dict(noted.lost_commits) if noted else {}
    for name in grafts(request.repo) & named if named else ():
        lost_commits[name] = f"the clone is shallow: what is older than {name[:10]} is not known"
    for name, commit in known.items():
        if CUT in commit.message:
            lost_commits[name] = f"the message of {name[:10]} is too long: its middle was not read"
    return Material(
        origins=blame.origins,
        moved=blame.placed,
        commits=known,
        notes=noted.by_commit if noted else {},
        has_notes=not named or bool(noted and noted.refs),
        traces=_traces(request.root if local else None, change, head),
        head=under,
        head_lines=_lines_of(head),
        pull_request=pull_request,
        lost=tuple(text for text in (unread, failure, *(noted.lost if noted else ())) if text),
        lost_commits=lost_commits,
        lost_paths=blame.lost,
    )


def _traces(
    root: Path | None, change: "Change", head: Callable[[str], bytes | None]
) -> "tuple[TraceFile, ...]":
    """Return the Agent Trace files below a directory; None: those that the change adds."""
    from reviewbot.git.traces import FOLDER, added_traces, traces_on_disk

    if root is not None:
        return traces_on_disk(root) if os.path.lexists(root / FOLDER) else ()
    if not any(file.path.partition("/")[0] == FOLDER for file in change.files):
        return ()
    return added_traces(change, head)


def _pull_request(
    request: "ChangeRequest", environ: Mapping[str, str]
) -> "tuple[PullRequest | None, str | None]":
    """Return the pull request of the event, else an agent's branch, and what was not read."""
    from reviewbot.authorship.agents import agent_of_branch
    from reviewbot.authorship.model import PullRequest

    pull_request, unread = None, None
    if environ.get("GITHUB_EVENT_PATH"):
        from reviewbot.github.events import pull_request_of

        pull_request, unread = pull_request_of(environ)
    if pull_request is None and agent_of_branch(request.branch):
        pull_request = PullRequest(branch=request.branch)
    return pull_request, unread


def _lines_of(read: Callable[[str], bytes | None]) -> "Callable[[str], tuple[str, ...]]":
    from reviewbot.diff.model import head_lines

    @lru_cache(maxsize=8)  # the detectors work file by file
    def lines(path: str) -> tuple[str, ...]:
        return tuple(head_lines(read(path) or b""))

    return lines
