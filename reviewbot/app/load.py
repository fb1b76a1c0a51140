"""From settings and an artifact to a model that reads: which one, and which engine computes."""

import os
from collections.abc import Callable, Generator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.app.artifact_name import find_artifact
from reviewbot.app.machine import check_machine, may_be_served
from reviewbot.app.progress import Clock, progress_bar, say
from reviewbot.config.settings import Settings
from reviewbot.errors import EXTRAS, EngineUnfit, UsageError, install, missing, require

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from reviewbot.encoders.encoder import Encoder, EncoderSpec
    from reviewbot.scoring.artifact import Artifact
    from reviewbot.scoring.feature_cache import DiskCache

    Made = tuple[EncoderSpec, str]  # how to load it, and the SHA-256 of the model
    Engines = Generator[Made, None, None]
    Waiting = Callable[[], Tokenizer]

MEBI = 1 << 20


def artifact_for(settings: Settings) -> "Artifact":
    """Load the artifact that the settings name.

    raises  UsageError if no artifact has that name, ArtifactError if it is damaged
    """
    from reviewbot.scoring.artifact import load_artifact

    return load_artifact(find_artifact(settings.artifact))


def load_model(settings: Settings, artifact: "Artifact", clock: Clock) -> "Encoder":
    """Make the model ready: the one the settings name, else the artifact's own.

    Where it is warm (`reviewbot serve`), it is used there. Else it is loaded, where that can wait
    not before a line has to be read. Where `auto` chose an engine that turns out not to serve, the
    next one is taken, and said.
    raises  what `specs` and the engine raise
    """
    return _first(specs(settings, artifact), clock, settings)


def _first(
    ready: "Engines", clock: Clock, settings: Settings, unfit: EngineUnfit | None = None
) -> "Encoder":
    """Return an encoder of the first engine that serves; `unfit` is why the last one did not."""
    from reviewbot.app.served import served
    from reviewbot.encoders.encoder import promised
    from reviewbot.encoders.lazy_encoder import LazyEncoder

    spec, sha256 = ready.throw(unfit) if unfit else next(ready)
    clock("finding the model")

    def load(spec: "EncoderSpec", waiting: "Waiting | None" = None) -> "Encoder":
        try:
            return load_here(spec, clock, waiting)
        except EngineUnfit as exc:
            return _first(ready, clock, settings, exc)

    if found := served(settings, spec, sha256, clock, partial(load_here, clock=clock)):
        return found
    promise = promised(spec)
    if promise is None:
        return load(spec)
    # Importing torch ahead would slow down everything else; and where lines are kept, perhaps none
    # has to be read.
    return LazyEncoder(
        spec.directory,
        partial(load, spec),
        dtype=promise[0],
        engine=promise[1],
        ahead=spec.engine == "onnx" and not _keeps(settings),
    )


def load_here(spec: "EncoderSpec", clock: Clock, waiting: "Waiting | None" = None) -> "Encoder":
    """Load the model into this process; `waiting` gives the tokenizer where it is loaded already.

    raises  what the engine raises
    """
    from reviewbot.encoders.encoder import load_encoder

    encoder = load_encoder(spec, waiting)
    clock(f"loading {spec.engine} and the model")
    return encoder


def specs(settings: Settings, artifact: "Artifact") -> "Engines":
    """Make the files of one engine after another ready: how to load it, and the model's SHA-256.

    An engine that cannot compute this model is passed over, and that is said, while another is
    left. Somebody who finds that an engine does not serve on this processor throws the EngineUnfit
    in, and is given the next.
    raises  EngineUnfit of the last engine, MissingExtra before anything is fetched, ArtifactError
            if the artifact was trained on another model; what the store raises
    """
    from reviewbot.models.registry import MODELS
    from reviewbot.scoring.artifact import check_model

    name = model_name(settings, artifact)
    if name in MODELS:  # before anything is fetched
        check_model(artifact, MODELS[name].sha256, name)
    order = engines(settings, head=reads_head(settings, artifact))
    for engine, other in zip(order, [*order[1:], None], strict=True):
        require(EXTRAS[engine], "nothing was fetched, nothing was scored", extra=engine)
        if engine == "torch" and not may_be_served(settings):
            check_machine(settings.device, settings.quantize, dtype_of(settings))
        if engine == "onnx" and settings.engine == "auto" and reads_head(settings, artifact):
            say(f"reading in int8, which may tell fewer pairs apart here: {install('torch')}")
        try:
            yield _ready(engine, settings, artifact)
        except EngineUnfit as exc:
            if other is None and missing(EXTRAS["torch"]):
                raise EngineUnfit(exc.what, fix=f"{install('torch')}, then --engine torch") from exc
            if other is None:
                raise
            say(f"{exc.what.removeprefix('nothing was scored: ')}; reading with {other} instead")


