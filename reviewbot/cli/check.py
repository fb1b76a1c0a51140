"""`reviewbot check`: score the lines that a change adds, and gate. Talks to no forge."""

import os
import pkgutil
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.cli.assemble import assemble, intake, settings_layers
from reviewbot.cli.options import setting_flags
from reviewbot.cli.output import emit, write_file
from reviewbot.cli.talk import timed
from reviewbot.core.errors import UsageError
from reviewbot.render import RENDERERS
from reviewbot.settings import (
    Settings,
    describe,
    from_environ,
    from_files,
    from_flags,
    settings_from,
)

if TYPE_CHECKING:
    from reviewbot.core.report import Report

PLAIN_WIDTH = 100  # cells, where no terminal says how wide it is


@click.command()
@click.argument("range_", metavar="[RANGE]", required=False)
@click.option("--staged", is_flag=True, help="What is staged, against HEAD.")
@click.option("--diff", metavar="FILE", help="A diff in a file, or - for stdin; needs no git.")
@click.option("--root", metavar="DIR", default=".", show_default=True, help="Where the code lies.")
@click.option("--output", metavar="FILE", help="Write the report there instead of to stdout.")
@click.option("--print-settings", is_flag=True, help="Show each setting and where it came from.")
@click.option("--timings", is_flag=True, help="Say on stderr how long each step took.")
@setting_flags
def check(
    range_: str | None,
    staged: bool,
    diff: str | None,
    root: str,
    output: str | None,
    print_settings: bool,
    timings: bool,
    **flags: Any,
) -> None:
    """Score the lines that a change adds, and gate.

    RANGE is A, A..B or A...B; without it, the change is what the working tree adds to the merge
    base with the upstream or the default branch.
    """
    if diff is not None and (staged or range_ is not None):
        raise UsageError(
            "nothing was checked: --diff excludes --staged and a range", fix="give only one of them"
        )
    if staged and range_ is not None:
        raise UsageError(
            "nothing was checked: --staged excludes a range", fix="give only one of them"
        )
    folder = Path(root)
    if not folder.is_dir():
        raise UsageError(
            f"nothing was checked: {root} is no directory", fix="give an existing one as --root"
        )
    base_root = settings_root(folder, has_git=diff is None)
    with timed(timings) as clock:
        if print_settings and range_ is None:  # no change is needed to show them
            layers, edited = from_files(base_root), list[str]()
        else:
            request = intake(folder, range_, staged=staged, diff=diff)
            layers, edited = settings_layers(request, base_root)
            clock("asking git")
        settings = settings_from(*layers, from_environ(os.environ), from_flags(flags))
        if print_settings:
            emit(describe(settings))
            return
        report = assemble(settings, request, clock, edited)
    if output in (None, "-"):
        emit(rendered(report, settings, os.environ, to_terminal=_is_terminal()))
    else:
        write_file(Path(str(output)), rendered(report, settings, os.environ, to_terminal=False))
        verdict = report.verdict
        click.echo(f"{verdict.status.value} (exit {verdict.exit_code}), see {output}", err=True)
    sys.exit(report.verdict.exit_code)


def settings_root(root: Path, *, has_git: bool) -> Path:
    """Return the directory whose settings count: the top of the checkout that `root` lies in.

    With a diff alone, or where no `.git` is found, it is `root` itself.
    """
    if not has_git:
        return root
    here = root.absolute()
    return next((place for place in (here, *here.parents) if (place / ".git").exists()), root)


def rendered(
    report: "Report", settings: Settings, environ: Mapping[str, str], *, to_terminal: bool
) -> str:
    """Return the report in the format that the settings name.

    to_terminal  a person will see it: take the window's width, and colour unless NO_COLOR forbids
    """
    render = pkgutil.resolve_name(RENDERERS[settings.format])
    if settings.format != "terminal":
        return str(render(report))
    width = shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns if to_terminal else PLAIN_WIDTH
    color = to_terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    return str(render(report, width=width, color=color, top=settings.top, quiet=settings.quiet))


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()
