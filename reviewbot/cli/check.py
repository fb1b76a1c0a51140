"""`reviewbot check`: score the lines that a change adds, and gate. Talks to no forge."""

import os
import pkgutil
import sys
from typing import TYPE_CHECKING, Any

import click

from reviewbot.cli.asked import (
    change_arguments,
    folder_of,
    intake,
    settings_layers,
    settings_root,
)
from reviewbot.cli.assemble import assemble
from reviewbot.cli.options import setting_flags
from reviewbot.cli.output import PLAIN, Look, deliver, emit
from reviewbot.cli.talk import timed
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


@click.command()
@change_arguments
@click.option("--print-settings", is_flag=True, help="Show each setting and where it came from.")
@click.option("--timings", is_flag=True, help="Say on stderr how long each step took.")
@setting_flags()
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
    folder = folder_of(range_, staged=staged, diff=diff, root=root)
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
        report = assemble(settings, request, base_root, clock, edited)
    if deliver(lambda look: rendered(report, settings, look), output, os.environ):
        verdict = report.verdict
        click.echo(f"{verdict.status.value} (exit {verdict.exit_code}), see {output}", err=True)
    sys.exit(report.verdict.exit_code)


def rendered(report: "Report", settings: Settings, look: Look = PLAIN) -> str:
    """Return the report in the format that the settings name."""
    render = pkgutil.resolve_name(RENDERERS[settings.format])
    if settings.format != "terminal":
        return str(render(report))
    width, color = look
    return str(render(report, width=width, color=color, top=settings.top, quiet=settings.quiet))
