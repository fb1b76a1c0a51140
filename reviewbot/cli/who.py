"""`reviewbot who`: who wrote the lines that a change adds. Loads no model, asks no forge."""

import os
from collections.abc import Callable
from typing import Any

import click

from reviewbot.app.failures import asked_by
from reviewbot.app.inputs import local_source
from reviewbot.app.who import who_wrote
from reviewbot.cli.console import deliver
from reviewbot.cli.options import change_arguments, setting_flags
from reviewbot.errors import UsageError


@click.command()
@change_arguments
@setting_flags("format", "assume")
def who(
    range_: str | None,
    staged: bool,
    diff: str | None,
    root: str,
    output: str | None,
    **flags: Any,
) -> None:
    """Show who wrote the lines that a change adds, and the evidence for it.

    RANGE is as for `reviewbot check`.
    """
    from reviewbot.render.who import who_json, who_markdown, who_terminal

    with asked_by("who"):
        source = local_source(
            range_, staged=staged, diff=diff, root=root, environ=os.environ, flags=flags
        )
        report = who_wrote(source, os.environ)
    renderers: dict[str, Callable[[int, bool], str]] = {
        "json": lambda _width, _color: who_json(report),
        "markdown": lambda _width, _color: who_markdown(report),
        "terminal": lambda width, color: who_terminal(report, width=width, color=color),
    }
    style = source.settings.format
    if style not in renderers:
        raise UsageError(
            f"no author was looked for: who has no format '{style}'",
            fix=f"use one of: {', '.join(renderers)}",
        )
    deliver(lambda look: renderers[style](*look), output, os.environ)
