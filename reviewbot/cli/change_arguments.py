"""The click arguments that name a change: shared by `check`, `explain` and `who`."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from reviewbot.app.failures import asked_by
from reviewbot.cli.setting_flags import PATH
from reviewbot.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])
ROOT = "Directory that contains the code."
DIFF = "Read the change from a diff file, or from stdin (-); needs no git."
OUTPUT = "Write the report to this file instead of stdout."


def change_arguments(command: F) -> F:
    """Add the arguments that name a change, and the file for the report."""
    for add in (
        click.option("--output", metavar="FILE", type=PATH, help=OUTPUT),
        click.option("--root", metavar="DIR", default=".", show_default=True, type=PATH, help=ROOT),
        click.option("--diff", metavar="FILE", type=PATH, help=DIFF),
        click.option("--staged", is_flag=True, help="Check what is staged, compared with HEAD."),
        click.argument("range_", metavar="[RANGE]", nargs=-1, callback=_one_range),
    ):
        command = add(command)
    return command


def _one_range(ctx: click.Context, _param: click.Parameter, words: tuple[str, ...]) -> str | None:
    """Return the range, if any. More words are probably files, which other tools take."""
    if len(words) > 1:
        from reviewbot.git.revisions import PATHS

        with asked_by(ctx.info_name or ""):
            raise UsageError(
                f"nothing was checked: expected one RANGE (A, A..B or A...B), got {len(words)} "
                "arguments; files are not arguments",
                fix=PATHS,
            )
    return words[0] if words else None
