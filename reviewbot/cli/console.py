"""What every command prints: reports to stdout or files, failures to stderr with an exit code.

A result is written in full, or the command fails.
"""

import errno
import os
import pkgutil
import shutil
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from reviewbot.app import failures
from reviewbot.app.failures import two_lines
from reviewbot.app.progress import say
from reviewbot.config.choices import Format
from reviewbot.errors import EXIT_USAGE, EnvironmentFailure, UsageError, did_you_mean, os_fix
from reviewbot.render import RENDERERS

if TYPE_CHECKING:
    from reviewbot.config.schema import Settings
    from reviewbot.report.model import Report

EXIT_STOPPED = 130
PAGES = ("html",)  # formats for a browser: nobody reads half a megabyte of markup in a terminal
Look = tuple[int, bool]  # width in cells, and whether colour is wanted
PLAIN: Look = (100, False)  # for files and pipes
_FIX = "free some space or choose another place with --output FILE"


def keep_off_terminal(style: str, output: str | None) -> None:
    """Refuse to write a page to a terminal; to be called before the work.

    style   the format
    output  a file, or stdout for None and "-"
    raises  UsageError
    """
    if style in PAGES and output in (None, "-") and stdout_is_terminal():
        raise UsageError(
            f"nothing was written: the format {style} is a page, and stdout is a terminal",
            fix="add --output FILE, or send stdout to a file or a program",
        )


def stdout_is_terminal() -> bool:
    """Return True if stdout is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def look(environ: Mapping[str, str], *, to_terminal: bool) -> Look:
    """Return the width of the window, and colour unless NO_COLOR forbids it."""
    if not to_terminal:
        return PLAIN
    color = not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    return shutil.get_terminal_size((PLAIN[0], 24)).columns, color


def rendered(report: "Report", settings: "Settings", look: Look = PLAIN) -> str:
    """Return the report in the format that the settings name."""
    render = pkgutil.resolve_name(RENDERERS[settings.format])
    if settings.format is not Format.TERMINAL:
        return str(render(report))
    width, color = look
    return str(render(report, width=width, color=color, quiet=settings.quiet))


def write_report(
    report: "Report",
    settings: "Settings",
    output: str | None,
    also: Sequence[tuple[str, str]],
) -> None:
    """Write a report in every wanted format; a file's verdict and an empty change go to stderr.

    also    more outputs, see `parse_also`
    raises  EnvironmentFailure if one of them cannot be written in full
    """
    from reviewbot.render.ledger import verdict_word

    write_also(report, settings, also)
    word = verdict_word(report)
    if deliver(lambda look: rendered(report, settings, look), output, os.environ):
        click.echo(f"{word} (exit {report.verdict.exit_code}), see {output}", err=True)
    if word == "empty" and settings.format is not Format.TERMINAL:  # some formats cannot say it
        say(f"reviewbot: {'; '.join(report.verdict.reasons)}")


def write_also(report: "Report", settings: "Settings", also: Sequence[tuple[str, str]]) -> None:
    """Write a report in the formats of `parse_also`; raises what `write_report` raises."""
    for style, file in also:
        text = rendered(report, replace(settings, format=Format(style)))
        if file == "-":
            emit(text)
        else:
            write_file(Path(file), text)


def deliver(render: Callable[[Look], str], output: str | None, environ: Mapping[str, str]) -> bool:
    """Render a text and write it to the file `output`, or to stdout for None and "-".

    returns  True if it went to a file
    raises   EnvironmentFailure if it cannot be written in full
    """
    if output in (None, "-"):
        emit(render(look(environ, to_terminal=stdout_is_terminal())))
        return False
    write_file(Path(str(output)), render(PLAIN))
    return True


def parse_also(
    texts: Sequence[str], output: str | None, acks: str | None = None
) -> list[tuple[str, str]]:
    """Read `FORMAT=FILE`, where FILE may be "-" for stdout.

    output, acks  where else something is written; without `output` the report goes to stdout
    raises        UsageError for an unknown format, or if one output would overwrite another
    """
    also = []
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
        also.append((style, file))
    return also


def _claim(taken: set[str], file: str, option: str) -> None:
    """Note where an output goes. Links are followed; a device may be written to twice."""
    place = "-" if file == "-" else os.path.realpath(file)
    if place in taken or ("-" in taken and _is_stdout(place)):
        raise UsageError(
            f"nothing was checked: {option} goes where another output goes",
            fix="give each its own file; - is stdout, where the report goes without --output",
        )
    if not Path(place).exists() or Path(place).is_file():
        taken.add(place)


def _is_stdout(place: str) -> bool:
    """Return True if stdout goes to this file: to replace it would lose what is printed."""
    try:
        mine, other = os.fstat(1), os.stat(place)  # noqa: PTH116 - beside a descriptor
    except OSError:
        return False
    return stat.S_ISREG(other.st_mode) and os.path.samestat(mine, other)


def emit(text: str) -> None:
    """Write data to stdout in full; characters outside its encoding as escapes.

    raises  EnvironmentFailure if stdout is full, or its reader is gone
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    except OSError as exc:
        raise _lost(exc) from exc
    flush()


