"""Use case `review`: check what a workflow's event is about, ask for acknowledgements, publish."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reviewbot.app.check import score_source
from reviewbot.app.failures import worded
from reviewbot.app.forge import connect, has_token, number_of
from reviewbot.app.inputs import (
    intake,
    remote_settings,
    repository_in,
    settings_root,
    source_of,
)
from reviewbot.app.load_change import FILES, ChangeSource, Remote
from reviewbot.app.marks import gate_steps, marks
from reviewbot.app.post import MAX_TEMPLATE, ReadTemplate, base_templates
from reviewbot.app.preview import Preview, preview_pull
from reviewbot.app.progress import Clock, say
from reviewbot.app.publish import (
    Post,
    acknowledgements,
    carry_out,
    publish,
    said_posted,
)
from reviewbot.config.choices import Posting
from reviewbot.config.load import load_settings
from reviewbot.config.schema import Settings
from reviewbot.errors import ReviewbotError, UsageError
from reviewbot.github.events import Target
from reviewbot.render.comment import pages
from reviewbot.report.acks import Ack
from reviewbot.report.comment_sync import by_id, finding_id
from reviewbot.report.findings import Finding
from reviewbot.report.gate import GateStatus, Status

if TYPE_CHECKING:
    from reviewbot.app.score import ScoredChange
    from reviewbot.github.client import GitHubApi, Pull
    from reviewbot.report.model import Report

MAX_FETCHED = 500  # files; a token has a thousand requests an hour
READ_ONLY = ("pull_request",)  # events whose token may only read if a fork is behind them
TO_ACK = "to acknowledge, comment on pull request {}, for {}:{}: /reviewbot ack {} REASON"
QUEUE_NOT_READ = "no token: marks and acknowledgements of the queued pull request were not read"
NOT_FROM_FORKS = (
    "not posted: the pull request comes from a fork, whose token may not; see docs/github.md"
)
Flags = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Review:
    """The result of a review. If posting failed, the report is complete all the same."""

    report: "Report"
    settings: Settings
    failure: ReviewbotError | None = None
    acks: tuple[Ack, ...] | None = ()  # valid for the head; None: they could not be read
    preview: Preview | None = None  # what would be posted; None: it was, or nothing was to be


def review_target(
    folder: Path,
    target: Target,
    environ: Mapping[str, str],
    flags: Flags,
    clock: Clock,
    *,
    dry_run: bool = False,
) -> Review:
    """Check a pull request, or the commits of a push or a merge group, and publish the result.

    folder   the checkout, or any directory if there is none
    dry_run  publish nothing, return what would be posted
    raises  every kind of ReviewbotError for what fails before there is a report
    """
    if target.is_commits:
        return _review_commits(folder, target, environ, flags, clock, dry_run=dry_run)
    return _review_pull(folder, target, environ, flags, clock, dry_run=dry_run)


def _review_commits(
    folder: Path,
    target: Target,
    environ: Mapping[str, str],
    flags: Flags,
    clock: Clock,
    *,
    dry_run: bool,
) -> Review:
    """Check the commits of a push or a merge group; there is no pull request to comment on."""
    from reviewbot.app.judge import find, gate_rules, judge
    from reviewbot.render.findings import finding_views

    source = _commits_of(folder, target, environ, flags)
    settings, queued = source.settings, None
    if target.queued is not None and has_token(environ):
        api = connect(settings, environ, target.repository)
        # GitHub takes a pull request with new commits off the queue: its head is the queued one.
        queued = api, api.pull(target.queued)
        source = replace(source, signals=queued[1].signals)
    elif target.queued is not None:
        source = replace(source, notes=[*source.notes, QUEUE_NOT_READ])
    scored = score_source(source, clock)
    rules = gate_rules(scored)
    findings = find(scored, rules)
    report = judge(scored, rules, findings)
    try:
        if queued and report.verdict.status is Status.BLOCK:
            api, pull = queued
            acks = acknowledgements(api, pull.number, pull.head, findings)
            for ack in acks.values():
                say(f"acknowledged on pull request {pull.number} by {ack.login}: {ack.finding}")
            report = judge(scored, rules, findings, _reasons(pull.head, findings, acks))
            for view in finding_views(report):
                if view.gate_status is GateStatus.UNACKNOWLEDGED:
                    name = finding_id(pull.head, view.finding)
                    say(TO_ACK.format(pull.number, view.finding.path, view.numbers, name))
        shows_verdict = settings.check_run or settings.commit_status
        wanted = target.head and settings.post is not Posting.NEVER and shows_verdict
        if dry_run:
            found = marks(report, settings, on_pull=False) if wanted else []
            return Review(report, settings, preview=Preview(marks=tuple(found)))
        if wanted and target.head:
            from reviewbot.github.writes import Poster

            api = connect(settings, environ, target.repository)
            carry_out(gate_steps(report, target.head, None, Poster(api), settings), api)
    except ReviewbotError as exc:
        return Review(report, settings, exc)
    return Review(report, settings)


def _commits_of(
    folder: Path, target: Target, environ: Mapping[str, str], flags: Flags
) -> ChangeSource:
    """Return the change of a push or a merge group.

    raises  UsageError if the checkout lacks a commit
    """
    from reviewbot.git.changes import ChangeRequest, between
    from reviewbot.git.repository import open_repository
    from reviewbot.github.push_event import pushed

    policy = None
    with worded("nothing was reviewed"):
        if target.deleted:
            nothing = f"nothing to check: {target.ref or 'the ref'} was deleted"
            request = ChangeRequest(root=folder, base=None, head=FILES, diff="", empty=nothing)
        elif target.event != "push":
            policy = target.base
            request = intake(folder, f"{policy}..{target.head}", staged=False, diff=None)
        else:
            repo = open_repository(folder, needs_worktree=False)
            push = pushed(repo, target)
            policy = push.policy
            request = between(repo, push.base, push.head)
            if push.note and request.empty:
                request = replace(request, empty=f"nothing to check: {push.note}")
            elif push.note:
                request = replace(request, notes=(push.note, *request.notes))
    return source_of(request, settings_root(folder, has_git=True), environ, flags, policy)


def _review_pull(
    folder: Path,
    target: Target,
    environ: Mapping[str, str],
    flags: Flags,
    clock: Clock,
    *,
    dry_run: bool,
) -> Review:
    from reviewbot.git.files import CommitFiles

    # The login, by which our comments are known, is needed before the base's settings are read.
    early = load_settings(environ, flags)
    api = connect(early, environ, target.repository)
    pull = api.pull(number_of(api, target))
    head = target.head or pull.head
    clock("asking GitHub")
    if _has(folder, pull.base, head):
        root = settings_root(folder, has_git=True)
        request = intake(folder, f"{pull.base}...{head}", staged=False, diff=None)
        source = source_of(request, root, environ, flags, pull.base, pull.signals)
        clock("asking git")
        read = CommitFiles(request.repo.objects, pull.base, MAX_TEMPLATE).read
    elif head != pull.head:
        raise UsageError(
            f"nothing was reviewed: the pull request has moved on to {pull.head[:10]}",
            fix="nothing; the run for the newer commit reviews it",
        )
    else:
        source = _remote_source(folder, api, pull, environ, flags)
        clock("asking GitHub for the diff")
        read = partial(api.content, commit=pull.base, limit=MAX_TEMPLATE)
    templates = base_templates(source.settings, source.root, read)
    scored = score_source(source, clock)
    api.login = source.settings.bot_login
    return _judge_and_publish(scored, api, pull, head, templates, target.event, dry_run=dry_run)


def _judge_and_publish(
    scored: "ScoredChange",
    api: "GitHubApi",
    pull: "Pull",
    head: str,
    templates: ReadTemplate | None,
    event: str,
    *,
    dry_run: bool,
) -> Review:
    """Ask for acknowledgements, judge, and post."""
    from reviewbot.app.judge import find, gate_rules, judge
    from reviewbot.github.writes import Poster

    settings, rules = scored.change.source.settings, gate_rules(scored)
    page = pages(templates)
    findings = find(scored, rules)
    try:
        acks = acknowledgements(api, pull.number, head, findings)
    except ReviewbotError as exc:
        return Review(judge(scored, rules, findings), settings, exc, None)
    report = judge(scored, rules, findings, _reasons(head, findings, acks))
    review = Review(report, settings, acks=tuple(acks.values()))
    nothing = replace(review, preview=Preview()) if dry_run else review
    if settings.post is Posting.NEVER:
        return nothing
    if settings.post is Posting.AUTO and pull.signals.from_fork and event in READ_ONLY:
        say(NOT_FROM_FORKS)
        return nothing
    post = Post(report, head, pull.number, acks, page, settings.top, api.web)
    try:
        if dry_run:
            return replace(review, preview=preview_pull(post, Poster(api), settings))
        gate = gate_steps(report, head, pull.number, Poster(api), settings)
        done = publish(post, api, settings, gate)
    except ReviewbotError as exc:
        return replace(review, failure=exc)
    say(said_posted(done))
    return review


def _reasons(head: str, findings: Sequence[Finding], acks: Mapping[str, Ack]) -> dict[Finding, str]:
    """Return the acknowledged findings with their reasons; `acks` by finding id."""
    known = by_id(head, findings)
    return {known[name]: ack.reason for name, ack in acks.items()}


def _has(folder: Path, *commits: str) -> bool:
    """Return True if the checkout holds these commits and their merge base."""
    from reviewbot.git.process import status

    return status(folder, "merge-base", *commits)[0] == 0  # it fails for a missing commit, too


def _remote_source(
    folder: Path, api: "GitHubApi", pull: "Pull", environ: Mapping[str, str], flags: Flags
) -> ChangeSource:
    from reviewbot.github.remote_diff import remote_request

    settings, base, notes = remote_settings(api, pull, folder, environ, flags)
    request, unlisted = remote_request(api, pull, folder)
    notes.append("read from GitHub, not from a checkout: authors are known less well")
    if unlisted:
        notes.append(f"GitHub does not list {unlisted} files of this pull request")

    @lru_cache(maxsize=MAX_FETCHED)
    def head(path: str) -> bytes | None:
        """Fetch a file once; None beyond the bound: its lines then count as not read."""
        if head.cache_info().currsize >= MAX_FETCHED:
            return None
        return api.content(path, pull.head, settings.max_file_bytes)

    remote = Remote(base, head, pull.signals, unlisted)
    return ChangeSource(
        request=request,
        settings=settings,
        root=folder,
        notes=notes,
        remote=remote,
        repository=repository_in(environ),
    )
