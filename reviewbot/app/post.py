"""Use case `review --from-report`: post an untrusted report. No model, no checkout."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from reviewbot.app.forge import connect, number_of
from reviewbot.app.inputs import read_bounded
from reviewbot.app.publish import Post, acknowledgements, publish
from reviewbot.config.schema import Settings
from reviewbot.errors import UsageError
from reviewbot.github.events import Target
from reviewbot.render.comment import pages
from reviewbot.report.model import Report

MAX_TEMPLATE = 65_536  # bytes
# Fields of `Settings`; the others are about checking.
SETTINGS_OF_POSTING = (
    "max_comments",
    "comment_when_clean",
    "resolve_threads",
    "bot_login",
    "templates",
    "top",
)
ORIGIN = "read in the pull request's own workflow run"
ReadTemplate = Callable[[str], bytes | None]  # by file name


def read_report(name: str) -> Report:
    """Read a report file. raises UsageError for anything that is no report"""
    from reviewbot.report.json_reader import MAX_BYTES, parse_report

    raw = read_bounded(name, MAX_BYTES, doing="nothing was posted", what="a report.json")
    return parse_report(raw)


def post_report(
    report: Report, settings: Settings, target: Target, environ: Mapping[str, str]
) -> list[str]:
    """Post a report on the pull request that the API confirms; return what was done, in words.

    raises  UsageError if the report is about another commit, and what `publish` raises
    """
    api = connect(settings, environ, target.repository)
    pull = api.pull(number_of(api, target))
    head = target.head or pull.head
    if report.change.head != head:
        raise UsageError(
            f"nothing was posted: the report is about {report.change.head[:10]}, the pull request's"
            f" run about {head[:10]}",
            fix="check the head of the pull request, not the merge commit: see docs/github.md",
        )

    def template(name: str) -> bytes | None:
        path = Path(settings.templates or "") / name
        return path.read_bytes()[:MAX_TEMPLATE] if path.is_file() else None

    page = pages(template if settings.templates else None)
    acks = acknowledgements(api, pull.number, head, report.findings)
    post = Post(report, head, pull.number, acks, page, settings.top, api.web, ORIGIN)
    return publish(post, api, settings)


def base_templates(settings: Settings, root: Path, read: ReadTemplate) -> ReadTemplate | None:
    """Return a function that reads the user's own templates; None without such a setting.

    They come from the base branch. The working tree may be untrusted and hold links, so only the
    names of `root`, the repository, and of the directory count.
    read    reads a file of the base branch by its path in the repository
    raises  UsageError if the directory is outside the repository
    """
    if settings.templates is None:
        return None
    top = os.path.normpath(root.absolute())
    folder = os.path.relpath(os.path.normpath(Path(top) / settings.templates), top)
    folder = folder.replace(os.sep, "/")
    if folder == ".." or folder.startswith("../"):
        raise UsageError(
            f"nothing was posted: templates: {settings.templates} is not in the repository",
            fix="name a directory of it",
        )
    return lambda name: read(f"{folder}/{name}")
