"""`reviewbot check`: score the lines that a change adds, and gate. Talks to no forge."""

import os
import sys
from typing import Any

import click

from reviewbot.app.check import check_change
from reviewbot.app.inputs import folder_of, local_source, settings_root
from reviewbot.app.progress import say, timed
from reviewbot.cli.console import emit, keep_off_terminal, parse_also, write_report
from reviewbot.cli.options import (
    GroupedCommand,
    GroupedOption,
    also_option,
    change_arguments,
    setting_flags,
    timings_option,
)
from reviewbot.config.choices import OptionGroup, Surface
from reviewbot.config.load import from_files, load_settings, to_toml
from reviewbot.config.schema import settings_on


@click.command(cls=GroupedCommand)
@change_arguments
@also_option
@timings_option
@click.option(
    "--print-settings",
    cls=GroupedOption,
    group=OptionGroup.REPORT,
    is_flag=True,
    help="Print each setting with its source, and check nothing.",
)
@setting_flags(*settings_on(Surface.CHECK))
def check(
    range_: str | None,
    staged: bool,
    diff: str | None,
    root: str,
    output: str | None,
    print_settings: bool,
    timings: bool,
    also: tuple[str, ...],
    **flags: Any,
) -> None:
    """Score the lines that a change adds, and gate. RANGE is A, A..B or A...B; without it, the
    change is what the working tree adds to the merge base with the upstream or the default branch.
    """
    outputs = parse_also(also, output)
    if print_settings and range_ is None:  # no change is needed to show them
        folder = folder_of(range_, staged=staged, diff=diff, root=root)
        files = from_files(settings_root(folder, has_git=diff is None))
        emit(to_toml(load_settings(os.environ, flags, files)))
        return
    with timed(timings) as clock:
        source = local_source(
            range_, staged=staged, diff=diff, root=root, environ=os.environ, flags=flags
        )
        clock("asking git")
        if print_settings:
            emit(to_toml(source.settings))
            for note in source.notes:
                say(f"note: {note}")
            return
        keep_off_terminal(source.settings.format, output)
        report = check_change(source, clock)
    write_report(report, source.settings, output, outputs)
    sys.exit(report.verdict.exit_code)
