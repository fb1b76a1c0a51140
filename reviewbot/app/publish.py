"""Step 5 of a check: `Report` -> `SyncPlan`, and the writes to the pull request.

Comments on lines, the summary, and the verdict as check run, commit status and label.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from reviewbot.render.comment import Pages, finding_comment, review_body, summary_comment
from reviewbot.report.acks import Ack, acks_in
from reviewbot.report.comment_sync import SyncPlan, finding_id, gone_body, plan_sync
from reviewbot.report.findings import Finding
from reviewbot.report.gate import Status
from reviewbot.scoring.outcomes import Failed, Skipped

if TYPE_CHECKING:
    from reviewbot.config.schema import Settings
    from reviewbot.github.client import GitHubApi, ListedFile
    from reviewbot.github.writes import Poster
    from reviewbot.render.findings import FindingView
    from reviewbot.report.model import Report

BATCH = 50  # annotations that GitHub takes in one request
MAX_ANNOTATIONS = 200
MAX_TEXT = 60_000  # characters of a check run's summary


Step = tuple[str, Callable[[], None]]  # what it posts, and the write


@dataclass(frozen=True, slots=True)
class Post:
    """What to post where."""

    report: "Report"
    head: str  # the commit that was read
    number: int
    acks: Mapping[str, Ack]  # by finding id
    pages: Pages
    origin: str = ""  # of the report, if another job wrote it

    @property
    def open_findings(self) -> list[Finding]:
        """The findings that nobody has acknowledged."""
        report = self.report
        return [f for f in report.findings if finding_id(self.head, f) not in self.acks]

    @property
    def concrete_findings(self) -> list[Finding]:
        """The open findings that may have a comment on their lines: those with a concrete doubt.

        A comment interrupts, so it must name something that a reader can check in a second: what
        the model expected instead. A risk alone stays in the summary and in the heat map.
        """
        return [finding for finding in self.open_findings if finding.doubts]

    def summary(self, inline: Collection[tuple[str, str]]) -> str:
        """Return the summary; `inline` are the findings that have a comment on their line."""
        return summary_comment(
            self.report,
            self.pages,
            head=self.head,
            inline=frozenset(inline),
            acks=self.acks,
            origin=self.origin,
        )


def acknowledgements(
    api: "GitHubApi", number: int, head: str, findings: Sequence[Finding]
) -> dict[str, Ack]:
    """Return the valid acknowledgements by finding id: for this head, by people who may push.

    Each call asks again whether they may. Of several for a finding the latest counts.
    """
    names = Counter(finding_id(head, finding) for finding in findings)
    known = {name for name, count in names.items() if count == 1}  # one name, one finding
    acks: dict[str, Ack] = {}
    allowed: dict[str, bool] = {}
    for comment in api.comments(number) if known else ():
        for ack in acks_in(comment.body, comment.login):
            if ack.finding not in known or not ack.login or ack.login.endswith("[bot]"):
                continue
            if ack.login not in allowed:
                allowed[ack.login] = api.may_write(ack.login)
            if allowed[ack.login]:
                acks[ack.finding] = ack
    return acks


def publish(
    post: Post, api: "GitHubApi", settings: "Settings", gate: Sequence[Step] = ()
) -> list[str]:
    """Bring the pull request up to date with the report; return what was done, in words.

    Writes nothing if the pull request has a newer head, or is up to date.

    gate    more to write, see `gate_steps`; written first
    raises  ForgeFailure, with what was and was not posted; UsageError for an invalid template,
            before anything is written
    """
    from reviewbot.diff.parser import parse
    from reviewbot.github.remote_diff import diff_of
    from reviewbot.github.writes import Poster
    from reviewbot.report.anchors import shown

    files, posted = api.files(post.number), api.posted(post.number)
    plan = plan_sync(
        post.concrete_findings,
        posted,
        shown(parse(diff_of(files))),
        lambda finding: finding_comment(finding, post.report, post.pages),
        max_comments=settings.max_comments,
        unread=_unread(post.report, files, [comment.path for comment in posted]),
    )
    poster = Poster(api)
    passed = post.report.verdict.status is Status.PASS and not post.report.ledger.all_excluded
    clean = passed and not post.report.findings
    summary = not clean or settings.comment_when_clean or poster.has_summary(post.number)
    if summary:
        post.summary(plan.inline)  # an invalid template must show before any write
    steps = [*gate, *_steps(post, poster, settings, plan, summary=summary)]
    if not steps:
        return []
    now = api.pull(post.number)
    if now.head != post.head or now.state != "open":
        return [f"nothing: the pull request has moved on to {now.head[:10]}, or is closed"]
    return carry_out(steps, api)


def carry_out(steps: Sequence[Step], api: "GitHubApi") -> list[str]:
    """Do all steps, even after one has failed; then raise the first failure.

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
        posted = ", ".join(done) or "nothing"
        what = f"{first.what}; posted: {posted}; not posted: {', '.join(failed)}"
        raise type(first)(what, fix=first.fix) from first
    return done


