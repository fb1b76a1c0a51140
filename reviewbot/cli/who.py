"""`reviewbot who`: who wrote the lines that a change adds. Loads no model, asks no forge."""

import os
from typing import Any

import click

from reviewbot.app.failures import asked_by
from reviewbot.app.inputs import local_source
from reviewbot.app.who import who_wrote
from reviewbot.cli.console import deliver
from reviewbot.cli.options import change_arguments, setting_flags

FORMATS = ("terminal", "json", "markdown")


@click.command()
@change_arguments
@click.option(
    "--format",
    "style",
    type=click.Choice(FORMATS),
    default=FORMATS[0],
    show_default=True,
    help="Report format.",
)
@setting_flags("assume")
def who(
    range_: str | None,
    staged: bool,
    diff: str | None,
    root: str,
    output: str | None,
    style: str,
    **flags: Any,
) -> None:
    """Show who wrote the lines that a change adds, and the evidence for it.

    RANGE is as for `reviewbot check`.
    """
    from reviewbot.render.who import WHO_RENDERERS, who_terminal

    with asked_by("who"):
        source = local_source(
            range_, staged=staged, diff=diff, root=root, environ=os.environ, flags=flags
        )
        report = who_wrote(source, os.environ)
    if style == "terminal":
        deliver(lambda look: who_terminal(report, width=look[0], color=look[1]), output, os.environ)
    else:
        deliver(lambda _look: WHO_RENDERERS[style](report), output, os.environ)
