"""The value of --artifact: one of ours by its name, or a directory."""

import errno
import os
from pathlib import Path

from reviewbot.errors import UsageError, did_you_mean

MISSING = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)


def find_artifact(name: str, base: Path = Path()) -> Path:
    """Return the directory of an artifact.

    name    a preset, or a path, relative to `base`
    raises  UsageError if it is neither, or the directory has no manifest
    """
    from reviewbot.scoring.artifact import PRESETS

    if name in PRESETS:
        return PRESETS[name]
    where = base / os.path.expanduser(name)  # noqa: PTH111 - Path's raises for an unknown user
    try:
        (where / "manifest.json").stat()
    except OSError as exc:
        if exc.errno in MISSING:  # `load_artifact` reports every other error
            shown = repr(name[:200])
            why = f"no artifact is named {shown}, and there is no such directory"
            if where.is_dir():
                why = f"the directory {shown} holds no artifact (manifest.json is missing)"
            names = ", ".join(other for other in PRESETS if other != "default")
            raise UsageError(
                f"nothing was scored: {why}",
                fix=f"{did_you_mean(where.name, PRESETS)}give {names}, or an artifact's directory",
            ) from exc
    return where
