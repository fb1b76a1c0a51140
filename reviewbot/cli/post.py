"""`reviewbot post`: put a report on its pull request. A token, no model, no checkout."""

import os
from typing import Any

import click

from reviewbot.app.forge import target_in
from reviewbot.app.post import post_report, read_report
from reviewbot.app.progress import say
from reviewbot.app.publish import said_posted
from reviewbot.cli.options import GroupedCommand, pull_request_options, setting_flags
from reviewbot.config.choices import Surface
from reviewbot.config.load import load_settings
from reviewbot.config.schema import settings_on


@click.command(cls=GroupedCommand)
@click.argument("report", metavar="REPORT")
@pull_request_options
@setting_flags(*settings_on(Surface.POST))
def post(report: str, number: int | None, repository: str | None, **flags: Any) -> None:
    """Put REPORT (report.json) on the pull request that it is about.

    For the second stage of a workflow: the report is untrusted. Number and commit come from the
    event, the API confirms them, and the report must be about that commit. The verdict is shown as
    the report states it; it gates nothing here.
    """
    settings = load_settings(os.environ, flags)
    read = read_report(report)
    target = target_in(os.environ, repository=repository, number=number)
    say(said_posted(post_report(read, settings, target, os.environ)))