def said_posted(done: Sequence[str]) -> str:
    """Return the line that tells the user what `publish` did."""
    return f"posted: {', '.join(done) or 'nothing, everything is up to date'}"


def _unread(report: "Report", files: "Sequence[ListedFile]", commented: Sequence[str]) -> set[str]:
    """Return the paths of which something was not read: their comments stay."""
    unread = {file.path for file in files if file.patch is None and file.added}
    for file in report.files:
        hidden = file.note is not None and not file.lines  # binary, or made so
        outcomes = (line.outcome for line in file.lines)
        if hidden or any(
            isinstance(o, Failed) or (isinstance(o, Skipped) and o.counts_as_unread)
            for o in outcomes
        ):
            unread.add(file.path)
    if unread or report.ledger.unread_files:  # a commented file may have been renamed to one
        unread |= set(commented) - {file.path for file in report.files}
    return unread


def _steps(
    post: Post, poster: "Poster", settings: "Settings", plan: SyncPlan, *, summary: bool
) -> list[Step]:
    inline = set(plan.inline)
    steps: list[Step] = []
    if plan.create:
        steps.append(("the review", lambda: _review(post, poster, plan, inline, summary)))
    steps += [("an edit", partial(poster.edit_comment, *edit)) for edit in plan.edit]
    steps += [("an unfolding", partial(poster.unfold, posted)) for posted in plan.restore]
    if settings.resolve_threads:
        if plan.minimise:
            steps.append(("resolved threads", partial(poster.resolve, post.number, plan.minimise)))
        if plan.restore:
            reopen = partial(poster.resolve, post.number, plan.restore, resolved=False)
            steps.append(("reopened threads", reopen))
    steps += [("a removal", partial(poster.delete_comment, posted)) for posted in plan.delete]
    steps += [("a folding", partial(poster.fold, old, gone_body(old))) for old in plan.minimise]
    if summary:
        # Late: a failed review adds findings to the summary.
        put = lambda: poster.put_summary(post.number, post.summary(inline))  # noqa: E731
        steps.append(("the summary", put))
    return steps


def _review(
    post: Post, poster: "Poster", plan: SyncPlan, inline: set[tuple[str, str]], summary: bool
) -> None:
    """Post the review, without the comments whose anchors GitHub rejects.

    GitHub takes or rejects a review as a whole, and does not name the rejected comment: so this
    tries all on single lines, then without each in turn. The summary shows what was left out.
    """
    from reviewbot.github.retry import Rejected

    lost = {(c.finding.path, c.finding.fingerprint) for c in plan.create}
    try:
        if post.head in poster.api.reviewed(post.number):  # one review per push
            return
        single = [replace(c, anchor=replace(c.anchor, start_line=None)) for c in plan.create]
        less = [[c for c in single if c is not wrong] for wrong in single]
        for comments in (plan.create, single, *filter(None, less)):
            body = review_body(post.head, len(comments), summary)
            try:
                poster.create_review(post.number, post.head, body, comments)
            except Rejected:
                continue
            lost -= {(c.finding.path, c.finding.fingerprint) for c in comments}
            return
    finally:
        inline -= lost


def gate_steps(
    report: "Report", head: str, number: int | None, poster: "Poster", settings: "Settings"
) -> list[Step]:
    """Return the steps that show the verdict beside the exit code: check run, status, label."""
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
    from reviewbot.render.findings import finding_views
    from reviewbot.render.ledger import verdict_word
    from reviewbot.render.markdown import markdown

    views = finding_views(report, report.findings[:MAX_ANNOTATIONS])
    notes = [_annotation(view) for view in views]
    title = f"{verdict_word(report)}: {'; '.join(report.verdict.reasons)}"[:255]
    output = {"title": title, "summary": markdown(report, MAX_TEXT)[:MAX_TEXT]}
    first = {
        "name": name,
        "head_sha": head,
        "status": "completed",
        "conclusion": "success" if report.verdict.exit_code == 0 else "failure",
        "output": {**output, "annotations": notes[:BATCH]},
    }
    content = json.dumps([first["conclusion"], title, notes], sort_keys=True)
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    first["external_id"] = f"reviewbot:{digest}"
    run = poster.create_check_run(first)  # or the newest of ours, if it is the same
    for start in range(run.annotations, len(notes), BATCH):
        more = {"output": {**output, "annotations": notes[start : start + BATCH]}}
        poster.extend_check_run(first, run.id, start, more)


def _annotation(view: "FindingView") -> dict[str, Any]:
    from reviewbot.render.issues import finding_message

    return {
        "path": view.finding.path,
        "start_line": view.finding.start,
        "end_line": view.finding.end,
        "annotation_level": "warning",
        "title": "Look here before you merge",
        "message": finding_message(view),
    }
