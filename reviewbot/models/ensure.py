"""From the name of a model to a directory that the encoder can load."""

import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from reviewbot.errors import ModelUnavailable, UsageError, did_you_mean
from reviewbot.models import hub
from reviewbot.models.cache import (
    Say,
    cache_dir,
    converted_path,
    disk_errors,
    ignore,
    locked,
    official_path,
    sha256_of,
)
from reviewbot.models.download import pull
from reviewbot.models.http import Progress
from reviewbot.models.local import inspect
from reviewbot.models.packaged import packaged_engine
from reviewbot.models.registry import MODELS, ModelSpec
from reviewbot.models.verify import (
    Conversion,
    EngineOutputs,
    check,
    checkpoint,
    hashes,
    identity,
)

HUB_ID = re.compile(r"([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@([\w./-]+))?", re.ASCII)
Taps = tuple[int, int | None]  # the block that an artifact reads, and a later one


@dataclass(frozen=True, slots=True)
class ReadyModel:
    """A model on this disk, checked, in safetensors."""

    name: str  # as the user wrote it; for a hub model "ID@COMMIT"
    directory: Path
    sha256: str  # its identity: of the official file, or over the files of a directory
    layers: int  # decoder blocks to run; the output of the last one is read
    stored_layers: int  # decoder blocks in the directory, >= layers
    width: int  # D
    full: bool  # all layers and the output head are run
    engine: str = "torch"  # a key of `encoders.ENCODERS`; the directory holds its files


def ensure_model(
    model: str,
    layers: int | None = None,
    *,
    full: bool = False,
    taps: Taps | None = None,
    environ: Mapping[str, str],
    cache: Path | None = None,
    path: Path | None = None,
    keep_official: bool = False,
    progress: Progress = ignore,
    say: Say = ignore,
) -> ReadyModel:
    """Make a model ready to load: fetch it, compare hashes, convert it once.

    A model inside the package is never fetched, and its engine is used in place.
    model   a name in `registry.MODELS`, a directory (with "./", "../", "~" or "/" in front, so that
            a folder of the reviewed code cannot replace a hub model), or a hub "ID" or
            "ID@REVISION"
    layers  decoder blocks to run; None means the model's own default (its table row, otherwise a
            quarter of its depth). Ignored when `full`
    full    keep all layers and the output head
    taps    make the int8 engine that gives the states behind these blocks; None: a checkpoint for
            torch
    path    see `download.pull`
    keep_official  leave the official file in the cache after an engine was made from it
    raises  UsageError, ModelUnavailable, EnvironmentFailure; EngineUnfit if no engine can be made
    """
    if layers is not None and layers < 1:
        raise UsageError(f"nothing was scored: {layers} layers", fix="use 1 layer or more")
    root = cache_dir(cache, environ)
    if model in MODELS:
        spec = MODELS[model]
        depth, conversion = conversion_of(spec, layers, full=full, taps=taps)
        engine = "torch" if taps is None else "onnx"
        ready = ReadyModel(spec.name, root, spec.sha256, depth, depth, spec.width, full, engine)
        if is_packaged(spec, taps):
            return replace(ready, directory=packaged_engine(spec))

        def fetch() -> None:
            if not spec.packaged:
                pull(spec, root, environ, path=path, progress=progress, say=say)

        def convert(directory: Path) -> None:
            outputs = None if taps is None else EngineOutputs.of(*taps, full=full)
            if spec.packaged:
                _convert_packaged(spec, depth, outputs, directory, say)
            else:
                _convert_official(spec, depth, outputs, directory, root, say, full=full)
            if outputs and not spec.packaged and not keep_official:
                _remove_official(spec, root, say)

        directory = _converted(root, spec.name, spec.sha256, conversion, convert, say, fetch)
        return replace(ready, directory=directory)
    if model.startswith(("./", "../", "/", "~")) or Path(model).is_absolute():
        local = _local(model, Path(model).expanduser().absolute(), layers, full, root)
    elif hub_id := HUB_ID.fullmatch(model):
        directory, commit = hub.snapshot(hub_id[1], hub_id[2], root, environ, say)
        local = _local(f"{hub_id[1]}@{commit}", directory, layers, full, root)
    else:
        raise UsageError(
            f"nothing was scored: no model is named {model!r}",
            fix=f"{did_you_mean(model, MODELS)}use one of {', '.join(MODELS)}, a directory (./DIR) "
            "or a hub ID@REVISION",
        )
    return local if taps is None else _engine_of(local, taps, root, say)


def is_packaged(spec: ModelSpec, taps: Taps | None) -> bool:
    """Return True if the package holds the engine that gives these states."""
    return spec.packaged and taps is not None and set(taps) <= {spec.layer, None}


