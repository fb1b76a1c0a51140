"""Use case `review --dry-run` without a pull request: what a local change would get. No token."""

from collections.abc import Mapping
from typing import Any

from reviewbot.app.check import score_source
from reviewbot.app.failures import asked_by
from reviewbot.app.inputs import local_source
from reviewbot.app.load_change import FILES, ChangeSource
from reviewbot.app.post import MAX_TEMPLATE, ReadTemplate, base_templates
from reviewbot.app.preview import Preview, preview_local
from reviewbot.app.progress import Clock
from reviewbot.app.publish import Post
from reviewbot.app.review import Review
from reviewbot.config.choices import Posting
from reviewbot.render.comment import pages

LOCAL = (
    "without a pull request: GitHub was not asked, so links, comments that are there and"
    " acknowledgements are not known"
)


def review_local(
    range_: str | None,
    *,
    diff: str | None,
    root: str,
    environ: Mapping[str, str],
    flags: Mapping[str, Any],
    clock: Clock,
) -> Review:
    """Check a change as `check` does, and return what a pull request with it would get.

    raises  every kind of ReviewbotError
    """
    from reviewbot.app.judge import find, gate_rules, judge
    from reviewbot.report.anchors import shown

    with asked_by("review"):
        source = local_source(
            range_, staged=False, diff=diff, root=root, environ=environ, flags=flags
        )
    clock("asking git")
    settings = source.settings
    page = pages(_templates(source))
    scored = score_source(source, clock)
    rules = gate_rules(scored)
    report = judge(scored, rules, find(scored, rules))
    if settings.post is Posting.NEVER:
        return Review(report, settings, acks=None, preview=Preview())
    post = Post(report, report.change.head, 0, {}, page, settings.top)
    preview = preview_local(post, shown(scored.change.change), settings, (LOCAL,))
    return Review(report, settings, acks=None, preview=preview)


def _templates(source: ChangeSource) -> ReadTemplate | None:
    """Return the user's own templates: of commits as the base has them, else as they are."""
    from reviewbot.git.changes import INDEX, WORKTREE
    from reviewbot.git.files import CommitFiles, WorktreeFiles

    request = source.request
    if request.head in (FILES, INDEX, WORKTREE):
        read = WorktreeFiles(source.root, MAX_TEMPLATE).read
    elif request.base is None:
        return None
    else:
        read = CommitFiles(request.repo.objects, request.base, MAX_TEMPLATE).read
    return base_templates(source.settings, source.root, read)