def model_name(settings: Settings, artifact: "Artifact") -> str:
    """Return the name of the model that the settings mean."""
    return artifact.model.name if settings.model == "default" else settings.model


def reads_head(settings: Settings, artifact: "Artifact") -> bool:
    """Return True if the whole model is run, with its output head."""
    return artifact.model.full or settings.depth == "full"


def engines(settings: Settings, *, head: bool = False) -> list[str]:
    """Return the engines to try, in this order.

    head    the output head is read, too: for that int8 has not been shown to be close enough, so
            that torch is taken where it is there (docs/performance.md)

    raises  UsageError where an engine is asked for what it cannot do
    """
    from reviewbot.encoders.encoder import is_x86, isa

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
    if head:
        return ["torch"]
    # Without AVX2 an int8 product is no faster than a float32 one.
    return ["torch"] if is_x86() and "avx2" not in isa() else ["onnx", "torch"]


def dtype_of(settings: Settings) -> str:
    """Return what torch computes in: what somebody asked for, else what the device does best."""
    from reviewbot.encoders.encoder import default_dtype

    asked = settings.origins.get("dtype", "default") != "default"
    return settings.dtype if asked else default_dtype(settings.device)


def _ready(engine: str, settings: Settings, artifact: "Artifact") -> "Made":
    from reviewbot.encoders.encoder import EncoderSpec
    from reviewbot.models.ensure import ensure_model
    from reviewbot.scoring.artifact import check_model

    wanted = artifact.model
    model = ensure_model(
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
    spec = EncoderSpec(
        directory=model.directory,
        engine=engine,
        layer=wanted.layer,
        deep=wanted.deep,
        full=reads_head(settings, artifact),
        dtype=dtype_of(settings),
        threads=settings.threads,
        device=settings.device,
        quantize=settings.quantize,
    )
    return spec, model.sha256


def line_cache(settings: Settings, artifact: "Artifact") -> "DiskCache | None":
    """Return where line features are kept; None where the settings want none kept."""
    from reviewbot.models.cache import cache_dir
    from reviewbot.models.verify import CONVERTER, EXPORTER
    from reviewbot.scoring.feature_cache import DiskCache
    from reviewbot.server.compatibility import chosen

    if settings.line_cache == 0:
        return None
    model = artifact.model
    depth = (model.layer, model.deep, reads_head(settings, artifact))
    # What the engine's name leaves out: numpy, which pools, and what the environment chooses.
    beside = (version("numpy"), sorted(chosen(os.environ).items()))
    made = (CONVERTER, EXPORTER)
    scope = f"{artifact.info.sha256} {model.sha256} {depth} {made} {beside}"
    cache = cache_dir(_cache_dir(settings), os.environ)
    return DiskCache(cache, scope, settings.line_cache * MEBI)


def _keeps(settings: Settings) -> bool:
    """Return True if lines were kept, so that perhaps none has to be read."""
    from reviewbot.models.cache import cache_dir
    from reviewbot.scoring.feature_cache import has_entries

    return settings.line_cache > 0 and has_entries(cache_dir(_cache_dir(settings), os.environ))


def _cache_dir(settings: Settings) -> Path | None:
    return Path(settings.cache_dir).expanduser() if settings.cache_dir else None
