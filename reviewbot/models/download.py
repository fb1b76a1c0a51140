"""Brings an official file into the cache, from the first source with exactly its bytes.

Sources in order: the cache itself, a path that the user names, the Hugging Face hub (or a mirror)
at the pinned revision. A file gets its final name only after its SHA-256 matched the official one.
If a source fails, its reason is shown and the next one is tried.
"""

import errno
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from reviewbot.errors import EnvironmentFailure, ModelUnavailable
from reviewbot.models import hub
from reviewbot.models.cache import (
    CHUNK,
    Say,
    disk_errors,
    ignore,
    locked,
    official_path,
    sha256_of,
    sync,
)
from reviewbot.models.http import Progress, SourceError
from reviewbot.models.registry import ModelSpec

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def pull(
    spec: ModelSpec,
    cache: Path,
    environ: Mapping[str, str],
    *,
    path: Path | None = None,
    progress: Progress = ignore,
    say: Say = ignore,
) -> Path:
    """Return the official file of `spec` in the cache; fetch it if it is not there.

    path    where to look before the network: the file, or a directory that holds it;
            REVIEWBOT_MODEL_PATH when None
    raises  ModelUnavailable if no source gave the official bytes, EnvironmentFailure if the disk is
            full or not writable; neither leaves a file under the final name
    """
    final = official_path(cache, spec)
    if _is_complete(final, spec):
        return final
    sources: dict[str, tuple[str, Callable[[Path], None]]] = {}
    if named := path or environ.get("REVIEWBOT_MODEL_PATH"):
        source = Path(named).expanduser()
        sources["path"] = str(named), lambda target: _from_path(spec, source, target, progress)
    sources["hub"] = "hub", lambda target: hub.fetch_official(spec, target, environ, progress)
    with locked(cache, spec.sha256, spec.name, say):
        if not _is_complete(final, spec):  # another process may have been faster
            with disk_errors(f"{spec.name} was not stored"):
                _pull(spec, final, cache / "models" / ".partial" / spec.sha256, sources, say)
    return final


def _is_complete(final: Path, spec: ModelSpec) -> bool:
    """Return True if the file is there: it got its name after its hash matched.

    Conversion and `model verify` hash it again.
    """
    with disk_errors(f"{spec.name} was not loaded"):
        return final.is_file() and final.stat().st_size == spec.size


def _pull(
    spec: ModelSpec,
    final: Path,
    partial: Path,
    sources: Mapping[str, tuple[str, Callable[[Path], None]]],
    say: Say,
) -> None:
    partial.mkdir(parents=True, exist_ok=True)
    _require_space(spec, partial)
    failures = []
    for short, (name, fetch) in sources.items():
        say(f"{spec.name}: asking {name}")
        target = partial / f"{short}.part"
        try:
            fetch(target)
            _accept(spec, target, final)
        except SourceError as exc:
            failures.append(f"{name}: {exc}")
            say(f"{spec.name}: {name}: {exc}")
        except OSError as exc:
            if exc.errno in DISK_FULL:
                shutil.rmtree(partial, ignore_errors=True)
            raise
        else:
            shutil.rmtree(partial, ignore_errors=True)
            return
    from_hub = "allow access to the hub, set HF_ENDPOINT to a mirror, or " if spec.repo else ""
    raise ModelUnavailable(
        f"{spec.name} is not in the cache, nothing was scored: {'; '.join(failures)}",
        fix=f"{from_hub}set REVIEWBOT_MODEL_PATH to the official file {spec.filename} "
        f"(or run `reviewbot model pull {spec.name} --from FILE`)",
    )


def _require_space(spec: ModelSpec, partial: Path) -> None:
    have = sum(file.stat().st_size for file in partial.iterdir() if file.is_file())
    free = shutil.disk_usage(partial).free
    if free + have < spec.size:
        shutil.rmtree(partial, ignore_errors=True)
        raise EnvironmentFailure(
            f"{spec.name} was not stored: it needs {spec.size >> 20} MiB, and the disk of "
            f"{partial} has {free >> 20} MiB free",
            fix="free some disk space, or set REVIEWBOT_CACHE to a directory on a larger disk",
        )


def _from_path(spec: ModelSpec, path: Path, target: Path, progress: Progress) -> None:
    """Copy the official file from `path`, the file or its directory."""
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
        while piece := source.read(CHUNK):
            copy.write(piece)
            progress(f"{spec.name} from {file.name}", copy.tell(), spec.size)


def _accept(spec: ModelSpec, target: Path, final: Path) -> None:
    """Give the official file its final name; delete any other file and report its hash."""
    size, sha256 = target.stat().st_size, sha256_of(target)
    if (size, sha256) != (spec.size, spec.sha256):
        target.unlink()
        raise SourceError(
            f"gave {size} bytes with SHA-256 {sha256}, the official file has {spec.sha256}"
        )
    sync(target)
    final.parent.mkdir(parents=True, exist_ok=True)
    target.replace(final)
