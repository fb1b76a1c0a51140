"""Getting a result out: all of it, or an error. Data to stdout, talk to stderr."""

import errno
import os
import shutil
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from reviewbot.errors import EnvironmentFailure, UsageError, os_fix

_FIX = "free some space or choose another place with --output FILE"
PAGES = ("html",)  # formats for a browser: nobody reads half a megabyte of markup in a terminal
Look = tuple[int, bool]  # cells, and whether colour is wanted
PLAIN: Look = (100, False)  # where no terminal says how wide it is


def keep_off_terminal(style: str, output: str | None) -> None:
    """Refuse to pour a page onto a terminal; asked before there is one.

    style   the format
    output  where it goes: a file, or stdout for None and "-"
    raises  UsageError
    """
    if style in PAGES and output in (None, "-") and stdout_is_terminal():
        raise UsageError(
            f"nothing was written: the format {style} is a page, and stdout is a terminal",
            fix="add --output FILE, or send stdout to a file or a program",
        )


def stdout_is_terminal() -> bool:
    """Return True if stdout is a terminal, which somebody reads."""
    return sys.stdout is not None and sys.stdout.isatty()


def deliver(render: Callable[[Look], str], output: str | None, environ: Mapping[str, str]) -> bool:
    """Render a report and write it to the file `output`, or to stdout where that is None or "-".

    returns  whether it went to a file
    raises   EnvironmentFailure if it cannot be written in full
    """
    if output in (None, "-"):
        emit(render(look(environ, to_terminal=stdout_is_terminal())))
        return False
    write_file(Path(str(output)), render(PLAIN))
    return True


def look(environ: Mapping[str, str], *, to_terminal: bool) -> Look:
    """Return how wide and coloured a report is: as the window, unless NO_COLOR forbids colour."""
    if not to_terminal:
        return PLAIN
    color = not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    return shutil.get_terminal_size((PLAIN[0], 24)).columns, color


def emit(text: str) -> None:
    """Write data to stdout, and make sure that it arrived.

    What stdout's encoding lacks is written as an escape. raises EnvironmentFailure if stdout is
    full, or read by nobody
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    except OSError as exc:
        raise _lost(exc) from exc
    flush()


def require_stdout() -> None:
    """Refuse to start without stdout: what is written there would be lost without a word."""
    if sys.stdout is None:
        raise EnvironmentFailure(
            "nothing was done: stdout is closed", fix="open it, or send it to a file"
        )


def flush() -> None:
    """Send what stdout still holds back. raises EnvironmentFailure if it cannot be sent."""
    try:
        sys.stdout.flush()
    except OSError as exc:
        raise _lost(exc) from exc


def write_file(path: Path, text: str) -> None:
    """Write a whole file or none: a temporary name beside it, then an atomic rename.

    A link is followed; a device or a pipe is written to as it is. raises EnvironmentFailure if it
    cannot be written; an older file is then left as it was
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
    """Point a broken stream at nothing, so that Python's own flush at exit does not fail again.

    That would make the exit code 120.
    """
    try:
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), stream.fileno())
    except (OSError, ValueError, AttributeError):  # without a descriptor nothing is flushed later
        return
