"""Brings an official file into the cache, from the first source that has its very bytes.

The order: the cache itself, a path that the user names, the Hugging Face hub (or a mirror) at the
pinned revision. Whatever a source gives is compared with the official SHA-256 before it gets its
final name. If a source fails, the reason is shown and the next one is tried.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from reviewbot.errors import EnvironmentFailure, ModelUnavailable
from reviewbot.models import hub
from reviewbot.models.cache import CHUNK, FULL, disk_errors, official_path, sha256_of, sync
from reviewbot.models.progress import Progress, Say, SourceError, no_progress, say_nothing
from reviewbot.models.registry import ModelSpec

PATIENCE = 3600.0  # seconds to wait for another process that fetches or converts the same model


@contextmanager
def locked(cache: Path, sha256: str, what: str, say: Say) -> Iterator[None]:
    """Hold the lock of one model. Says so when another process has it, and waits.

    raises  EnvironmentFailure after an hour, or where the disk knows no locks
    """
    from filelock import FileLock, Timeout

    directory = cache / "locks"
    with disk_errors(f"{what} was not made ready"):
        directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(directory / f"{sha256[:32]}.lock")
        try:
            try:
                lock.acquire(timeout=0)
            except Timeout:
                say(f"waiting for another reviewbot that makes {what} ready")
                lock.acquire(timeout=PATIENCE)
        except (Timeout, NotImplementedError) as exc:
            raise EnvironmentFailure(
                f"{what} was not made ready: its lock {lock.lock_file} cannot be had ({exc})",
                fix="end the other reviewbot, or set REVIEWBOT_CACHE to a local disk",
            ) from exc
    try:
        yield
    finally:
        lock.release()


def pull(
    spec: ModelSpec,
    cache: Path,
    environ: Mapping[str, str],
    *,
    path: Path | None = None,
    progress: Progress = no_progress,
    say: Say = say_nothing,
) -> Path:
    """Return the official file of `spec` in the cache; fetch it if it is not there.

    path    where to look before the network: the file, or a directory that holds it;
            REVIEWBOT_MODEL_PATH when None
    raises  ModelUnavailable if no source gave the official bytes, EnvironmentFailure if the disk is
            full or may not be written to; neither leaves a file under the final name
    """
    final = official_path(cache, spec)
    if _whole(final, spec):
        return final
    with locked(cache, spec.sha256, spec.name, say):
        if _whole(final, spec):  # another process was faster
            return final
        return _pull_locked(spec, cache, environ, path, progress, say)


def _whole(final: Path, spec: ModelSpec) -> bool:
    """A file gets its final name only after its hash matched, so its size tells whether to use it.

    `convert` hashes it again before it reads it, and `verify` whenever asked.
    """
    with disk_errors(f"{spec.name} was not loaded"):
        return final.is_file() and final.stat().st_size == spec.size


def _pull_locked(
    spec: ModelSpec,
    cache: Path,
    environ: Mapping[str, str],
    path: Path | None,
    progress: Progress,
    say: Say,
) -> Path:
    final = official_path(cache, spec)
    partial = cache / "models" / ".partial" / spec.sha256
    sources: list[tuple[str, str, Callable[[Path], None]]] = [
        ("hub", "hub", lambda target: hub.fetch_official(spec, target, environ, progress))
    ]
    if named := path or environ.get("REVIEWBOT_MODEL_PATH"):
        near = Path(named).expanduser()
        sources.insert(0, (str(named), "path", lambda to: _from_path(spec, near, to, progress)))
    failures = []
    with disk_errors(f"{spec.name} was not stored"):
        partial.mkdir(parents=True, exist_ok=True)
        _need_space(spec, partial)
        try:
            for name, short, fetch in sources:
                say(f"{spec.name}: asking {name}")
                target = partial / f"{short}.part"
                try:
                    fetch(target)
                    _accept(spec, target, final)
                except SourceError as exc:
                    failures.append(f"{name}: {exc}")
                    say(f"{spec.name}: {name}: {exc}")
                    continue
                shutil.rmtree(partial, ignore_errors=True)
                return final
        except OSError as exc:
            if exc.errno in FULL:
                shutil.rmtree(partial, ignore_errors=True)
            raise
    raise _unavailable(spec, failures)


def _unavailable(spec: ModelSpec, failures: list[str]) -> ModelUnavailable:
    from_hub = "allow access to the hub, set HF_ENDPOINT to a mirror, or " if spec.repo else ""
    return ModelUnavailable(
        f"{spec.name} is not in the cache, nothing was scored: {'; '.join(failures)}",
        fix=f"{from_hub}set REVIEWBOT_MODEL_PATH to the official file {spec.filename} "
        f"(or run `reviewbot model pull {spec.name} --from FILE`)",
    )


def _need_space(spec: ModelSpec, partial: Path) -> None:
    have = sum(file.stat().st_size for file in partial.iterdir() if file.is_file())
    free = shutil.disk_usage(partial).free
    if free + have < spec.size:
        shutil.rmtree(partial, ignore_errors=True)
        raise EnvironmentFailure(
            f"{spec.name} was not stored: it has {spec.size >> 20} MiB, and the disk of {partial} "
            f"has {free >> 20} MiB free",
            fix="free some disk space, or set REVIEWBOT_CACHE to a directory on a larger disk",
        )


def _from_path(spec: ModelSpec, path: Path, target: Path, progress: Progress) -> None:
    """Copy the official file from `path`, the file or its directory; it stays there."""
    try:
        file = path / spec.filename if path.is_dir() else path
        if path.is_dir() and not file.exists():
            raise SourceError(f"it holds no {spec.filename}")
        size = file.stat().st_size
        if size != spec.size:
            raise SourceError(f"it has {size} bytes, the official file {spec.size}")
        source = file.open("rb")
    except OSError as exc:
        raise SourceError(exc.strerror or str(exc)) from exc
    with source, target.open("wb") as copy:
        done = 0
        while piece := source.read(CHUNK):
            copy.write(piece)
            done += len(piece)
            progress(f"{spec.name} from {file.name}", done, spec.size)


def _accept(spec: ModelSpec, target: Path, final: Path) -> None:
    """Give the file its final name if it is the official one; else delete it and say its hash."""
    size, found = target.stat().st_size, sha256_of(target)
    if (size, found) != (spec.size, spec.sha256):
        target.unlink()
        raise SourceError(
            f"gave {size} bytes with SHA-256 {found}, the official file has {spec.sha256}"
        )
    sync(target)
    final.parent.mkdir(parents=True, exist_ok=True)
    target.replace(final)
