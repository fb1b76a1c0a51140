"""Puts a report on a pull request: comments on lines, the summary, check run, status, label."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reviewbot.core.acks import Ack, acks_in
from reviewbot.core.findings import Failed, Finding
from reviewbot.core.gate import Status
from reviewbot.core.review import Plan, finding_id, plan
from reviewbot.render.comment import Pages, finding_comment, review_body, summary_comment

if TYPE_CHECKING:
    from reviewbot.core.anchors import Shown
    from reviewbot.core.report import Report
    from reviewbot.forges.github.api import GitHubApi, ListedFile
    from reviewbot.forges.github.posting import Poster
    from reviewbot.settings import Settings

BATCH = 50  # annotations that GitHub takes in one request
MOST_ANNOTATIONS = 200
MOST_TEXT = 60_000  # characters of a check run's summary


@dataclass(frozen=True, slots=True)
class Post:
    """What is to be posted where."""

    report: "Report"
    head: str  # the commit that was read
    number: int
    acks: Mapping[str, Ack]  # by finding id
    pages: Pages
    origin: str = ""  # where the report comes from, where that is not this job

    @property
    def open_findings(self) -> list[Finding]:
        """The findings that nobody has acknowledged."""
        report = self.report
        return [f for f in report.findings if finding_id(self.head, f) not in self.acks]


def acknowledged(
    api: "GitHubApi", number: int, head: str, findings: Sequence[Finding]
) -> dict[str, Ack]:
    """Return the acknowledgements that hold, by finding id: by people who may push, for this head.

    Whether they may is asked anew each time. A later acknowledgement of the same finding is the one
    that is shown.
    """
    known = {finding_id(head, finding) for finding in findings}
    found: dict[str, Ack] = {}
    allowed: dict[str, bool] = {}
    if not known:
        return found
    for comment in api.comments(number):
        for ack in acks_in(comment.body, comment.login):
            if ack.finding not in known or ack.login.endswith("[bot]"):
                continue
            if ack.login not in allowed:
                allowed[ack.login] = api.may_write(ack.login)
            if allowed[ack.login]:
                found[ack.finding] = ack
    return found


def publish(post: Post, api: "GitHubApi", settings: "Settings") -> list[str]:
    """Bring the pull request up to date with the report; return what was done, in words.

    Nothing is written where the pull request has a newer head, or where all is as it should be.
    raises  ForgeFailure, with what was and was not posted
    """
    from reviewbot.core.anchors import shown
    from reviewbot.diffs import parse
    from reviewbot.forges.github.posting import Poster
    from reviewbot.forges.github.remote import diff_of

    files = api.files(post.number)
    hunks = shown(parse(diff_of(files)))
    todo = _plan(post, api, settings, hunks, files)
    poster = Poster(api)
    clean = not post.report.findings and post.report.verdict.status is Status.PASS
    summary = not clean or settings.comment_when_clean or poster.has_summary(post.number)
    steps = _steps(post, poster, settings, todo, summary=summary)
    if not steps:
        return []
    now = api.pull(post.number)
    if now.head != post.head or now.state != "open":
        return [f"nothing: the pull request has moved on to {now.head[:10]}, or is closed"]
    return carry_out(steps, api)


Step = tuple[str, Callable[[], None]]


def carry_out(steps: Sequence[Step], api: "GitHubApi") -> list[str]:
    """Do one step after the other; a failure says what was done and what was not."""
    from reviewbot.forges.github.calls import ForgeFailure

    before = len(api.calls.done)
    for at, (_, step) in enumerate(steps):
        try:
            step()
        except ForgeFailure as exc:
            done = ", ".join(api.calls.done[before:]) or "nothing"
            left = ", ".join(name for name, _ in steps[at:])
            raise type(exc)(f"{exc.what}; posted: {done}; not posted: {left}", fix=exc.fix) from exc
    return api.calls.done[before:]


def _plan(
    post: Post,
    api: "GitHubApi",
    settings: "Settings",
    hunks: "Mapping[str, Sequence[Shown]]",
    files: "Sequence[ListedFile]",
) -> Plan:
    unread = {
        line.outcome.line.path
        for file in post.report.files
        for line in file.lines
        if isinstance(line.outcome, Failed)
    } | {file.path for file in files if file.patch is None and file.added}
    return plan(
        post.open_findings,
        api.posted(post.number),
        hunks,
        lambda finding: finding_comment(finding, post.report, post.pages),
        most=settings.max_comments,
        unread=unread,
    )


def _steps(
    post: Post, poster: "Poster", settings: "Settings", todo: Plan, *, summary: bool
) -> list[Step]:
    steps: list[Step] = []
    inline = set(todo.inline)
    if todo.create:
        steps.append(("the review", lambda: _review(post, poster, todo, inline, summary)))
    for posted, body in todo.edit:
        steps.append(("an edit", lambda p=posted, b=body: poster.edit_comment(p, b)))  # type: ignore[misc]
    if settings.resolve_threads and todo.minimise:
        steps.append(("resolved threads", lambda: poster.resolve(post.number, todo.minimise)))
    for posted in todo.delete:
        steps.append(("a removal", lambda p=posted: poster.delete_comment(p)))  # type: ignore[misc]
    for posted in todo.minimise:
        steps.append(("a folding", lambda p=posted: poster.minimise(p)))  # type: ignore[misc]
    if summary:
        steps.append(
            ("the summary", lambda: poster.put_summary(post.number, _summary(post, inline)))
        )
    return steps


def _review(
    post: Post, poster: "Poster", todo: Plan, inline: set[tuple[str, str]], summary: bool
) -> None:
    """Post the review; where GitHub takes an anchor for wrong, with single lines, else without."""
    from dataclasses import replace

    from reviewbot.forges.github.calls import Rejected

    if post.head in poster.api.reviewed(post.number):  # one review per push
        inline -= {(c.finding.path, c.finding.fingerprint) for c in todo.create}
        return
    body = review_body(post.head, len(todo.create), summary)
    single = [replace(c, anchor=replace(c.anchor, start_line=None)) for c in todo.create]
    for comments in (todo.create, single):
        try:
            poster.create_review(post.number, post.head, body, comments)
        except Rejected:
            continue
        return
    inline -= {(c.finding.path, c.finding.fingerprint) for c in todo.create}


def _summary(post: Post, inline: set[tuple[str, str]]) -> str:
    return summary_comment(
        post.report,
        post.pages,
        head=post.head,
        inline=frozenset(inline),
        acks=post.acks,
        origin=post.origin,
    )


def gate_steps(
    report: "Report", head: str, number: int | None, poster: "Poster", settings: "Settings"
) -> list[Step]:
    """Return what tells the verdict beside the job's exit code: check run, status, label."""
    steps: list[Step] = []
    passed = report.verdict.exit_code == 0
    words = "; ".join(report.verdict.reasons)
    if name := settings.check_run:
        steps.append(("the check run", lambda: _check_run(report, head, name, poster)))
    if context := settings.commit_status:
        state = "success" if passed else "failure"
        value = {"state": state, "context": context, "description": words[:140]}
        steps.append(("the commit status", lambda: poster.set_status(head, value)))
    if number is not None and (label := settings.label):
        steps.append(("the label", lambda: poster.set_label(number, label, wanted=not passed)))
    return steps


def _check_run(report: "Report", head: str, name: str, poster: "Poster") -> None:
    from reviewbot.render.markdown import markdown

    notes = [_annotation(finding) for finding in report.findings[:MOST_ANNOTATIONS]]
    title = f"{report.verdict.status.value}: {'; '.join(report.verdict.reasons)}"[:255]
    output = {"title": title, "summary": markdown(report, MOST_TEXT)[:MOST_TEXT]}
    first = {
        "name": name,
        "head_sha": head,
        "status": "completed",
        "conclusion": "success" if report.verdict.exit_code == 0 else "failure",
        "output": {**output, "annotations": notes[:BATCH]},
    }
    run = poster.create_check_run(first)
    for at in range(BATCH, len(notes), BATCH):
        more = {"output": {**output, "annotations": notes[at : at + BATCH]}}
        poster.extend_check_run(run, more)


def _annotation(finding: Finding) -> dict[str, Any]:
    from reviewbot.render.words import riskier_than

    worst = finding.worst
    return {
        "path": finding.path,
        "start_line": finding.start,
        "end_line": finding.end,
        "annotation_level": "warning",
        "title": "Look here before you merge",
        "message": f"risk {finding.risk:.2f}, {riskier_than(worst.percentile)}",
    }
