"""What a server makes on disk: its directory, its lock, its socket."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reviewbot.errors import EnvironmentFailure
from reviewbot.server.socket_path import why_not_ours

MAX_PATH = 103  # bytes: `sun_path` has 108 on Linux and 104 elsewhere, its final zero included
_FIX = "set XDG_RUNTIME_DIR or REVIEWBOT_CACHE to a short, local directory of your own"


def prepare(where: Path) -> None:
    """Make the directory of a socket, for this user alone.

    raises  EnvironmentFailure where it cannot be, or belongs to others, or its name is too long
    """
    size = len(os.fsencode(where))
    if size > MAX_PATH:
        raise EnvironmentFailure(
            f"nothing is served: {where} has {size} bytes, a socket's name at most {MAX_PATH}",
            fix=_FIX,
        )
    directory = where.parent
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
    except OSError as exc:
        raise EnvironmentFailure(
            f"nothing is served: {exc.filename}: {exc.strerror}", fix=_FIX
        ) from exc
    if why := why_not_ours(directory, stat.S_ISDIR):
        raise EnvironmentFailure(
            f"nothing is served: {why}", fix="remove it, or make it your own with mode 0700"
        )


@contextmanager
def alone(where: Path) -> Iterator[bool]:
    """Hold the lock of a socket; False where another server has it. It ends with its process."""
    from filelock import FileLock, Timeout

    lock = FileLock(where.with_suffix(".lock"), mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    except (OSError, NotImplementedError) as exc:
        raise EnvironmentFailure(
            f"nothing is served: the lock {lock.lock_file} cannot be had ({exc})", fix=_FIX
        ) from exc
    try:
        yield True
    finally:
        lock.release()


@contextmanager
def listening(where: Path) -> Iterator[socket.socket]:
    """Listen at a path; call it under the lock. What a dead server left there is replaced."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        where.unlink(missing_ok=True)
        listener.bind(str(where))
        where.chmod(0o600)
        listener.listen(64)
    except OSError as exc:
        listener.close()
        raise EnvironmentFailure(
            f"nothing is served: {where}: {exc.strerror or exc}", fix=_FIX
        ) from exc
    try:
        yield listener
    finally:
        with suppress(OSError):
            where.unlink()
