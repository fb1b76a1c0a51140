"""`reviewbot stats`: counts from a directory of past reports. Loads no model, asks no forge."""

import os
from pathlib import Path

import click

from reviewbot.app.failures import worded
from reviewbot.app.progress import say
from reviewbot.cli.console import deliver, keep_off_terminal
from reviewbot.cli.options import PATH
from reviewbot.errors import UsageError

MAX_NAMED = 20  # files that are named on stderr


@click.command()
@click.argument("directory", metavar="DIR", type=PATH)
@click.option("--root", metavar="DIR", type=PATH, help="Repository of the reports; else here.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["terminal", "json", "html"]),
    default="terminal",
    show_default=True,
)
@click.option("--output", metavar="FILE", type=PATH, help="Write to FILE instead of stdout.")
def stats(directory: str, root: str | None, style: str, output: str | None) -> None:
    """Count what became of past findings: addressed, acknowledged, risky lines by week.

    DIR holds reports that `reviewbot check --format json` or `reviewbot review` wrote, at any
    depth. docs/stats.md says what the numbers mean.
    """
    from reviewbot.app.past_reports import gather
    from reviewbot.render.stats import RENDERERS

    keep_off_terminal(style, output)
    if not Path(directory).is_dir():
        raise UsageError(
            f"nothing was counted: {directory} is no directory", fix="name a directory of reports"
        )
    with worded("nothing was counted"):
        found = gather(Path(directory), root)
    for file, why in found.broken[:MAX_NAMED]:
        say(f"left out: {file[:300]}: {why[:300]}")
    if (more := len(found.broken) - MAX_NAMED) > 0:
        say(f"left out: {more} more files; --format json names them all")
    if not found.groups:
        raise UsageError(
            f"nothing was counted: no file below {directory} is a report that can be used",
            fix="collect what `reviewbot check --format json --output FILE` writes",
        )
    deliver(lambda _look: RENDERERS[style](found), output, os.environ)