def require_stdout() -> None:
    """Refuse to start without stdout: its output would be lost silently."""
    if sys.stdout is None:
        raise EnvironmentFailure(
            "nothing was done: stdout is closed", fix="open it, or send it to a file"
        )


def flush() -> None:
    """Flush stdout. raises EnvironmentFailure if that fails"""
    try:
        sys.stdout.flush()
    except OSError as exc:
        raise _lost(exc) from exc


def takes_file(path: str) -> bool:
    """Return True if a file can be there: it is no directory, and its directory exists."""
    return not Path(path).is_dir() and Path(path).absolute().parent.is_dir()


def write_file(path: Path, text: str) -> None:
    """Write a whole file or none: a temporary name beside it, then an atomic rename.

    Follows a link; writes to a device or a pipe as it is.
    raises  EnvironmentFailure if it cannot be written; an older file stays as it was
    """
    data = text.encode("utf-8", "backslashreplace")
    try:
        target = path.resolve()
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            with target.open("wb", buffering=0) as device:
                device.write(data)
            return
        temporary = target.with_name(f".{target.name[:100]}.{os.getpid()}")
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as exc:
        why = exc.strerror or str(exc)
        raise EnvironmentFailure(f"{path} was not written: {why}", fix=os_fix(exc, _FIX)) from exc


def _lost(exc: OSError) -> EnvironmentFailure:
    drop(sys.stdout)
    if exc.errno == errno.EPIPE:
        return EnvironmentFailure(
            "the result was not written in full: the reader closed the pipe",
            fix="let it read to the end, or use --output FILE",
        )
    return EnvironmentFailure(f"the result was not written in full: {exc.strerror}", fix=_FIX)


def drop(stream: TextIO) -> None:
    """Point a broken stream at nothing: else Python's flush at exit makes the exit code 120."""
    try:
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), stream.fileno())
    except (OSError, ValueError, AttributeError):  # without a descriptor nothing is flushed later
        return


def report_failure(exc: BaseException) -> int:
    """Print a failure to stderr, if it is open, and return the exit code."""
    text, code = describe(exc)
    try:
        click.echo(text, err=True)
    except (OSError, ValueError):
        drop(sys.stderr)
    return code


def describe(exc: BaseException) -> tuple[str, int]:
    """Return the words for a failure and its exit code, never 0; click's failures included."""
    match exc:
        case click.exceptions.NoArgsIsHelpError():
            return exc.format_message(), EXIT_USAGE
        case click.UsageError():
            return two_lines(*_wrong_words(exc)), EXIT_USAGE
        case click.ClickException():
            return two_lines(exc.format_message(), "see `reviewbot --help`"), EXIT_USAGE
        case KeyboardInterrupt() | click.Abort():
            return "stopped; no result was written", EXIT_STOPPED
        case _:
            return failures.describe(exc)


def _wrong_words(exc: click.UsageError) -> tuple[str, str]:
    """Return what click found wrong with the words of a command line, and what to do."""
    command = exc.ctx.command_path if exc.ctx else "reviewbot"
    options = [opt for param in exc.ctx.command.params for opt in param.opts] if exc.ctx else []
    what, hint = exc.format_message().rstrip("."), ""
    if isinstance(exc, click.NoSuchOption):
        what = f"no option is named {exc.option_name!r}"
        hint = did_you_mean(exc.option_name, options, cutoff=0.7)  # all share two dashes
    elif isinstance(exc, click.MissingParameter):
        hint = "give it; "
    all_options = "--help-all" if "--help-all" in options else "--help"
    return f"nothing was done: {what[:1].lower()}{what[1:]}", f"{hint}see `{command} {all_options}`"
