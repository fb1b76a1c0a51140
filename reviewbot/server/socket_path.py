"""The path of a socket: chosen, private to this user, and locked by one server."""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from reviewbot.errors import EnvironmentFailure

FIX = "set XDG_RUNTIME_DIR or REVIEWBOT_CACHE to a short, local directory of your own"


def socket_directory(environ: Mapping[str, str], cache: Path) -> Path:
    """Choose the directory of the sockets; nothing is created.

    cache  the parent, unless XDG_RUNTIME_DIR is a directory of this user with mode 0700
    """
    runtime = Path(environ.get("XDG_RUNTIME_DIR", ""))
    if runtime.is_absolute() and why_not_private(runtime, stat.S_ISDIR) is None:
        return runtime / "reviewbot"
    return cache / "run"


def why_not_private(path: Path, is_kind: Callable[[int], bool]) -> str | None:
    """Return why a path is not private to this user, or None if it is. A link never is.

    is_kind  `stat.S_ISDIR` or `stat.S_ISSOCK`
    """
    try:
        status = path.lstat()
    except OSError as exc:
        return f"{path}: {exc.strerror}"
    if not is_kind(status.st_mode):
        return f"{path} is not a {'directory' if is_kind is stat.S_ISDIR else 'socket'}"
    if status.st_uid != os.getuid():
        return f"{path} belongs to another user"
    if status.st_mode & 0o077:
        return f"{path} is open to others (mode {stat.S_IMODE(status.st_mode):04o})"
    return None


def why_not_usable(path: Path) -> str | None:
    """Return why a socket or its directory is not private to this user, or None if both are."""
    return why_not_private(path.parent, stat.S_ISDIR) or why_not_private(path, stat.S_ISSOCK)


def make_directory(path: Path) -> None:
    """Create the directory of a socket with mode 0700.

    raises  EnvironmentFailure if it cannot be created or is not private
    """
    directory = path.parent
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
    except OSError as exc:
        raise EnvironmentFailure(
            f"nothing is served: {exc.filename}: {exc.strerror}", fix=FIX
        ) from exc
    if why := why_not_private(directory, stat.S_ISDIR):
        raise EnvironmentFailure(
            f"nothing is served: {why}", fix="remove it, or make it your own with mode 0700"
        )


@contextmanager
def lock(path: Path) -> Iterator[bool]:
    """Hold the lock of a socket; False if another server holds it. It ends with its process."""
    file = FileLock(path.with_suffix(".lock"), mode=0o600)
    try:
        file.acquire(timeout=0)
    except Timeout:
        yield False
        return
    except (OSError, NotImplementedError) as exc:
        raise EnvironmentFailure(
            f"nothing is served: cannot lock {file.lock_file} ({exc})", fix=FIX
        ) from exc
    try:
        yield True
    finally:
        file.release()
