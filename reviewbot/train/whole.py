"""Write what training keeps, whole or not at all, and say so where it cannot be written."""

import os
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError

from reviewbot.errors import EnvironmentFailure


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file under a temporary name, then rename it to `path`.

    raises  EnvironmentFailure where the disk is full or the place cannot be written to; nothing is
            left behind, and an older file stays as it was

    safetensors reports a full disk as an error of its own kind, which is no OSError.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, SafetensorError) as exc:
        why = (exc.strerror if isinstance(exc, OSError) else None) or str(exc)
        raise EnvironmentFailure(
            f"{path} was not written, so training stopped: {why}",
            fix="free some space, or choose another place, then run the same command again",
        ) from exc
