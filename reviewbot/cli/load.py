"""From settings and an artifact to a model that reads: which one, and which engine computes."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reviewbot.cli.talk import Clock, progress_bar, say
from reviewbot.core.errors import EngineUnfit, UsageError
from reviewbot.core.extras import EXTRAS, missing, require
from reviewbot.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.artifacts import Artifact
    from reviewbot.encoders import Encoder, EncoderSpec
    from reviewbot.store.lines import LineCache

MEBI = 1 << 20


def load_model(settings: Settings, artifact: "Artifact", clock: Clock) -> "Encoder":
    """Make the model ready: the one the settings name, else the artifact's own.

    Where it can, it loads the model only when a line has to be read. Where `auto` chose an engine
    that turns out not to serve, the next one is loaded, and said.
    raises  ArtifactError if the artifact was trained on another model; what the store and the
            engine raise
    """
    from reviewbot.artifacts import check_model
    from reviewbot.core.models import MODELS

    name = model_name(settings, artifact)
    if name in MODELS:  # before anything is fetched
        check_model(artifact, MODELS[name].sha256, name)
    return _first(engines(settings), settings, artifact, clock)


def _first(
    names: Sequence[str], settings: Settings, artifact: "Artifact", clock: Clock
) -> "Encoder":
    """Return an encoder of the first of some engines that serves."""
    from reviewbot.encoders import load_encoder, promised
    from reviewbot.encoders.lazy import LazyEncoder

    name, others = names[0], names[1:]
    require(EXTRAS[name], "nothing was fetched, nothing was scored", extra=name)
    try:
        spec = ready_spec(name, settings, artifact)
    except EngineUnfit as exc:
        return _next(exc, others, settings, artifact, clock)

    def load(waiting: "Callable[[], Any] | None" = None) -> "Encoder":
        try:
            return load_encoder(name, spec, waiting)
        except EngineUnfit as exc:
            return _next(exc, others, settings, artifact, clock)

    clock("finding the model")
    promise = promised(name, spec)
    if promise is None:
        encoder = load()
        clock(f"loading {name} and the model")
        return encoder
    dtype, engine = promise
    # Importing torch would slow down everything else; and where lines are kept, all may be there.
    ahead = name == "onnx" and not _keeps(settings)
    return LazyEncoder(spec.directory, load, dtype=dtype, engine=engine, ahead=ahead)


def _next(
    exc: EngineUnfit, names: Sequence[str], settings: Settings, artifact: "Artifact", clock: Clock
) -> "Encoder":
    if not names:
        raise exc
    say(f"{exc.what.removeprefix('nothing was scored: ')}; reading with {names[0]} instead")
    return _first(names, settings, artifact, clock)


def model_name(settings: Settings, artifact: "Artifact") -> str:
    """Return the name of the model that the settings mean."""
    return artifact.model.name if settings.model == "default" else settings.model


def reads_head(settings: Settings, artifact: "Artifact") -> bool:
    """Tell whether the whole model is run, with its output head."""
    return artifact.model.full or settings.depth == "full"


def engines(settings: Settings) -> list[str]:
    """Return the engines to try, in this order.

    raises  UsageError where an engine is asked for what it cannot do
    """
    from reviewbot.encoders import is_x86, isa

    plain = (settings.device, settings.quantize, settings.dtype) == ("cpu", "none", "fp32")
    if settings.engine == "onnx" and not plain:
        raise UsageError(
            "nothing was scored: the engine onnx computes in int8 on the CPU",
            fix="leave --device, --quantize and --dtype out, or use --engine torch",
        )
    if settings.engine != "auto":
        return [settings.engine]
    if not plain:
        return ["torch"]
    there = [name for name in ("onnx", "torch") if not missing(EXTRAS[name])]
    if len(there) < 2:
        return there or ["onnx"]  # whose absence is then said, with what to install
    # Without AVX2 an int8 product is no faster than a float32 one.
    return ["torch"] if is_x86() and "avx2" not in isa() else ["onnx", "torch"]


def ready_spec(engine: str, settings: Settings, artifact: "Artifact") -> "EncoderSpec":
    """Make the files of an engine ready, and say how to load it.

    raises  as `load_model`
    """
    from reviewbot.artifacts import check_model
    from reviewbot.encoders import EncoderSpec
    from reviewbot.store.ready import ready

    wanted = artifact.model
    model = ready(
        model_name(settings, artifact),
        max(wanted.layer, wanted.deep or 0),
        full=reads_head(settings, artifact),
        taps=(wanted.layer, wanted.deep) if engine == "onnx" else None,
        environ=os.environ,
        cache=_cache_dir(settings),
        progress=progress_bar(),
        say=say,
    )
    check_model(artifact, model.sha256, model.name)
    return EncoderSpec(
        directory=model.directory,
        layer=wanted.layer,
        deep=wanted.deep,
        full=reads_head(settings, artifact),
        dtype=settings.dtype,
        threads=settings.threads,
        device=settings.device,
        quantize=settings.quantize,
    )


def line_cache(settings: Settings, artifact: "Artifact") -> "LineCache | None":
    """Return where line features are kept; None where the settings want none kept."""
    from reviewbot.store.cache import cache_dir
    from reviewbot.store.checkpoint import CONVERTER
    from reviewbot.store.engine import EXPORTER
    from reviewbot.store.lines import LineCache

    if settings.line_cache == 0:
        return None
    model = artifact.model
    depth = (model.layer, model.deep, reads_head(settings, artifact))
    scope = f"{artifact.info.sha256} {model.sha256} {depth} {CONVERTER} {EXPORTER}"
    cache = cache_dir(_cache_dir(settings), os.environ)
    return LineCache(cache, scope, settings.line_cache * MEBI)


def _keeps(settings: Settings) -> bool:
    """Tell whether lines were kept, so that perhaps none has to be read."""
    from reviewbot.store.cache import cache_dir
    from reviewbot.store.lines import kept_before

    return settings.line_cache > 0 and kept_before(cache_dir(_cache_dir(settings), os.environ))


def _cache_dir(settings: Settings) -> Path | None:
    return Path(settings.cache_dir).expanduser() if settings.cache_dir else None
