"""`reviewbot review`: check what a workflow's event is about, comment on it, and gate.

With --from-report it only posts a report that another job has written: a token, no model.
"""

import os
import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from reviewbot.app.dry_run import review_local
from reviewbot.app.failures import worded
from reviewbot.app.forge import has_token, target_in
from reviewbot.app.post import post_report, read_report
from reviewbot.app.progress import say, timed
from reviewbot.app.publish import said_posted
from reviewbot.app.review import Review, review_target
from reviewbot.cli.console import (
    emit,
    keep_off_terminal,
    parse_also,
    write_also,
    write_file,
    write_report,
)
from reviewbot.cli.options import (
    PATH,
    GroupedCommand,
    GroupedOption,
    also_option,
    one_range,
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

WITHOUT_REPORT = ("range_", "dry_run", "diff", "output", "also", "acks", "timings")


@click.command(cls=GroupedCommand)
@click.argument("range_", metavar="", nargs=-1, callback=one_range)
@pull_request_options
@click.option("--dry-run", is_flag=True, help="Print what would be posted, also of a RANGE.")
@click.option(
    "--diff",
    cls=GroupedOption,
    group=OptionGroup.PULL_REQUEST,
    metavar="FILE",
    type=PATH,
    help="With --dry-run: a diff from a file or stdin (-).",
)
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
    range_: str | None,
    number: int | None,
    repository: str | None,
    dry_run: bool,
    diff: str | None,
    from_report: str | None,
    root: str,
    output: str | None,
    also: tuple[str, ...],
    acks: str | None,
    timings: bool,
    **flags: Any,
) -> None:
    """Check the change of a workflow's event, comment, and gate. Settings are the base branch's, or
    stricter; a local --dry-run takes those that `check` does.
    """
    _refuse_two_changes(range_, diff, number, dry_run=dry_run)
    if from_report is not None:
        _refuse_options_of_checking()
        _post(from_report, Path(root), flags, repository, number)
        return
    outputs = parse_also(also, output, acks)
    early = load_settings(os.environ, flags)
    if not dry_run:
        keep_off_terminal(early.format, output)
    folder = Path(root)
    if not folder.is_dir():
        raise UsageError(f"nothing was reviewed: {root} is no directory", fix="give --root")
    with timed(timings) as clock:
        if dry_run and not _names_pull(range_, diff, number):
            done = review_local(
                range_, diff=diff, root=root, environ=os.environ, flags=flags, clock=clock
            )
        else:
            target = target_in(os.environ, repository=repository, number=number)
            done = review_target(folder, target, os.environ, flags, clock, dry_run=dry_run)
    if acks is not None and done.acks is not None:
        from reviewbot.report.ack_log import ack_records

        write_file(Path(acks), ack_records(done.acks))
    if dry_run and output in (None, "-"):
        write_also(done.report, done.settings, outputs)
    else:
        write_report(done.report, done.settings, output, outputs)
    if done.failure is not None:  # only now: the report must not be lost
        raise done.failure
    _show(done)
    sys.exit(done.report.verdict.exit_code)


def _names_pull(range_: str | None, diff: str | None, number: int | None) -> bool:
    """Return True if a dry run is about a pull request, or an event, that GitHub can be asked of.

    --pr without a token is an error, as without --dry-run. An event without one is not: a fork's.
    """
    if number is not None:
        return True
    event = os.environ.get("GITHUB_EVENT_PATH") and has_token(os.environ)
    return bool(event) and range_ is None and diff is None


def _show(done: Review) -> None:
    """Print what a dry run found; nothing of another one."""
    from reviewbot.render.ledger import compared

    if done.preview is not None:
        emit(done.preview.text(compared(done.report)))


def _refuse_two_changes(
    range_: str | None, diff: str | None, number: int | None, *, dry_run: bool
) -> None:
    """Refuse a range or a diff where a pull request is meant. raises UsageError"""
    given = f"range, got {range_[:100]!r}" if range_ is not None else "diff"
    if (range_ is not None or diff is not None) and not dry_run:
        raise UsageError(
            f"nothing was reviewed: review takes no {given}",
            fix="name a pull request with --pr; `reviewbot check` checks a range or a diff, and"
            " --dry-run shows what would be posted",
        )
    if number is not None and (range_ is not None or diff is not None):
        raise UsageError(
            f"nothing was reviewed: --pr cannot be combined with a {given.partition(',')[0]}",
            fix="give only one of them",
        )


def _post(
    report: str, folder: Path, flags: dict[str, Any], repository: str | None, number: int | None
) -> None:
    """Post an untrusted report; the verdict is shown and gates nothing.

    Number and commit come from the event, the API confirms them, and the report must be about that
    commit.
    """
    read = read_report(report)
    with worded("nothing was posted"):
        target = target_in(os.environ, repository=repository, number=number)
        done = post_report(read, folder, flags, target, os.environ)
    say(said_posted(done))


def _refuse_options_of_checking() -> None:
    """Refuse what says nothing about a finished report, such as --output. raises UsageError"""
    ctx = click.get_current_context()
    for param in ctx.command.params:
        given = ctx.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE
        if given and param.name in WITHOUT_REPORT:
            raise UsageError(
                f"nothing was posted: --from-report cannot be combined with {param.opts[0]}",
                fix=f"leave {param.opts[0]} out: nothing is checked",
            )
