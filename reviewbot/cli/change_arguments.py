"""The click arguments that name a change: shared by `check`, `explain` and `who`."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from reviewbot.app.failures import asked_by
from reviewbot.cli.setting_flags import PATH
from reviewbot.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])


def change_arguments(command: F) -> F:
    """Add the arguments that say which change is meant, and where the report goes."""
    for add in (
        click.option(
            "--output",
            metavar="FILE",
            type=PATH,
            help="Write the report there instead of to stdout.",
        ),
        click.option(
            "--root",
            metavar="DIR",
            default=".",
            show_default=True,
            type=PATH,
            help="Where the code lies.",
        ),
        click.option(
            "--diff",
            metavar="FILE",
            type=PATH,
            help="A diff in a file, or - for stdin; needs no git.",
        ),
        click.option("--staged", is_flag=True, help="What is staged, against HEAD."),
        click.argument("range_", metavar="[RANGE]", nargs=-1, callback=_one_range),
    ):
        command = add(command)
    return command


def _one_range(ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> str | None:
    """Return the range, if any. More words are most likely files, as other tools take them."""
    if len(given) > 1:
        from reviewbot.git.revisions import PATHS

        with asked_by(ctx.info_name or ""):
            raise UsageError(
                f"nothing was checked: {len(given)} arguments where one RANGE is wanted: A, A..B or"
                " A...B; files are not given so",
                fix=PATHS,
            )
    return given[0] if given else None
