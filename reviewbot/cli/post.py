"""`reviewbot post`: put a report on its pull request. A token, no model, no checkout."""

import os
from pathlib import Path
from typing import Any

import click

from reviewbot.app.files import read_bounded
from reviewbot.app.forge import asked_target, connect
from reviewbot.app.progress import say
from reviewbot.app.publish import Post, acknowledged, publish
from reviewbot.cli.review import resolve
from reviewbot.cli.setting_flags import GroupedCommand, setting_flags
from reviewbot.config.choices import Surface
from reviewbot.config.load import load_settings
from reviewbot.config.schema import settings_on
from reviewbot.errors import UsageError
from reviewbot.render.comment import pages

ORIGIN = "read in the pull request's own workflow run"


@click.command(cls=GroupedCommand)
@click.argument("report", metavar="REPORT")
@click.option(
    "--pr",
    "number",
    type=int,
    metavar="N",
    help="Pull request number; default: the one of the event.",
)
@click.option("--repository", metavar="OWNER/NAME", help="Default: GITHUB_REPOSITORY.")
@setting_flags(*settings_on(Surface.POST))
def post(report: str, number: int | None, repository: str | None, **flags: Any) -> None:
    """Put REPORT (report.json) on the pull request that it is about.

    For the second stage of a workflow: the report is a stranger's file. Number and commit come from
    the event, are confirmed by the API, and the report must be about that commit. The verdict is
    shown as it was written; it gates nothing here.
    """
    from reviewbot.report.json_reader import MAX_BYTES, parse_report

    settings = load_settings(os.environ, flags)
    raw = read_bounded(report, MAX_BYTES, doing="nothing was posted", what="a report.json")
    found = parse_report(raw)
    target = asked_target(os.environ, repository=repository, number=number)
    api = connect(settings, os.environ, target.repository)
    pull = api.pull(resolve(api, target))
    head = target.head or pull.head
    if found.change.head != head:
        raise UsageError(
            f"nothing was posted: the report is about {found.change.head[:10]}, the pull request's"
            f" run about {head[:10]}",
            fix="check the head of the pull request, not the merge commit: see docs/github.md",
        )
    templates = Path(settings.templates) if settings.templates else None
    page = pages(None if templates is None else lambda name: _template(templates, name))
    acks = acknowledged(api, pull.number, head, found.findings)
    done = publish(Post(found, head, pull.number, acks, page, ORIGIN), api, settings)
    say(f"posted: {', '.join(done) if done else 'nothing, all is as it was'}")


def _template(folder: Path, name: str) -> bytes | None:
    path = folder / name
    return path.read_bytes()[:65_536] if path.is_file() else None
