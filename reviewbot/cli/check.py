"""`reviewbot check`: score the lines that a change adds, and gate. Talks to no forge."""

import os
import pkgutil
import stat
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.app.assemble import assemble
from reviewbot.app.inputs import folder_of, intake, settings_for, settings_root
from reviewbot.app.progress import say, timed
from reviewbot.cli.change_arguments import change_arguments
from reviewbot.cli.output import PLAIN, Look, deliver, emit, keep_off_terminal, write_file
from reviewbot.cli.setting_flags import GroupedCommand, GroupedOption, setting_flags
from reviewbot.config.choices import Format, OptionGroup, Surface
from reviewbot.config.load import from_files, load_settings, to_toml
from reviewbot.config.schema import Settings, settings_on
from reviewbot.errors import ReviewbotError, UsageError, did_you_mean
from reviewbot.render import RENDERERS

if TYPE_CHECKING:
    from reviewbot.report.model import Report


also_option = click.option(
    "--also",
    cls=GroupedOption,
    group=OptionGroup.REPORT,
    multiple=True,
    metavar="FORMAT=FILE",
    help="Also write the report in this format.  [repeatable]",
)
timings_option = click.option(
    "--timings",
    cls=GroupedOption,
    group=OptionGroup.REPORT,
    is_flag=True,
    help="Print the duration of each step to stderr.",
)


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
    """Score the lines that a change adds, and gate.

    RANGE is A, A..B or A...B; without it, the change is what the working tree adds to the merge
    base with the upstream or the default branch.
    """
    outputs = also_asked(also, output)
    folder = folder_of(range_, staged=staged, diff=diff, root=root)
    base_root = settings_root(folder, has_git=diff is None)
    with timed(timings) as clock:
        if print_settings and range_ is None:  # no change is needed to show them
            emit(to_toml(load_settings(os.environ, flags, from_files(base_root))))
            return
        request = intake(folder, range_, staged=staged, diff=diff)
        settings, edited = settings_for(request, base_root, os.environ, flags)
        clock("asking git")
        if print_settings:
            emit(to_toml(settings))
            for note in edited:
                say(f"note: {note}")
            return
        keep_off_terminal(settings.format, output)
        report = assemble(settings, request, base_root, clock, edited).report
    conclude(report, settings, output, outputs)


def conclude(
    report: "Report",
    settings: Settings,
    output: str | None,
    outputs: Sequence[tuple[str, str]],
    failure: ReviewbotError | None = None,
) -> None:
    """Write the report, in every format that is asked for, and end with the verdict's exit code.

    outputs  as `also_asked`
    failure  of what came after the reading: raised when the report is written
    """
    from reviewbot.render.ledger import verdict_word

    word = verdict_word(report)
    for style, file in outputs:
        text = rendered(report, replace(settings, format=Format(style)))
        if file == "-":
            emit(text)
        else:
            write_file(Path(file), text)
    if deliver(lambda look: rendered(report, settings, look), output, os.environ):
        click.echo(f"{word} (exit {report.verdict.exit_code}), see {output}", err=True)
    if (
        word == "empty" and settings.format is not Format.TERMINAL
    ):  # some formats have no place for it
        say(f"reviewbot: {'; '.join(report.verdict.reasons)}")
    if failure is not None:
        raise failure
    sys.exit(report.verdict.exit_code)


def also_asked(
    texts: Sequence[str], output: str | None, acks: str | None = None
) -> list[tuple[str, str]]:
    """Read `FORMAT=FILE`, where FILE may be "-" for stdout.

    output, acks  where else something is written; without `output` the report goes to stdout
    raises        UsageError where a format is none, or one output would overwrite another
    """
    found = []
    taken: set[str] = set()
    _claim(taken, output or "-", f"--output {output}")
    if acks is not None:
        _claim(taken, acks, f"--acks {acks[:100]!r}")
    for text in texts:
        style, equals, file = text.partition("=")
        formats = f"the formats are: {', '.join(RENDERERS)}"
        if style and style not in RENDERERS:
            raise UsageError(
                f"nothing was checked: --also {text[:100]!r}: no format is named {style[:100]!r}",
                fix=f"{did_you_mean(style, RENDERERS)}{formats}",
            )
        if not (style and equals and file):
            raise UsageError(
                f"nothing was checked: --also {text[:100]!r} is not FORMAT=FILE",
                fix=f"name both, such as --also {style or 'json'}=FILE; {formats}",
            )
        keep_off_terminal(style, file)
        _claim(taken, file, f"--also {text[:100]!r}")
        found.append((style, file))
    return found


def _claim(taken: set[str], file: str, said: str) -> None:
    """Note where an output goes. Links are followed; a device may be written to twice."""
    place = "-" if file == "-" else os.path.realpath(file)
    if place in taken or ("-" in taken and _is_stdout(place)):
        raise UsageError(
            f"nothing was checked: {said} goes where another output goes",
            fix="give each its own file; - is stdout, where the report goes without --output",
        )
    if not Path(place).exists() or Path(place).is_file():
        taken.add(place)


def _is_stdout(place: str) -> bool:
    """Return True if stdout goes to this file: writing it anew would lose what is printed."""
    try:
        mine, other = os.fstat(1), os.stat(place)  # noqa: PTH116 - beside a descriptor
    except OSError:
        return False
    return stat.S_ISREG(other.st_mode) and os.path.samestat(mine, other)


def rendered(report: "Report", settings: Settings, look: Look = PLAIN) -> str:
    """Return the report in the format that the settings name."""
    render = pkgutil.resolve_name(RENDERERS[settings.format])
    if settings.format is not Format.TERMINAL:
        return str(render(report))
    width, color = look
    return str(render(report, width=width, color=color, top=settings.top, quiet=settings.quiet))
