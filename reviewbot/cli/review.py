"""`reviewbot review`: check what a workflow's event is about, comment on it, and gate.

With --from-report it only posts a report that another job has written: a token, no model.
"""

import os
import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from reviewbot.app.failures import worded
from reviewbot.app.forge import target_in
from reviewbot.app.post import SETTINGS_OF_POSTING, post_report, read_report
from reviewbot.app.progress import say, timed
from reviewbot.app.publish import said_posted
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
from reviewbot.config.schema import Settings, settings_on
from reviewbot.errors import UsageError

WITH_REPORT = ("from_report", "number", "repository", *SETTINGS_OF_POSTING)


@click.command(cls=GroupedCommand)
@click.argument("words", metavar="", nargs=-1, type=click.UNPROCESSED)
@pull_request_options
@click.option(
    "--from-report",
    metavar="FILE",
    type=PATH,
    help="Post this report.json (- is stdin), check nothing.",
)
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
    words: tuple[str, ...],
    number: int | None,
    repository: str | None,
    from_report: str | None,
    root: str,
    output: str | None,
    also: tuple[str, ...],
    acks: str | None,
    timings: bool,
    **flags: Any,
) -> None:
    """Check the change of a workflow's event, comment, and gate. Settings are those of the base
    branch; a change can only make them stricter.
    """
    if words:
        raise UsageError(
            f"nothing was reviewed: review takes no range, got {words[0][:100]!r}",
            fix="name a pull request with --pr; `reviewbot check RANGE` checks a range",
        )
    if from_report is not None:
        _refuse_options_of_checking()
        _post(from_report, load_settings(os.environ, flags), repository, number)
        return
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


def _post(report: str, settings: Settings, repository: str | None, number: int | None) -> None:
    """Post an untrusted report; its verdict is shown and gates nothing.

    Number and commit come from the event, the API confirms them, and the report must be about that
    commit.
    """
    read = read_report(report)
    with worded("nothing was posted"):
        target = target_in(os.environ, repository=repository, number=number)
        done = post_report(read, settings, target, os.environ)
    say(said_posted(done))


def _refuse_options_of_checking() -> None:
    """Refuse what a finished report cannot follow, such as --max-risk. raises UsageError"""
    ctx = click.get_current_context()
    for param in ctx.command.params:
        given = ctx.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE
        if given and param.name not in WITH_REPORT:
            raise UsageError(
                f"nothing was posted: --from-report cannot be combined with {param.opts[0]}",
                fix=f"leave {param.opts[0]} out: the report is posted as it is",
            )
