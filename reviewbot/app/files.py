"""Reads a file that the user names, or stdin, up to a bound."""

import sys
from pathlib import Path

from reviewbot.errors import EnvironmentFailure, UsageError


def read_bounded(name: str, limit: int, *, doing: str, what: str) -> bytes:
    """Return the bytes of a file, or of stdin for "-"; at most limit + 1.

    doing   what was therefore not done: "nothing was checked"
    what    what the file should hold: "a diff"
    raises  UsageError if there is no such file, EnvironmentFailure if it cannot be read
    """
    try:
        if name == "-":
            if sys.stdin is None:
                raise UsageError(f"{doing}: stdin is closed", fix=f"send it {what}")
            return sys.stdin.buffer.read(limit + 1)
        with Path(name).open("rb") as file:
            return file.read(limit + 1)
    except (FileNotFoundError, IsADirectoryError) as exc:
        fix = f"name the file of {what}, or - for stdin"
        raise UsageError(f"{doing}: {name}: {exc.strerror}", fix=fix) from exc
    except OSError as exc:
        fix = f"make {what} readable"
        raise EnvironmentFailure(f"{doing}: {name}: {exc.strerror}", fix=fix) from exc


def read_regular(name: str, limit: int, *, doing: str, what: str) -> bytes:
    """Return the bytes of a regular file.

    For names from settings, which may be untrusted: a pipe or a device is never opened, because
    reading it might never end.
    raises  UsageError if it is no regular file, or larger than `limit`; else as `read_bounded`
    """
    name = f"./{name}" if name == "-" else name
    file = Path(name)
    if file.exists() and not (file.is_file() and file.stat().st_size <= limit):
        raise UsageError(
            f"{doing}: {name} is no regular file, or is larger than {limit:,} bytes",
            fix=f"name the file of {what}",
        )
    return read_bounded(name, limit, doing=doing, what=what)
