"""Puts a report on a pull request: comments on lines, the summary, check run, status, label."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from reviewbot.render.comment import Pages, finding_comment, review_body, summary_comment
from reviewbot.report.acks import Ack, acks_in
from reviewbot.report.comment_sync import Plan, finding_id, gone_body, plan
from reviewbot.report.findings import Finding
from reviewbot.report.gate import Status
from reviewbot.scoring.outcomes import Failed, Skipped

if TYPE_CHECKING:
    from reviewbot.authorship.model import Attribution
    from reviewbot.config.schema import Settings
    from reviewbot.github.client import GitHubApi, ListedFile
    from reviewbot.github.writes import Poster
    from reviewbot.report.anchors import Shown
    from reviewbot.report.model import Report

BATCH = 50  # annotations that GitHub takes in one request
MAX_ANNOTATIONS = 200
MAX_TEXT = 60_000  # characters of a check run's summary


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
    names = Counter(finding_id(head, finding) for finding in findings)
    known = {name for name, count in names.items() if count == 1}  # one name, one finding
    found: dict[str, Ack] = {}
    allowed: dict[str, bool] = {}
    if not known:
        return found
    for comment in api.comments(number):
        for ack in acks_in(comment.body, comment.login):
            if ack.finding not in known or not ack.login or ack.login.endswith("[bot]"):
                continue
            if ack.login not in allowed:
                allowed[ack.login] = api.may_write(ack.login)
            if allowed[ack.login]:
                found[ack.finding] = ack
    return found


Step = tuple[str, Callable[[], None]]


def publish(
    post: Post, api: "GitHubApi", settings: "Settings", gate: Sequence[Step] = ()
) -> list[str]:
    """Bring the pull request up to date with the report; return what was done, in words.

    Nothing is written where the pull request has a newer head, or where all is as it should be.

    gate    more to write, see `gate_steps`; written first
    raises  ForgeFailure, with what was and was not posted; UsageError for a template, before
            anything is written
    """
    from reviewbot.diff.parser import parse
    from reviewbot.github.remote_diff import diff_of
    from reviewbot.github.writes import Poster
    from reviewbot.report.anchors import shown

    files = api.files(post.number)
    hunks = shown(parse(diff_of(files)))
    todo = _plan(post, api, settings, hunks, files)
    poster = Poster(api)
    passed = post.report.verdict.status is Status.PASS and not post.report.ledger.all_excluded
    clean = passed and not post.report.findings
    summary = not clean or settings.comment_when_clean or poster.has_summary(post.number)
    if summary:
        _summary(post, set(todo.inline))  # a template that is no good shows before any write
    steps = [*gate, *_steps(post, poster, settings, todo, summary=summary)]
    if not steps:
        return []
    now = api.pull(post.number)
    if now.head != post.head or now.state != "open":
        return [f"nothing: the pull request has moved on to {now.head[:10]}, or is closed"]
    return carry_out(steps, api)


def carry_out(steps: Sequence[Step], api: "GitHubApi") -> list[str]:
    """Do the steps one after the other, whichever fail; then raise what failed first.

    raises  ForgeFailure, with what was posted and what was not
    """
    from reviewbot.github.retry import ForgeFailure

    before = len(api.calls.done)
    failed: dict[str, ForgeFailure] = {}
    for name, step in steps:
        try:
            step()
        except ForgeFailure as exc:
            failed.setdefault(name, exc)
    done = api.calls.done[before:]
    if failed:
        first = next(iter(failed.values()))
        said = ", ".join(done) or "nothing"
        what = f"{first.what}; posted: {said}; not posted: {', '.join(failed)}"
        raise type(first)(what, fix=first.fix) from first
    return done


def _plan(
    post: Post,
    api: "GitHubApi",
    settings: "Settings",
    hunks: "Mapping[str, Sequence[Shown]]",
    files: "Sequence[ListedFile]",
) -> Plan:
    posted = api.posted(post.number)
    return plan(
        post.open_findings,
        posted,
        hunks,
        lambda finding: finding_comment(finding, post.report, post.pages),
        most=settings.max_comments,
        unread=_unread(post.report, files, [one.path for one in posted]),
    )


def _unread(report: "Report", files: "Sequence[ListedFile]", commented: Sequence[str]) -> set[str]:
    """Return the paths of which something was not read: what was said of them stays."""
    found = {file.path for file in files if file.patch is None and file.added}
    for file in report.files:
        if file.note is not None and not file.lines:  # binary, or made so
            found.add(file.path)
        for line in file.lines:
            match line.outcome:
                case Failed() | Skipped(counts_as_unread=True):
                    found.add(file.path)
    if found or report.ledger.unread_files:  # it may be what a file was renamed to
        found |= set(commented) - {file.path for file in report.files}
    return found


def _steps(
    post: Post, poster: "Poster", settings: "Settings", todo: Plan, *, summary: bool
) -> list[Step]:
    steps: list[Step] = []
    inline = set(todo.inline)
    if todo.create:
        steps.append(("the review", lambda: _review(post, poster, todo, inline, summary)))
    for posted, body in todo.edit:
        steps.append(("an edit", partial(poster.edit_comment, posted, body)))
    for posted in todo.restore:
        steps.append(("an unfolding", partial(poster.unfold, posted)))
    if settings.resolve_threads and todo.minimise:
        steps.append(("resolved threads", partial(poster.resolve, post.number, todo.minimise)))
    if settings.resolve_threads and todo.restore:
        reopen = partial(poster.resolve, post.number, todo.restore, resolved=False)
        steps.append(("reopened threads", reopen))
    for posted in todo.delete:
        steps.append(("a removal", partial(poster.delete_comment, posted)))
    for posted in todo.minimise:
        steps.append(("a folding", partial(poster.fold, posted, gone_body(posted))))
    if summary:
        steps.append(
            ("the summary", lambda: poster.put_summary(post.number, _summary(post, inline)))
        )
    return steps


def _review(
    post: Post, poster: "Poster", todo: Plan, inline: set[tuple[str, str]], summary: bool
) -> None:
    """Post the review. Where GitHub takes an anchor for wrong, that comment is left out.

    A review is taken or refused as a whole, and does not say which comment is wrong: so first all
    are tried on single lines, then without one after the other, at last without any.
    """
    from reviewbot.github.retry import Rejected

    lost = {(c.finding.path, c.finding.fingerprint) for c in todo.create}
    try:
        if post.head in poster.api.reviewed(post.number):  # one review per push
            return
        single = [replace(c, anchor=replace(c.anchor, start_line=None)) for c in todo.create]
        less = [[c for c in single if c is not wrong] for wrong in single]
        for comments in (todo.create, single, *(part for part in less if part)):
            body = review_body(post.head, len(comments), summary)
            try:
                poster.create_review(post.number, post.head, body, comments)
            except Rejected:
                continue
            lost -= {(c.finding.path, c.finding.fingerprint) for c in comments}
            return
    finally:
        inline -= lost  # they stand in the summary


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
    from reviewbot.render.ledger import verdict_word
    from reviewbot.render.markdown import markdown
    from reviewbot.render.severity import standing_words
    from reviewbot.report.model import authors_of

    standing, author = standing_words(report), authors_of(report)
    notes = [
        _annotation(finding, standing(finding), author(finding))
        for finding in report.findings[:MAX_ANNOTATIONS]
    ]
    title = f"{verdict_word(report)}: {'; '.join(report.verdict.reasons)}"[:255]
    output = {"title": title, "summary": markdown(report, MAX_TEXT)[:MAX_TEXT]}
    first = {
        "name": name,
        "head_sha": head,
        "status": "completed",
        "conclusion": "success" if report.verdict.exit_code == 0 else "failure",
        "output": {**output, "annotations": notes[:BATCH]},
    }
    said = json.dumps([first["conclusion"], title, notes], sort_keys=True)
    digest = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    first["external_id"] = f"reviewbot:{digest}"
    run = poster.create_check_run(first)  # or the newest of ours, where it says the same
    for at in range(run.annotations, len(notes), BATCH):
        more = {"output": {**output, "annotations": notes[at : at + BATCH]}}
        poster.extend_check_run(first, run.id, at, more)


def _annotation(finding: Finding, standing: str, author: "Attribution | None") -> dict[str, Any]:
    from reviewbot.render.authors import written_by
    from reviewbot.render.flat import about

    return {
        "path": finding.path,
        "start_line": finding.start,
        "end_line": finding.end,
        "annotation_level": "warning",
        "title": "Look here before you merge",
        "message": about(finding, standing, written_by(author)),
    }
