"""A failure -> two lines on stderr and an exit code. Never 0."""

import errno
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import click

from reviewbot.cli.output import drop
from reviewbot.core.errors import EXIT_BUG, EXIT_ENVIRONMENT, EXIT_USAGE, ReviewbotError
from reviewbot.render.escape import inert, visible

EXIT_STOPPED = 130
MOST_CHARS = 2_000  # of one line of an error: it may quote a stranger

_OUT_OF_MEMORY = (
    "not enough memory",
    "can't allocate memory",
    "cannot allocate memory",
    "out of memory",
)
_OS_FIXES = {
    errno.ENOSPC: "free some disk space",
    errno.EDQUOT: "free some disk space: your quota is used up",
    errno.EROFS: "choose a place that can be written to",
    errno.EACCES: "give yourself access to it",
    errno.EPERM: "give yourself access to it",
    errno.EIO: "check the disk",
    errno.ENOMEM: "free some memory",
    errno.EMFILE: "raise the limit of open files",
    errno.ENFILE: "raise the limit of open files",
    errno.ENAMETOOLONG: "give a shorter name",
    errno.EPIPE: "let the reader of the output read to the end",
}


def report_failure(exc: BaseException) -> int:
    """Say on stderr what happened, and return the exit code; also where stderr is closed."""
    text, code = describe(exc)
    try:
        click.echo(text, err=True)
    except (OSError, ValueError):
        drop(sys.stderr)
    return code


@contextmanager
def worded(doing: str, called: str = "") -> Iterator[None]:
    """Word the failures of git and the store for a command that is not `check`.

    doing   what was therefore not done: "nothing was installed"
    called  how it is called where it takes a change as `check` does: "who". "" where it does not:
            then the advice to pass a diff is left out
    """
    try:
        yield
    except ReviewbotError as exc:
        from reviewbot.forges.git import OR_DIFF

        what = exc.what
        for scored in ("nothing was scored", "nothing was checked"):
            what = doing + what.removeprefix(scored) if what.startswith(scored) else what
        fix = exc.fix if called else exc.fix.replace(OR_DIFF, "")
        fix = fix.replace("reviewbot check", f"reviewbot {called}") if called else fix
        raise type(exc)(what, fix=fix) from exc


def describe(exc: BaseException) -> tuple[str, int]:
    """Return the words for a failure and its exit code. Pure; control characters are shown."""
    match exc:
        case ReviewbotError():
            return _two_lines(exc.what, exc.fix), exc.exit_code
        case click.exceptions.NoArgsIsHelpError():
            return exc.format_message(), EXIT_USAGE
        case click.UsageError():
            command = exc.ctx.command_path if exc.ctx else "reviewbot"
            return _two_lines(exc.format_message(), f"see `{command} --help`"), EXIT_USAGE
        case click.ClickException():
            return _two_lines(exc.format_message(), "see `reviewbot --help`"), EXIT_USAGE
        case KeyboardInterrupt() | click.Abort():
            return "stopped; no result was written", EXIT_STOPPED
        case MemoryError():
            return _memory()
        case OSError(errno=number) if number in _OS_FIXES:
            place = f"{exc.filename}: " if exc.filename else ""
            what = f"nothing was checked: {place}{exc.strerror}"
            return _two_lines(what, _OS_FIXES[number]), EXIT_ENVIRONMENT
        case RuntimeError() if any(words in str(exc).lower() for words in _OUT_OF_MEMORY):
            return _memory()
        case _:
            lines = "".join(traceback.format_exception(exc)).split("\n")
            shown = "\n".join(visible(line) for line in lines)
            return f"{shown}this is a bug in reviewbot; please report it", EXIT_BUG


def _memory() -> tuple[str, int]:
    fix = "free some memory, lower threads, or check a smaller range"
    return _two_lines("nothing was checked: the memory is used up", fix), EXIT_ENVIRONMENT


def _two_lines(what: str, fix: str) -> str:
    return f"error: {_line(what)}\n  fix: {_line(fix)}"


def _line(text: str) -> str:
    shown = inert(visible(" ".join(text.split())))
    return shown if len(shown) <= MOST_CHARS else shown[:MOST_CHARS] + "..."
