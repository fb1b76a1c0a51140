"""Use case `post`: put an untrusted report on its pull request. No model, no checkout."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from reviewbot.app.files import read_bounded
from reviewbot.app.forge import connect, number_of
from reviewbot.app.publish import Post, acknowledgements, publish
from reviewbot.app.templates import template_in
from reviewbot.config.schema import Settings
from reviewbot.errors import UsageError
from reviewbot.github.events import Target
from reviewbot.render.comment import pages
from reviewbot.report.model import Report

ORIGIN = "read in the pull request's own workflow run"


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
    page = pages(partial(template_in, Path(settings.templates)) if settings.templates else None)
    acks = acknowledgements(api, pull.number, head, report.findings)
    return publish(Post(report, head, pull.number, acks, page, ORIGIN), api, settings)
