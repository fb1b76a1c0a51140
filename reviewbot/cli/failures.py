"""A failure -> two lines on stderr and an exit code. Never 0."""

import sys

import click

from reviewbot.app import failures
from reviewbot.app.failures import two_lines
from reviewbot.cli.output import drop
from reviewbot.errors import EXIT_USAGE

EXIT_STOPPED = 130


def report_failure(exc: BaseException) -> int:
    """Say on stderr what happened, and return the exit code; also where stderr is closed."""
    text, code = describe(exc)
    try:
        click.echo(text, err=True)
    except (OSError, ValueError):
        drop(sys.stderr)
    return code


def describe(exc: BaseException) -> tuple[str, int]:
    """Return the words for a failure and its exit code, click's own included."""
    match exc:
        case click.exceptions.NoArgsIsHelpError():
            return exc.format_message(), EXIT_USAGE
        case click.UsageError():
            command = exc.ctx.command_path if exc.ctx else "reviewbot"
            return two_lines(exc.format_message(), f"see `{command} --help`"), EXIT_USAGE
        case click.ClickException():
            return two_lines(exc.format_message(), "see `reviewbot --help`"), EXIT_USAGE
        case KeyboardInterrupt() | click.Abort():
            return "stopped; no result was written", EXIT_STOPPED
        case _:
            return failures.describe(exc)
