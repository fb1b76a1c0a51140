"""Where a server's socket lies, and whether it is ours alone: the directory, the file, the peer."""

import os
import socket
import stat
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid


def run_dir(environ: Mapping[str, str], cache: Path) -> Path:
    """Choose the directory of the sockets; nothing is created.

    cache  where it lies unless XDG_RUNTIME_DIR is set, and is ours with mode 0700
    """
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if (
        runtime
        and Path(runtime).is_absolute()
        and why_not_ours(Path(runtime), stat.S_ISDIR) is None
    ):
        return Path(runtime) / "reviewbot"
    return cache / "run"


def why_not_ours(path: Path, kind: Callable[[int], bool]) -> str | None:
    """Say why a path is not this user's alone; None where it is. A link never is.

    kind  `stat.S_ISDIR` or `stat.S_ISSOCK`
    """
    try:
        found = path.lstat()
    except OSError as exc:
        return f"{path}: {exc.strerror}"
    if not kind(found.st_mode):
        return f"{path} is something else"
    if found.st_uid != os.getuid():
        return f"{path} belongs to another user"
    if found.st_mode & 0o077:
        return f"{path} is open to others (mode {stat.S_IMODE(found.st_mode):04o})"
    return None


def peer(connection: socket.socket) -> tuple[int, int] | None:
    """Return process id and user id of the other end; None where the system does not say."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    size = _CREDENTIALS.size
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    pid, uid, _ = _CREDENTIALS.unpack(raw)
    return pid, uid


def is_stranger(connection: socket.socket) -> bool:
    """Say whether the other end is another user's process."""
    found = peer(connection)
    return found is not None and found[1] != os.getuid()
