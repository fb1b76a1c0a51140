"""`reviewbot who`: who wrote the lines that a change adds. Loads no model, asks no forge."""

import os
from collections.abc import Callable
from typing import Any

import click

from reviewbot.app.attribute import scopes_of
from reviewbot.app.failures import asked_by
from reviewbot.app.inputs import files_note, folder_of, intake, parsed, settings_for, settings_root
from reviewbot.cli.change_arguments import change_arguments
from reviewbot.cli.output import deliver
from reviewbot.cli.setting_flags import setting_flags
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
    """Say who wrote the lines that a change adds, and by what evidence.

    RANGE is as for `reviewbot check`.
    """
    from reviewbot.authorship.who import who_report
    from reviewbot.diff.model import Entry
    from reviewbot.render.who import who_json, who_markdown, who_terminal

    with asked_by("who"):
        folder = folder_of(range_, staged=staged, diff=diff, root=root)
        base_root = settings_root(folder, has_git=diff is None)
        request = intake(folder, range_, staged=staged, diff=diff)
        settings, edited = settings_for(request, base_root, os.environ, flags)
        whole, change = parsed(request)
        authors = scopes_of(request, change, settings, os.environ, base_root).authors
    merged = request.theirs if any(f.added for f in whole.files) else ""
    hidden = [f.path for f in change.files if f.entry is Entry.BINARY and not f.added]
    more = [
        *([request.nothing] if request.nothing else []),
        *([merged] if merged and not any(f.added for f in change.files) else []),
        *request.notes,
        *edited,
        *files_note(hidden, "binary file shows no lines", "binary files show no lines"),
    ]
    more += files_note(
        request.untracked,
        "untracked file is not part of the change",
        "untracked files are not part of the change",
    )
    report = who_report(change, authors, base=request.base, head=request.head, notes=more)
    renderers: dict[str, Callable[[int, bool], str]] = {
        "json": lambda _width, _color: who_json(report),
        "markdown": lambda _width, _color: who_markdown(report),
        "terminal": lambda width, color: who_terminal(report, width=width, color=color),
    }
    if settings.format not in renderers:
        raise UsageError(
            f"nothing was said: authors have no format '{settings.format}'",
            fix=f"use one of: {', '.join(renderers)}",
        )
    deliver(lambda look: renderers[settings.format](*look), output, os.environ)
