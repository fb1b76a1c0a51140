"""`reviewbot review`: check what a workflow's event is about, comment on it, and gate."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from reviewbot.app.forge import target_in
from reviewbot.app.progress import timed
from reviewbot.app.review import review_target
from reviewbot.cli.console import keep_off_terminal, parse_also, write_file, write_report
from reviewbot.cli.options import (
    PATH,
    GroupedCommand,
    GroupedOption,
    also_option,
    output_option,
    pull_request_options,
    root_option,
    setting_flags,
    timings_option,
)
from reviewbot.config.choices import OptionGroup, Surface
from reviewbot.config.load import load_settings
from reviewbot.config.schema import settings_on
from reviewbot.errors import UsageError


@click.command(cls=GroupedCommand)
@pull_request_options
@root_option
@output_option
@also_option
@click.option(
    "--acks",
    cls=GroupedOption,
    group=OptionGroup.REPORT,
    metavar="FILE",
    type=PATH,
    help="Write the acknowledgements to this file, for `stats`.",
)
@timings_option
@setting_flags(*settings_on(Surface.REVIEW))
def review(
    number: int | None,
    repository: str | None,
    root: str,
    output: str | None,
    also: tuple[str, ...],
    acks: str | None,
    timings: bool,
    **flags: Any,
) -> None:
    """Check what a workflow's event is about, comment on the pull request, and gate.

    Supports pull_request, pull_request_target, issue_comment, workflow_run, merge_group and push.
    Reads the token from GITHUB_TOKEN and the server from GITHUB_API_URL. Settings, rules and
    templates are those of the base branch; a change can only make them stricter.
    """
    outputs = parse_also(also, output, acks)
    early = load_settings(os.environ, flags)
    keep_off_terminal(early.format, output)
    folder = Path(root)
    if not folder.is_dir():
        raise UsageError(f"nothing was reviewed: {root} is no directory", fix="give --root")
    target = target_in(os.environ, repository=repository, number=number)
    with timed(timings) as clock:
        done = review_target(folder, target, os.environ, flags, clock)
    if acks is not None and done.acks is not None:
        from reviewbot.report.ack_log import ack_records

        write_file(Path(acks), ack_records(done.acks))
    write_report(done.report, done.settings, output, outputs)
    if done.failure is not None:  # only now: the report must not be lost
        raise done.failure
    sys.exit(done.report.verdict.exit_code)
