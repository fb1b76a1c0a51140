"""Step 5 of a check: `Report` -> `SyncPlan`, and the writes to the pull request.

Comments on lines, then the summary, whose rows link to them. `marks` has the verdict's own steps.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from reviewbot.app.marks import Step
from reviewbot.render.comment import Pages, Place, finding_comment, review_body, summary_comment
from reviewbot.report.acks import Ack, acks_in
from reviewbot.report.comment_sync import (
    Key,
    Posted,
    SyncPlan,
    by_id,
    finding_id,
    gone_body,
    key_of,
    plan_sync,
)
from reviewbot.report.findings import Finding
from reviewbot.report.gate import Status
from reviewbot.scoring.outcomes import Failed, Skipped

if TYPE_CHECKING:
    from reviewbot.config.schema import Settings
    from reviewbot.github.client import GitHubApi, ListedFile
    from reviewbot.github.writes import Poster
    from reviewbot.report.anchors import Shown
    from reviewbot.report.model import Report


@dataclass(frozen=True, slots=True)
class Post:
    """What to post where."""

    report: "Report"
    head: str  # the commit that was read
    number: int
    acks: Mapping[str, Ack]  # by finding id
    pages: Pages
    top: int  # places in the first table of the summary
    web: str = ""  # the repository's page; "": nothing is linked
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

    def plan(
        self,
        posted: Sequence[Posted],
        hunks: "Mapping[str, Sequence[Shown]]",
        max_comments: int,
        unread: Collection[str] = (),
    ) -> SyncPlan:
        """Return what to do about the comments on lines, see `plan_sync`."""
        return plan_sync(
            self.concrete_findings,
            posted,
            hunks,
            lambda finding: finding_comment(finding, self.report, self.pages, self.head),
            max_comments=max_comments,
            unread=unread,
        )

    def summary(self, inline: Mapping[Key, int | None]) -> str:
        """Return the summary; `inline` are the ids of the comments on lines, None if unknown."""
        page = f"{self.web}/pull/{self.number}#discussion_r"
        urls = {key: f"{page}{name}" if self.web and name else "" for key, name in inline.items()}
        place = Place(
            head=self.head,
            comments=urls,
            acks=self.acks,
            web=self.web,
            top=self.top,
            origin=self.origin,
        )
        return summary_comment(self.report, self.pages, place)


def acknowledgements(
    api: "GitHubApi", number: int, head: str, findings: Sequence[Finding]
) -> dict[str, Ack]:
    """Return the valid acknowledgements by finding id: for this head, by people who may push.

    Each call asks again whether they may. Of several for a finding the latest counts.
    """
    known = by_id(head, findings)
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
    from reviewbot.github.writes import Poster

    poster = Poster(api)
    plan, summary = planned(post, poster, settings)
    if summary:
        post.summary(plan.inline)  # an invalid template must show before any write
    steps = [*gate, *_steps(post, poster, settings, plan, summary=summary)]
    if not steps:
        return []
    now = api.pull(post.number)
    if now.head != post.head or now.state != "open":
        return [f"nothing: the pull request has moved on to {now.head[:10]}, or is closed"]
    return carry_out(steps, api)


def planned(post: Post, poster: "Poster", settings: "Settings") -> tuple[SyncPlan, bool]:
    """Return what to do about the comments on lines, and whether there is a summary. Reads only."""
    from reviewbot.diff.parser import parse
    from reviewbot.github.remote_diff import diff_of
    from reviewbot.report.anchors import shown

    files, posted = poster.api.files(post.number), poster.api.posted(post.number)
    unread = _unread(post.report, files, [comment.path for comment in posted])
    plan = post.plan(posted, shown(parse(diff_of(files))), settings.max_comments, unread)
    summary = has_summary(post.report, settings) or poster.has_summary(post.number)
    return plan, summary


def has_summary(report: "Report", settings: "Settings") -> bool:
    """Return True if a report is summed up on a pull request that has no summary yet.

    A clean change without a scored line gets no summary, because it has no place to read.
    """
    passed = report.verdict.status is Status.PASS and not report.ledger.all_withheld
    clean = passed and not report.findings
    return not clean or (settings.comment_when_clean and report.ledger.scored > 0)


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
    inline = dict(plan.inline)
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
        steps.append(("the summary", lambda: _summary(post, poster, inline)))
    return steps


def _summary(post: Post, poster: "Poster", inline: dict[Key, int | None]) -> None:
    """Post the summary: last, because it links to the comments, and has what was no comment."""
    if None in inline.values():  # the review says nothing about its comments: look
        made = {(one.path, one.fingerprint): one.id for one in poster.api.posted(post.number)}
        inline |= {key: made.get(key) for key, name in inline.items() if name is None}
    poster.put_summary(post.number, post.summary(inline))


def _review(
    post: Post, poster: "Poster", plan: SyncPlan, inline: dict[Key, int | None], summary: bool
) -> None:
    """Post the review, without the comments whose anchors GitHub rejects.

    GitHub takes or rejects a review as a whole, and does not name the rejected comment: so this
    tries all on single lines, then without each in turn. The summary shows what was left out.
    """
    from reviewbot.github.retry import Rejected

    lost = {key_of(new.finding) for new in plan.create}
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
            lost -= {key_of(new.finding) for new in comments}
            return
    finally:
        for key in lost:
            del inline[key]
