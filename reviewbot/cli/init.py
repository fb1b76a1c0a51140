"""`reviewbot init`: settings, a workflow and pre-commit hooks for a repository."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reviewbot.app.failures import worded
from reviewbot.cli.console import emit
from reviewbot.cli.options import PATH
from reviewbot.errors import UsageError
from reviewbot.escape import inert, visible

if TYPE_CHECKING:
    from reviewbot.app.new_files import FileWrite
    from reviewbot.app.survey import Survey

MAX_LANGUAGES = 5  # that are listed
WRITES = {  # flag -> what it writes, in words
    "settings": ".reviewbot.toml, and a schema with which editors complete it",
    "workflow": ".github/workflows/reviewbot.yml, which reviews each pull request",
    "pre-commit": "two hooks, in .pre-commit-config.yaml",
}
TO_DO = {  # what to do with what a flag wrote
    "settings": "for commit ranges, settings apply once the base branch has them",
    "workflow": "replace OWNER/reviewbot@000... in the workflow by the owner and a commit",
    "pre-commit": "set repo and rev in the new entry, then run"
    " pre-commit install -t pre-push -t pre-commit",
}
COMMANDS = (
    ("reviewbot check", "score the lines of your branch and uncommitted work"),
    ("reviewbot calibrate", "propose thresholds from your own merged changes"),
)


@click.command()
@click.option(
    "--root", metavar="DIR", type=PATH, default=".", show_default=True, help="The repository."
)
@click.option("--settings", is_flag=True, help="Write .reviewbot.toml, and its schema for editors.")
@click.option("--workflow", is_flag=True, help="Write the GitHub workflow for pull requests.")
@click.option("--pre-commit", is_flag=True, help="Add our hooks to .pre-commit-config.yaml.")
def init(root: str, **wanted: bool) -> None:
    """Set reviewbot up in a repository; without a flag, only show what was found.

    Never overwrites a file. With several flags it writes all the files, or none.
    """
    from reviewbot.app.init import FLAGS
    from reviewbot.app.new_files import write_together
    from reviewbot.app.survey import survey

    if not Path(root).is_dir():
        raise UsageError(
            f"nothing was written: {root} is no directory", fix="give an existing one as --root"
        )
    with worded("nothing was written"):
        found = survey(Path(root))
        flags = [flag for flag in FLAGS if wanted[flag.replace("-", "_")]]
        files = [file for flag in flags for file in FLAGS[flag](found)]
        if files:
            write_together(found.top, files)
    _print(_written(found, files, flags) if files else _overview(found))


def _overview(found: "Survey") -> list[str]:
    from reviewbot.app.init import FLAGS

    notes = {}
    for flag, plan in FLAGS.items():
        try:
            plan(found)
            notes[flag] = WRITES[flag]
        except UsageError as exc:
            notes[flag] = f"not possible: {exc.what.removeprefix('nothing was written: ')}"
    return [
        *_table(_facts(found)),
        "",
        "Nothing was written. These flags of `reviewbot init` write:",
        *_table((f"  --{flag}", note) for flag, note in notes.items()),
        "",
        "Next:",
        *_table((f"  {command}", why) for command, why in COMMANDS),
    ]


def _facts(found: "Survey") -> list[tuple[str, str]]:
    from reviewbot.app.survey import PRE_COMMIT_FILE
    from reviewbot.render.phrasing import plural

    host = found.forge.host
    forge = f"{found.forge.name or 'unknown'} ({host})" if host else "none: no remote with a host"
    languages = [f"{name} ({plural(count, 'file')})" for name, count in found.languages]
    more = len(languages) - MAX_LANGUAGES
    shown = [*languages[:MAX_LANGUAGES], *([f"{more} more"] if more > 0 else [])]
    has_file = os.path.lexists(found.top / PRE_COMMIT_FILE)
    facts = [
        ("repository", str(found.top)),
        ("forge", forge),
        ("default branch", found.branch or "not known"),
        ("languages", ", ".join(shown) or "none in tracked files"),
        ("settings", ", ".join(found.settings) or "none"),
        ("pre-commit", PRE_COMMIT_FILE if has_file else "not used"),
        ("workflows", ", ".join(found.workflows) or "none that runs reviewbot"),
    ]
    if found.folders:
        folders = [f"{name}/ ({plural(count, 'file')})" for name, count in found.folders]
        facts.append(("could exclude", ", ".join(folders)))
    return facts


def _written(found: "Survey", files: Sequence["FileWrite"], flags: Sequence[str]) -> list[str]:
    lines = [
        f"{'wrote' if file.before is None else 'changed'} {found.top / file.path}" for file in files
    ]
    to_do = [f"  {TO_DO[flag]}" for flag in flags]
    commands = _table((f"  {command}", why) for command, why in COMMANDS)
    return [*lines, "", "Next:", *to_do, "  commit the files", *commands]


def _table(rows: Iterable[tuple[str, str]]) -> list[str]:
    pairs = list(rows)
    width = max(len(name) for name, _ in pairs)
    return [f"{name:<{width}}  {text}" for name, text in pairs]


def _print(lines: Iterable[str]) -> None:
    """Print lines; names in them come from the repository, so control characters are shown."""
    emit("".join(f"{inert(visible(line))}\n" for line in lines))
