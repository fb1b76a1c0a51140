"""The click arguments and options that several commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from reviewbot.app.failures import asked_by
from reviewbot.cli.setting_flags import PATH, GroupedOption
from reviewbot.config.choices import OptionGroup
from reviewbot.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])
root_option = click.option(
    "--root",
    metavar="DIR",
    type=PATH,
    default=".",
    show_default=True,
    help="Directory that contains the code.",
)
output_option = click.option(
    "--output",
    metavar="FILE",
    type=PATH,
    help="Write the report to this file instead of stdout.",
)
also_option = click.option(
    "--also",
    cls=GroupedOption,
    group=OptionGroup.REPORT,
    multiple=True,
    metavar="FORMAT=FILE",
    help="Also write the report in this format.  [repeatable]",
)
timings_option = click.option(
    "--timings",
    cls=GroupedOption,
    group=OptionGroup.REPORT,
    is_flag=True,
    help="Print the duration of each step to stderr.",
)
DIFF = "Read the change from a diff file, or from stdin (-); needs no git."


def change_arguments(command: F) -> F:
    """Add the arguments that name a change, and the file for the report."""
    for add in (
        output_option,
        root_option,
        click.option("--diff", metavar="FILE", type=PATH, help=DIFF),
        click.option("--staged", is_flag=True, help="Check what is staged, compared with HEAD."),
        click.argument("range_", metavar="[RANGE]", nargs=-1, callback=_one_range),
    ):
        command = add(command)
    return command


def pull_request_options(command: F) -> F:
    """Add the options that name a pull request."""
    for add in (
        click.option("--repository", metavar="OWNER/NAME", help="Default: GITHUB_REPOSITORY."),
        click.option(
            "--pr", "number", type=int, metavar="N", help="Pull request; default: the event's."
        ),
    ):
        command = add(command)
    return command


def _one_range(ctx: click.Context, _param: click.Parameter, words: tuple[str, ...]) -> str | None:
    """Return the range, if any. More words are probably files, which other tools take."""
    if len(words) > 1:
        from reviewbot.git.repository import PATHS

        with asked_by(ctx.info_name or ""):
            raise UsageError(
                f"nothing was checked: expected one RANGE (A, A..B or A...B), got {len(words)} "
                "arguments; files are not arguments",
                fix=PATHS,
            )
    return words[0] if words else None
