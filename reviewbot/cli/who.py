"""`reviewbot who`: who wrote the lines that a change adds. Loads no model, asks no forge."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from reviewbot.cli.asked import (
    change_arguments,
    folder_of,
    intake,
    settings_layers,
    settings_root,
)
from reviewbot.cli.authors import scopes_of
from reviewbot.cli.options import setting_flags
from reviewbot.cli.output import deliver
from reviewbot.cli.talk import say
from reviewbot.core.authors import Author
from reviewbot.core.errors import UsageError
from reviewbot.settings import from_environ, from_flags, settings_from

RECORDS = (Author.AI.value, Author.HUMAN.value, Author.MIXED.value)


@click.command()
@change_arguments
@click.option("--record", type=click.Choice(RECORDS), help="Record who wrote the staged lines.")
@click.option("--tool", metavar="NAME", help="With --record: the agent, such as claude or cursor.")
@click.option("--model", metavar="NAME", help="With --record: the model that it used.")
@setting_flags("format", "assume")
def who(
    range_: str | None,
    staged: bool,
    diff: str | None,
    root: str,
    output: str | None,
    record: str | None,
    tool: str | None,
    model: str | None,
    **flags: Any,
) -> None:
    """Say who wrote the lines that a change adds, and by what evidence.

    RANGE is as for `reviewbot check`. With --record the staged lines get a record of their author
    in .agent-trace/traces.jsonl instead; stage that file, too, and it is committed with them.
    """
    folder = folder_of(range_, staged=staged, diff=diff, root=root)
    if record is None and (tool or model):
        raise UsageError(
            "nothing was recorded: --tool and --model go with --record", fix="add --record ai"
        )
    if record is not None:
        if range_ is not None or diff is not None or output is not None:
            raise UsageError(
                "nothing was recorded: --record is about what is staged, and writes no report",
                fix="leave RANGE, --diff and --output out",
            )
        record_staged(folder, Author(record), tool, model)
        return
    from reviewbot.core.who import who_report
    from reviewbot.diffs import parse
    from reviewbot.render.who import who_json, who_markdown, who_terminal

    base_root = settings_root(folder, has_git=diff is None)
    request = intake(folder, range_, staged=staged, diff=diff)
    layers, edited = settings_layers(request, base_root)
    settings = settings_from(*layers, from_environ(os.environ), from_flags(flags))
    change = parse(request.diff)
    authors = scopes_of(request, change, settings, os.environ, base_root).authors
    report = who_report(change, authors, base=request.base, head=request.head, notes=edited)
    renderers: dict[str, Callable[[int, bool], str]] = {
        "json": lambda _width, _color: who_json(report),
        "markdown": lambda _width, _color: who_markdown(report),
        "terminal": lambda width, color: who_terminal(report, width=width, color=color),
    }
    deliver(lambda look: renderers[settings.format](*look), output, os.environ)


def record_staged(folder: Path, kind: Author, tool: str | None, model: str | None) -> None:
    """Append a record for the staged lines.

    raises  UsageError where an agent is not named, or nothing is staged; what writing raises
    """
    from reviewbot.authorship.record import trace_record
    from reviewbot.diffs import parse
    from reviewbot.forges.local import collect
    from reviewbot.forges.traces import FOLDER, append_trace

    if kind is not Author.HUMAN and not (tool or "").strip():
        raise UsageError("nothing was recorded: an agent has a name", fix="add --tool NAME")
    request = collect(folder, staged=True)
    line = trace_record(
        parse(request.diff),
        kind=kind,
        tool=tool,
        model=model,
        revision=request.base,
        id_=str(uuid4()),
        timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
        apart=FOLDER,
    )
    if line is None:
        raise UsageError("nothing was recorded: no added line is staged", fix="git add first")
    path = append_trace(request.root, line)
    name = path.relative_to(request.root).as_posix()
    say(f"recorded in {name}; commit it with the lines: git add -- {name}")
