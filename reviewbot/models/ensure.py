"""From the name of a model to a directory that the encoder can load: the store's front door."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from reviewbot.errors import (
    CONVERTING,
    EXTRAS,
    EnvironmentFailure,
    ModelUnavailable,
    UsageError,
    did_you_mean,
    require,
)
from reviewbot.models import hub
from reviewbot.models.cache import cache_dir, converted_path, disk_errors, official_path, sha256_of
from reviewbot.models.checkpoint import check, checkpoint_key
from reviewbot.models.download import locked, pull
from reviewbot.models.engine import Wanted, check_engine, export
from reviewbot.models.local import hashes, identity, inspect
from reviewbot.models.packaged import packaged_file, refuse_full
from reviewbot.models.progress import Progress, Say, no_progress, say_nothing
from reviewbot.models.registry import MODELS, ModelSpec

HUB_ID = re.compile(r"([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@([\w./-]+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReadyModel:
    """A model on this disk, checked, in safetensors."""

    name: str  # as the user called it; for a hub model "ID@COMMIT"
    directory: Path
    sha256: str  # its identity: of the official file, or over the files of a directory
    layers: int  # decoder blocks to run; the state read is the last one's output
    stored_layers: int  # decoder blocks in the directory, >= layers
    width: int  # D
    full: bool  # the output head is wanted, and all layers are run
    engine: str = "torch"  # whose files lie in the directory: of `encoders.ENCODERS`


def ensure_model(
    model: str,
    layers: int | None = None,
    *,
    full: bool = False,
    taps: tuple[int, int | None] | None = None,
    environ: Mapping[str, str],
    cache: Path | None = None,
    path: Path | None = None,
    progress: Progress = no_progress,
    say: Say = say_nothing,
) -> ReadyModel:
    """Make a model ready to load: fetch, compare hashes, convert once.

    A model that lies in the package is not fetched: no network is asked, no path looked at.
    model   a name of `registry.MODELS`, a directory (with "./", "../", "~" or "/" in front, so
            that nobody can put one in the way of a hub model), or a hub "ID" or "ID@REVISION"
    layers  decoder blocks to run; None means the model's own default (its table row, otherwise a
            quarter of its depth). Ignored when `full`
    full    keep all layers and the output head
    taps    make the int8 engine that gives the states behind these blocks; None: a checkpoint for
            torch
    path    see `pull.pull`
    raises  UsageError, ModelUnavailable, EnvironmentFailure; EngineUnfit and MissingExtra where no
            engine can be made
    """
    if layers is not None and layers < 1:
        raise UsageError(f"nothing was scored: {layers} layers", fix="use 1 layer or more")
    root = cache_dir(cache, environ)
    if model in MODELS:
        spec = MODELS[model]
        fetch = partial(pull, spec, root, environ, path=path, progress=progress, say=say)
        if taps is not None:
            return _official_engine(spec, Wanted.of(*taps, full=full), root, fetch, say)
        return _official(spec, layers, full, root, fetch, say)
    if model.startswith(("./", "../", "/", "~")) or Path(model).is_absolute():
        found = _directory(model, Path(model).expanduser().absolute(), layers, full, root)
    elif hub_id := HUB_ID.fullmatch(model):
        require(["tokenizers"], f"{model} was not fetched", extra="torch")
        directory, commit = hub.snapshot(hub_id[1], hub_id[2], root, environ, say)
        found = _directory(f"{hub_id[1]}@{commit}", directory, layers, full, root)
    else:
        raise _unnamed(model)
    if taps is None:
        return found
    return _directory_engine(found, Wanted.of(*taps, full=full), root, say)


def _unnamed(model: str) -> UsageError:
    names = f"use one of {', '.join(MODELS)}, a directory (./DIR) or a hub ID@REVISION"
    return UsageError(
        f"nothing was scored: no model is named {model!r}",
        fix=f"{did_you_mean(model, MODELS)}{names}",
    )


def _depth(layers: int | None, default: int, stored: int, full: bool, name: str) -> int:
    if full:
        return stored
    wanted = default if layers is None else layers
    if wanted > stored:
        raise UsageError(
            f"nothing was scored: {wanted} layers were asked of {name}, which has {stored}",
            fix=f"use at most {stored} layers",
        )
    return wanted


def _official(
    spec: ModelSpec,
    layers: int | None,
    full: bool,
    cache: Path,
    fetch: Callable[[], object],
    say: Say,
) -> ReadyModel:
    if full:
        refuse_full(spec)
    depth = _depth(layers, spec.layer, spec.stored, full, spec.name)
    directory = converted_path(cache, checkpoint_key(spec.sha256, depth, head=full))
    result = ReadyModel(spec.name, directory, spec.sha256, depth, depth, spec.width, full)
    prepare = partial(_prepare, spec, CONVERTING, fetch)
    with _to_make(directory, spec.name, spec.sha256, cache, prepare, say) as to_make:
        if to_make:
            with _file(spec, cache) as source:
                _convert(source, spec, depth, directory, full, say)
    check(directory, spec, depth, head=full)
    return result


def _official_engine(
    spec: ModelSpec, wanted: Wanted, cache: Path, fetch: Callable[[], object], say: Say
) -> ReadyModel:
    if wanted.head:
        refuse_full(spec)
    depth = _depth(max(wanted.taps), spec.layer, spec.stored, wanted.head, spec.name)
    directory = converted_path(cache, wanted.key(spec.sha256))
    prepare = partial(_prepare, spec, EXTRAS["onnx"], fetch)
    with _to_make(directory, spec.name, spec.sha256, cache, prepare, say) as to_make:
        if to_make:
            from reviewbot.models.sources import gguf_source

            say(f"{spec.name}: converting {depth} layers to int8, once (under a minute)")
            with _file(spec, cache) as file:
                export(gguf_source(file, spec), wanted, directory)
    check_engine(directory, spec.sha256, wanted)
    return ReadyModel(
        spec.name, directory, spec.sha256, depth, depth, spec.width, wanted.head, "onnx"
    )


def _directory_engine(model: ReadyModel, wanted: Wanted, cache: Path, say: Say) -> ReadyModel:
    directory = converted_path(cache, wanted.key(model.sha256))
    what = f"{model.name} was not converted"
    prepare = partial(require, EXTRAS["onnx"], what, extra="onnx")
    with _to_make(directory, model.name, model.sha256, cache, prepare, say) as to_make:
        if to_make:
            from reviewbot.models.sources import directory_source

            with ExitStack() as opened:
                source = directory_source(model.directory, model.name, model.sha256, opened)
                depth = source.shape.layers if wanted.head else max(wanted.taps)
                say(f"{model.name}: converting {depth} layers to int8, once")
                export(source, wanted, directory)
    check_engine(directory, model.sha256, wanted)
    return replace(model, directory=directory, engine="onnx")


def _prepare(spec: ModelSpec, modules: Sequence[str], fetch: Callable[[], object]) -> None:
    require(modules, f"{spec.name} was not fetched or converted", extra="onnx")
    if not spec.packaged:
        fetch()


@contextmanager
def _to_make(
    directory: Path,
    name: str,
    sha256: str,
    cache: Path,
    prepare: Callable[[], None],
    say: Say,
) -> Iterator[bool]:
    """Return True if a directory has still to be made; where it has, the model's lock is held.

    prepare  what has to be done before, without the lock: only where nothing is there yet
    """
    with disk_errors(f"{name} was not loaded"):
        there = directory.exists()
    if there:
        yield False
        return
    prepare()
    with locked(cache, sha256, name, say):
        yield not directory.exists()


def _file(spec: ModelSpec, cache: Path) -> AbstractContextManager[Path]:
    return packaged_file(spec) if spec.packaged else _cached_file(spec, cache)


@contextmanager
def _cached_file(spec: ModelSpec, cache: Path) -> Iterator[Path]:
    """Yield the official file in the cache, its hash compared again."""
    source = official_path(cache, spec)
    with disk_errors(f"{spec.name} was not converted"):
        found = sha256_of(source)
    if found != spec.sha256:
        raise ModelUnavailable(
            f"{spec.name} was not converted: {source} has SHA-256 {found}, not the official one",
            fix=f"run `reviewbot model verify {spec.name}`, it removes the file; then pull again",
        )
    yield source


def _convert(
    source: Path, spec: ModelSpec, depth: int, directory: Path, full: bool, say: Say
) -> None:
    from reviewbot.models.convert import convert

    say(f"{spec.name}: converting {depth} layers, once (some seconds)")
    convert(source, spec, depth, directory, head=full)


def _directory(
    name: str, directory: Path, layers: int | None, full: bool, cache: Path
) -> ReadyModel:
    found = inspect(directory)
    stamp = cache / "identities" / f"{identity({str(directory): ''})[:32]}.json"
    try:
        sums = hashes(directory, found.files, stamp, again=False)
    except OSError as exc:
        raise EnvironmentFailure(
            f"nothing was loaded: {exc.filename or directory}: {exc.strerror}",
            fix="check that you may read that file",
        ) from exc
    depth = _depth(layers, max(1, round(found.layers / 4)), found.layers, full, name)
    return ReadyModel(name, directory, identity(sums), depth, found.layers, found.width, full)
