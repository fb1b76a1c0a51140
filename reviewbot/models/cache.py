"""Where models lie on disk, and how a file gets there: temporary name, fsync, atomic rename.

    <cache>/models/sha256/<sha256>/<filename>    official files, named by what they contain
    <cache>/converted/<key>/                     what the encoder loads, made from an official file
    <cache>/locks/<id>.lock                      held while one of the two is being made

Names that start with a dot are work in progress; nobody reads them as a model.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reviewbot.errors import EnvironmentFailure
from reviewbot.models.registry import ModelSpec

CHUNK = 1 << 20  # bytes read at once
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # no more bytes fit on this disk


def cache_dir(explicit: Path | None, environ: Mapping[str, str]) -> Path:
    """Choose the cache directory; nothing is created.

    Order: `explicit`, REVIEWBOT_CACHE, XDG_CACHE_HOME/reviewbot, ~/.cache/reviewbot. Empty
    variables count as unset, and so does a relative XDG_CACHE_HOME, as its specification demands.
    """
    if explicit is not None:
        return explicit.expanduser().absolute()
    if own := environ.get("REVIEWBOT_CACHE"):
        return Path(own).expanduser().absolute()
    xdg = environ.get("XDG_CACHE_HOME", "")
    if xdg and Path(xdg).is_absolute():
        return Path(xdg) / "reviewbot"
    home = environ.get("HOME") or environ.get("USERPROFILE")
    try:
        base = Path(home) if home else Path.home()
    except RuntimeError as exc:
        raise EnvironmentFailure(
            f"no model was loaded: no cache directory can be chosen ({exc})",
            fix="set REVIEWBOT_CACHE to a directory",
        ) from exc
    return base / ".cache" / "reviewbot"


def official_path(cache: Path, spec: ModelSpec) -> Path:
    """Where the official file of `spec` lies once its hash matched."""
    return cache / "models" / "sha256" / spec.sha256 / spec.filename


def converted_path(cache: Path, key: str) -> Path:
    """Where the converted checkpoint with this key lies (see `convert.checkpoint_key`)."""
    return cache / "converted" / key


def sha256_of(path: Path) -> str:
    """Hash a file in pieces; hex digits. Raises OSError when it cannot be read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()


@contextmanager
def disk_errors(doing: str) -> Iterator[None]:
    """Turn an OSError into two lines that say what was not done.

    doing  a phrase such as "no model was stored"
    """
    try:
        yield
    except OSError as exc:
        where = exc.filename or "the cache"
        why = exc.strerror or str(exc)
        if exc.errno in FULL:
            fix = "free some disk space, or set REVIEWBOT_CACHE to a directory on a larger disk"
        elif exc.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            fix = "give yourself access to it, or set REVIEWBOT_CACHE to a directory of your own"
        else:
            fix = "check that path, or set REVIEWBOT_CACHE to another directory"
        raise EnvironmentFailure(f"{doing}: {where}: {why}", fix=fix) from exc


def sync(path: Path) -> None:
    """Force a file's bytes to the disk: a rename must never show an empty file after a crash."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def write_json(path: Path, value: Any) -> None:
    """Write JSON under a temporary name beside `path`, then rename it. Sorted keys: same bytes."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        sync(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def install_directory(temporary: Path, final: Path) -> None:
    """Rename a finished directory into place; an older one under that name is removed.

    Call it under the model's lock: two renames are two steps.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    if final.exists():
        old = final.with_name(f".old-{final.name}-{os.getpid()}")
        final.rename(old)
        temporary.rename(final)
        shutil.rmtree(old, ignore_errors=True)
    else:
        temporary.rename(final)


@contextmanager
def new_directory(final: Path) -> Iterator[Path]:
    """Yield an empty directory that gets the name `final` where all goes well, and else is removed.

    Call it under the model's lock: what lies there under the temporary name was left by a crash.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = final.with_name(f".tmp-{final.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir()
        yield temporary
        install_directory(temporary, final)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def size_on_disk(path: Path) -> int:
    """Bytes of a file, or of all regular files below a directory; 0 when there is nothing."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
