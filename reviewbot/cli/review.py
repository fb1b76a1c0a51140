"""`reviewbot review`: check what a workflow's event is about, comment on it, and gate."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.app.assemble import Assembled, assemble
from reviewbot.app.attribute import Remote
from reviewbot.app.commits import commits_of
from reviewbot.app.forge import asked_target, connect, has_token
from reviewbot.app.inputs import intake, settings_for, settings_root, tightened, unused
from reviewbot.app.progress import Clock, say, timed
from reviewbot.app.publish import Post, acknowledged, carry_out, gate_steps, publish
from reviewbot.app.templates import committed_templates, remote_templates
from reviewbot.cli.change_arguments import OUTPUT, ROOT
from reviewbot.cli.check import also_asked, also_option, conclude, timings_option
from reviewbot.cli.output import keep_off_terminal, write_file
from reviewbot.cli.setting_flags import PATH, GroupedCommand, GroupedOption, setting_flags
from reviewbot.config.choices import OptionGroup, Posting, Surface
from reviewbot.config.load import MAX_SETTINGS_BYTES, from_files, load_settings
from reviewbot.config.schema import Settings, settings_on
from reviewbot.errors import ReviewbotError, UsageError
from reviewbot.github.events import Target
from reviewbot.render.comment import Pages, pages
from reviewbot.report.acks import Ack
from reviewbot.report.gate import Status

if TYPE_CHECKING:
    from reviewbot.github.client import GitHubApi, Pull
    from reviewbot.report.model import Report

MAX_FETCHED = 500  # files; a token has a thousand requests an hour
READ_ONLY = ("pull_request",)  # events whose token may only read where a fork is behind them
NOT_ASKED = "no token: marks and acknowledgements of the queued pull request were not read"
NOT_FROM_FORKS = (
    "not posted: the pull request comes from a fork, whose token may not; see docs/github.md"
)


@click.command(cls=GroupedCommand)
@click.option("--pr", "number", type=int, metavar="N", help="Pull request; default: the event's.")
@click.option("--repository", metavar="OWNER/NAME", help="Default: GITHUB_REPOSITORY.")
@click.option("--root", metavar="DIR", type=PATH, default=".", show_default=True, help=ROOT)
@click.option("--output", metavar="FILE", type=PATH, help=OUTPUT)
@also_option
@click.option(
    "--acks",
    cls=GroupedOption,
    group=OptionGroup.REPORT,
    metavar="FILE",
    type=PATH,
    help="Write the acknowledgements to this file, for `stats`.",
)
@timings_option
@setting_flags(*settings_on(Surface.REVIEW))
def review(
    number: int | None,
    repository: str | None,
    root: str,
    output: str | None,
    also: tuple[str, ...],
    acks: str | None,
    timings: bool,
    **flags: Any,
) -> None:
    """Check what a workflow's event is about, comment on the pull request, and gate.

    Knows pull_request, pull_request_target, issue_comment, workflow_run, merge_group and push. The
    token is read from GITHUB_TOKEN, the server from GITHUB_API_URL. Settings, rules and templates
    are those of the base branch; a change can only make them stricter.
    """
    outputs = also_asked(also, output, acks)
    early = load_settings(os.environ, flags)
    keep_off_terminal(early.format, output)
    folder = Path(root)
    if not folder.is_dir():
        raise UsageError(f"nothing was reviewed: {root} is no directory", fix="give --root")
    target = asked_target(os.environ, repository=repository, number=number)
    with timed(timings) as clock:
        if target.is_commits:
            done = _commits(folder, target, flags, clock)
        else:
            done = _pull_request(folder, target, flags, clock)
    if acks is not None and done.acks is not None:
        from reviewbot.report.ack_log import ack_records

        write_file(Path(acks), ack_records(done.acks))
    conclude(done.report, done.settings, output, outputs, done.failure)


@dataclass(frozen=True, slots=True)
class Done:
    """What a review came to. Where posting failed, the report is there all the same."""

    report: "Report"
    settings: Settings
    failure: ReviewbotError | None = None
    acks: tuple[Ack, ...] | None = ()  # that hold for the head; None: they could not be read


def _commits(folder: Path, target: Target, flags: dict[str, Any], clock: Clock) -> Done:
    """Check the commits of a push or a merge group; there is no pull request to comment on."""
    root = settings_root(folder, has_git=True)
    request, policy = commits_of(folder, target)
    settings, notes = settings_for(request, root, os.environ, flags, policy)
    queued = _queued(settings, target)
    if target.queued is not None and queued is None:
        notes = [*notes, NOT_ASKED]
    signals = queued[1].signals if queued else None
    assembled = assemble(settings, request, root, clock, notes, policy=policy, signals=signals)
    report = assembled.report
    try:
        if queued and report.verdict.status is Status.BLOCK:
            report = _let_through(assembled, *queued)
        told = settings.check_run or settings.commit_status
        if target.head and settings.post is not Posting.NEVER and told:
            from reviewbot.github.writes import Poster

            api = connect(settings, os.environ, target.repository)
            carry_out(gate_steps(report, target.head, None, Poster(api), settings), api)
    except ReviewbotError as exc:
        return Done(report, settings, exc)
    return Done(report, settings)


def _queued(settings: Settings, target: Target) -> "tuple[GitHubApi, Pull] | None":
    """Return the pull request that a merge group brings; None without one, or without a token.

    Its head cannot have changed since: GitHub takes a pull request with new commits off the queue.
    """
    if target.queued is None or not has_token(os.environ):
        return None
    api = connect(settings, os.environ, target.repository)
    return api, api.pull(target.queued)


def _let_through(assembled: Assembled, api: "GitHubApi", pull: "Pull") -> "Report":
    """Let through in the queue what was acknowledged on the pull request."""
    acks = acknowledged(api, pull.number, pull.head, assembled.report.findings)
    for ack in acks.values():
        say(f"acknowledged on pull request {pull.number} by {ack.login}: {ack.finding}")
    return _cleared(assembled, acks, pull.head)


def _cleared(assembled: Assembled, acks: Collection[str], head: str) -> "Report":
    """Return the report that gates where these findings of a head are acknowledged."""
    from reviewbot.report.comment_sync import finding_id

    if not acks:
        return assembled.report
    return assembled.without(
        {
            (score.line.path, score.line.number)
            for finding in assembled.report.findings
            if finding_id(head, finding) in acks
            for score in finding.lines
        }
    )


def _pull_request(folder: Path, target: Target, flags: dict[str, Any], clock: Clock) -> Done:
    # Only whose comments are ours is needed before the base's settings are known.
    early = load_settings(os.environ, flags)
    api = connect(early, os.environ, target.repository)
    number = resolve(api, target)
    pull = api.pull(number)
    head = target.head or pull.head
    clock("asking GitHub")
    if _has(folder, pull.base, head):
        assembled, settings = _local(folder, pull, head, flags, clock)
        page = pages(committed_templates(folder, settings, pull.base))
    else:
        if head != pull.head:
            raise UsageError(
                f"nothing was reviewed: the pull request has moved on to {pull.head[:10]}",
                fix="nothing; the run for the newer commit reviews it",
            )
        assembled, settings = _remote(folder, api, pull, flags, clock)
        page = pages(remote_templates(api, folder, settings, pull.base))
    api.login = settings.bot_login
    return _conclude(assembled, settings, api, pull, head, page, target.event)


def _conclude(
    assembled: Assembled,
    settings: Settings,
    api: "GitHubApi",
    pull: "Pull",
    head: str,
    page: Pages,
    event: str,
) -> Done:
    """Take acknowledgements into account, post, and return the report that gates."""
    from reviewbot.github.writes import Poster

    report = assembled.report
    try:
        acks = acknowledged(api, pull.number, head, report.findings)
    except ReviewbotError as exc:
        return Done(report, settings, exc, None)
    report, told = _cleared(assembled, acks, head), tuple(acks.values())
    if settings.post is Posting.NEVER:
        return Done(report, settings, acks=told)
    if settings.post is Posting.AUTO and pull.signals.from_fork and event in READ_ONLY:
        say(NOT_FROM_FORKS)
        return Done(report, settings, acks=told)
    try:
        gate = gate_steps(report, head, pull.number, Poster(api), settings)
        done = publish(Post(report, head, pull.number, acks, page), api, settings, gate)
    except ReviewbotError as exc:
        return Done(report, settings, exc, told)
    say(f"posted: {', '.join(done) if done else 'nothing, all is as it was'}")
    return Done(report, settings, acks=told)


def resolve(api: "GitHubApi", target: Target) -> int:
    """Return the number of the pull request that the target means, as the API confirms it."""
    if target.number is not None:
        return target.number
    if not (target.head_owner and target.head_branch and target.head):
        raise UsageError("nothing was reviewed: the event names no pull request", fix="give --pr")
    return api.pull_of(target.head_owner, target.head_branch, target.head)


def _has(folder: Path, *commits: str) -> bool:
    """Return True if the checkout holds these commits; where it is none, it does not."""
    from reviewbot.git.process import status

    for commit in commits:
        code, _, _ = status(folder, "cat-file", "-e", f"{commit}^{{commit}}")
        if code != 0:
            return False
    code, _, _ = status(folder, "merge-base", *commits)
    return code == 0


def _local(
    folder: Path, pull: "Pull", head: str, flags: dict[str, Any], clock: Clock
) -> tuple[Assembled, Settings]:
    root = settings_root(folder, has_git=True)
    request = intake(folder, f"{pull.base}...{head}", staged=False, diff=None)
    settings, notes = settings_for(request, root, os.environ, flags, pull.base)
    clock("asking git")
    made = assemble(settings, request, root, clock, notes, policy=pull.base, signals=pull.signals)
    return made, settings


def _remote(
    folder: Path, api: "GitHubApi", pull: "Pull", flags: dict[str, Any], clock: Clock
) -> tuple[Assembled, Settings]:
    from reviewbot.github.remote_diff import remote_request

    def base(path: str) -> bytes | None:
        return api.content(path, pull.base, MAX_SETTINGS_BYTES)

    def own(path: str) -> bytes | None:
        return api.content(path, pull.head, MAX_SETTINGS_BYTES)

    used = from_files(folder, base)
    try:
        theirs = from_files(folder, own)
    except UsageError:
        theirs = None
    settings = load_settings(os.environ, flags, used)
    settings, notes = tightened(settings, used, theirs)
    request, unlisted = remote_request(api, pull, folder)
    notes += unused(folder, used, theirs)
    notes += ["read from GitHub, not from a checkout: authors are known less well"]
    if unlisted:
        notes.append(f"GitHub does not list {unlisted} files of this pull request")
    clock("asking GitHub for the diff")

    @lru_cache(maxsize=MAX_FETCHED)
    def head(path: str) -> bytes | None:
        """Fetch a file once; beyond the bound none: its lines then count as not read."""
        if head.cache_info().currsize >= MAX_FETCHED:
            return None
        return api.content(path, pull.head, settings.max_file_bytes)

    remote = Remote(
        base=base,
        head=head,
        signals=pull.signals,
        unlisted=unlisted,
    )
    return assemble(settings, request, folder, clock, notes, remote), settings
