"""Step 5 of a dry run: what `publish` would post, as text. Writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewbot.app.marks import marks
from reviewbot.app.publish import Post, has_summary, planned
from reviewbot.escape import visible
from reviewbot.render.phrasing import numbers
from reviewbot.report.comment_sync import SyncPlan, key_of

if TYPE_CHECKING:
    from reviewbot.config.schema import Settings
    from reviewbot.github.writes import Poster
    from reviewbot.report.anchors import Shown

REVIEWED = "this commit has a review already: no comment would be added"
NOTHING = "nothing would be posted"


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be posted: titles with Markdown, then what would be set beside the exit code."""

    bodies: tuple[tuple[str, str], ...] = ()
    marks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def text(self, where: str) -> str:
        """Return it for a terminal, control characters as codes.

        where  what was compared: "from 1a2b3c4d5e to the worktree"
        """
        lines = [f"dry run of the lines added {where}: nothing was posted", *self.notes]
        for title, body in self.bodies:
            lines += ["", f"--- {title}", *body.split("\n")]
        if self.marks:
            lines += ["", "--- beside the exit code", *self.marks]
        if not (self.bodies or self.marks):
            lines.append(NOTHING)
        return "".join(f"{visible(line)}\n" for line in lines)


def preview_pull(post: Post, poster: "Poster", settings: "Settings") -> Preview:
    """Return what `publish` would do now. Reads the pull request.

    raises  what `planned` raises
    """
    plan, summary = planned(post, poster, settings)
    notes: tuple[str, ...] = ()
    if plan.create and post.head in poster.api.reviewed(post.number):
        lost = {key_of(new.finding) for new in plan.create}
        inline = {key: name for key, name in plan.inline.items() if key not in lost}
        plan, notes = replace(plan, create=(), inline=inline), (REVIEWED,)
    return _preview(post, plan, settings, notes, summary=summary)


def preview_local(
    post: Post, hunks: "dict[str, tuple[Shown, ...]]", settings: "Settings", notes: Sequence[str]
) -> Preview:
    """Return what `publish` would post on a pull request without any comment of ours.

    hunks  what the diff of the change shows
    """
    plan = post.plan([], hunks, settings.max_comments)
    return _preview(post, plan, settings, notes, summary=has_summary(post.report, settings))


def _preview(
    post: Post, plan: SyncPlan, settings: "Settings", notes: Sequence[str], *, summary: bool
) -> Preview:
    bodies = []
    for new in plan.create:
        start = new.anchor.start_line or new.anchor.line
        where = f"{new.anchor.path}:{numbers(start, new.anchor.line)}"
        bodies.append((f"comment on {where}", new.body))
    bodies += [(f"edited comment on {old.path}", body) for old, body in plan.edit]
    bodies += [(f"removed comment on {old.path}", old.body) for old in plan.delete]
    bodies += [(f"folded comment on {old.path}", old.body) for old in plan.minimise]
    if summary:
        bodies.append(("summary", post.summary(plan.inline)))
    found = marks(post.report, settings, on_pull=True)
    return Preview(tuple(bodies), tuple(found), tuple(notes))