def conversion_of(
    spec: ModelSpec, layers: int | None, *, full: bool, taps: Taps | None
) -> tuple[int, Conversion]:
    """Return how many blocks are run, and what an official file is converted to for that.

    raises  UsageError if the file does not hold so many layers
    """
    if full and spec.stored < spec.layers:
        whole = [name for name, other in MODELS.items() if other.stored == other.layers]
        raise UsageError(
            f"nothing was loaded: {spec.name} holds the first {spec.stored} of {spec.layers} "
            "layers and no output head, so it cannot be read in full",
            fix=f"leave --full or --depth full out, or use one of {', '.join(whole)}",
        )
    if taps is None:
        depth = _depth(layers, spec.layer, spec.stored, full, spec.name)
        return depth, checkpoint(spec, depth, head=full)
    outputs = EngineOutputs.of(*taps, full=full)
    depth = _depth(max(outputs.taps), spec.layer, spec.stored, full, spec.name)
    return depth, outputs.engine(spec.sha256)


def _depth(layers: int | None, default: int, stored: int, full: bool, name: str) -> int:
    if full:
        return stored
    depth = default if layers is None else layers
    if depth > stored:
        raise UsageError(
            f"nothing was scored: {depth} layers were asked of {name}, which has {stored}",
            fix=f"use at most {stored} layers",
        )
    return depth


def _converted(
    cache: Path,
    name: str,
    sha256: str,
    conversion: Conversion,
    convert: Callable[[Path], None],
    say: Say,
    fetch: Callable[[], None] = lambda: None,
) -> Path:
    """Return the checked directory of a conversion; make it if it is not there.

    convert  writes the directory, under the model's lock
    fetch    runs before it, without the lock
    """
    directory = converted_path(cache, conversion.key)
    with disk_errors(f"{name} was not loaded"):
        there = directory.exists()
    if not there:
        fetch()
        with locked(cache, sha256, name, say):
            if not directory.exists():  # another process may have been faster
                convert(directory)
    check(directory, conversion)
    return directory


def _convert_packaged(
    spec: ModelSpec, depth: int, outputs: EngineOutputs | None, directory: Path, say: Say
) -> None:
    """Convert a packaged engine to a checkpoint, or to an engine that gives other states."""
    from reviewbot.models.sources import engine_source

    source = engine_source(packaged_engine(spec), spec)
    say(f"{spec.name}: converting {depth} layers, once (some seconds)")
    if outputs is None:
        from reviewbot.models.convert import convert_packaged

        convert_packaged(source, spec, depth, directory)
    else:
        from reviewbot.models.engine import export

        export(source, outputs, directory)


def _convert_official(
    spec: ModelSpec,
    depth: int,
    outputs: EngineOutputs | None,
    directory: Path,
    cache: Path,
    say: Say,
    *,
    full: bool,
) -> None:
    """Convert the official file in the cache, after comparing its hash."""
    path = official_path(cache, spec)
    with disk_errors(f"{spec.name} was not converted"):
        sha256 = sha256_of(path)
    if sha256 != spec.sha256:
        raise ModelUnavailable(
            f"{spec.name} was not converted: {path} has SHA-256 {sha256}, not the official one",
            fix=f"run `reviewbot model verify {spec.name}`, it removes the file; then pull again",
        )
    if outputs is None:
        from reviewbot.models.convert import convert

        say(f"{spec.name}: converting {depth} layers, once (some seconds)")
        convert(path, spec, depth, directory, head=full)
    else:
        from reviewbot.models.engine import export
        from reviewbot.models.sources import gguf_source

        say(f"{spec.name}: converting {depth} layers to int8, once (under a minute)")
        export(gguf_source(path, spec), outputs, directory)


def _remove_official(spec: ModelSpec, cache: Path, say: Say) -> None:
    """Remove the official file from the cache: an engine needs it no more."""
    path = official_path(cache, spec)
    with suppress(OSError):  # Windows: a mapped file cannot be removed
        path.unlink()
        path.parent.rmdir()
        say(
            f"{spec.name}: removed the official file ({spec.size / 1e6:.0f} MB) from the cache; a "
            "conversion for torch or another depth downloads it again"
        )


def _local(name: str, directory: Path, layers: int | None, full: bool, cache: Path) -> ReadyModel:
    model = inspect(directory)
    stamp = cache / "identities" / f"{identity({str(directory): ''})[:32]}.json"
    with disk_errors("nothing was loaded"):
        sums = hashes(directory, model.files, stamp, again=False)
    depth = _depth(layers, max(1, round(model.layers / 4)), model.layers, full, name)
    return ReadyModel(name, directory, identity(sums), depth, model.layers, model.width, full)


def _engine_of(model: ReadyModel, taps: Taps, cache: Path, say: Say) -> ReadyModel:
    outputs = EngineOutputs.of(*taps, full=model.full)

    def convert(directory: Path) -> None:
        from reviewbot.models.engine import export
        from reviewbot.models.sources import directory_source

        with ExitStack() as stack:
            source = directory_source(model.directory, model.name, model.sha256, stack)
            depth = source.shape.layers if outputs.head else max(outputs.taps)
            say(f"{model.name}: converting {depth} layers to int8, once")
            export(source, outputs, directory)

    conversion = outputs.engine(model.sha256)
    directory = _converted(cache, model.name, model.sha256, conversion, convert, say)
    return replace(model, directory=directory, engine="onnx")
