"""Where models are on disk, and how files get there: temporary name, fsync, atomic rename.

    <cache>/models/sha256/<sha256>/<filename>    official files, by content
    <cache>/converted/<key>/                     converted for an engine, from an official file
    <cache>/locks/<id>.lock                      held while one of the two is written

Names that start with a dot are unfinished; nobody reads them as a model.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reviewbot.errors import EnvironmentFailure, os_fix

if TYPE_CHECKING:
    from reviewbot.models.registry import ModelSpec

CHUNK = 1 << 20  # bytes read at once
LOCK_SECONDS = 3600.0  # to wait for another process that downloads or converts the same model
Say = Callable[[str], None]  # shows one line to the user


def ignore(*_: object) -> None:
    """Show nothing."""


def cache_dir(explicit: Path | None, environ: Mapping[str, str]) -> Path:
    """Choose the cache directory without creating it.

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
        return (Path(home) if home else Path.home()) / ".cache" / "reviewbot"
    except RuntimeError as exc:
        raise EnvironmentFailure(
            f"no model was loaded: no cache directory can be chosen ({exc})",
            fix="set REVIEWBOT_CACHE to a directory",
        ) from exc


def official_path(cache: Path, spec: "ModelSpec") -> Path:
    """Return the path of the official file of `spec` once its hash matched."""
    return cache / "models" / "sha256" / spec.sha256 / spec.filename


def converted_path(cache: Path, key: str) -> Path:
    """Return the directory of a conversion (`verify.Conversion.key`)."""
    return cache / "converted" / key


def sha256_of(path: Path) -> str:
    """Return the hash of a file as hex digits. Raises OSError if it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def disk_errors(doing: str) -> Iterator[None]:
    """Turn an OSError into an EnvironmentFailure.

    doing  what was not done: "no model was stored"
    """
    try:
        yield
    except OSError as exc:
        raise EnvironmentFailure(
            f"{doing}: {exc.filename or 'the cache'}: {exc.strerror or exc}",
            fix=f"{os_fix(exc, 'check that path')}, or set REVIEWBOT_CACHE to another directory",
        ) from exc


@contextmanager
def locked(cache: Path, sha256: str, what: str, say: Say) -> Iterator[None]:
    """Hold the lock of one model. If another process holds it, say so and wait.

    raises  EnvironmentFailure after an hour, or if the disk has no locks
    """
    from filelock import FileLock, Timeout

    directory = cache / "locks"
    with disk_errors(f"{what} was not prepared"):
        directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(directory / f"{sha256[:32]}.lock")
        try:
            try:
                lock.acquire(timeout=0)
            except Timeout:
                say(f"waiting for another reviewbot that prepares {what}")
                lock.acquire(timeout=LOCK_SECONDS)
        except (Timeout, NotImplementedError) as exc:
            raise EnvironmentFailure(
                f"{what} was not prepared: its lock {lock.lock_file} cannot be acquired ({exc})",
                fix="end the other reviewbot, or set REVIEWBOT_CACHE to a local disk",
            ) from exc
    try:
        yield
    finally:
        lock.release()


def sync(path: Path) -> None:
    """Force a file's bytes to the disk: a rename must never show an empty file after a crash."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def write_json(path: Path, value: Any) -> None:
    """Write JSON atomically. Sorted keys: same value, same bytes."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        sync(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def new_directory(final: Path) -> Iterator[Path]:
    """Yield an empty directory that replaces `final` on success and is removed on failure.

    Call it under the model's lock: leftovers of a crash are removed.
    """
    temporary, old = (final.with_name(f".{kind}-{final.name}") for kind in ("tmp", "old"))
    for leftover in (temporary, old):
        shutil.rmtree(leftover, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        if final.exists():
            final.rename(old)
        temporary.rename(final)
    finally:
        for leftover in (temporary, old):
            shutil.rmtree(leftover, ignore_errors=True)


def size_on_disk(path: Path) -> int:
    """Return the bytes of a file, or of all files below a directory; 0 if there is none."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
