"""From settings and an artifact to a loaded model: which one, and which engine runs it."""

import os
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.app.artifact import cache_directory, reads_head
from reviewbot.app.progress import Clock, progress_bar, say
from reviewbot.config.choices import Engine, Server
from reviewbot.config.schema import Settings
from reviewbot.errors import EXTRAS, EngineUnfit, UsageError, install, missing, require

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from reviewbot.encoders.encoder import Encoder, EncoderSpec
    from reviewbot.scoring.artifact import Artifact
    from reviewbot.server.client import RemoteEncoder

    Candidate = tuple[EncoderSpec, str]  # how to load it, and the SHA-256 of the model
    Candidates = Generator[Candidate, None, None]
    GetTokenizer = Callable[[], Tokenizer]


def load_model(settings: Settings, artifact: "Artifact", clock: Clock) -> "Encoder":
    """Return an encoder of the model that the settings name, else of the artifact's own.

    A running server (`reviewbot serve`) is used if it fits. Otherwise the model is loaded here, if
    possible only when a line has to be read. If `auto` chose an engine that cannot run this model,
    the next engine is used, and the user is notified.
    raises  what `specs` and the engine raise
    """
    return _load_first(specs(settings, artifact), settings, clock)


def _load_first(
    candidates: "Candidates", settings: Settings, clock: Clock, unfit: EngineUnfit | None = None
) -> "Encoder":
    """Return an encoder of the first engine that works; `unfit` is why the last one did not."""
    from reviewbot.encoders.encoder import expected_engine
    from reviewbot.encoders.lazy_encoder import LazyEncoder
    from reviewbot.scoring.feature_cache import has_entries
    from reviewbot.server.client import ServerUnusable

    spec, sha256 = candidates.throw(unfit) if unfit else next(candidates)
    clock("finding the model")
    if settings.server is not Server.NEVER:
        try:
            if remote := connect_server(settings, spec, sha256, clock):
                clock("connecting to the server")
                return remote
        except ServerUnusable as exc:
            clock(f"no server was used: {exc}")

    def load(get_tokenizer: "GetTokenizer | None" = None) -> "Encoder":
        try:
            return load_here(spec, clock, get_tokenizer)
        except EngineUnfit as exc:
            return _load_first(candidates, settings, clock, exc)

    expected = expected_engine(spec)
    if expected is None:
        return load()
    cached = settings.line_cache > 0 and has_entries(cache_directory(settings))
    # To import torch ahead would slow down all else, and cached lines may need no model at all.
    return LazyEncoder(
        spec.directory,
        load,
        dtype=expected[0],
        engine=expected[1],
        ahead=spec.engine == "onnx" and not cached,
    )


def load_here(
    spec: "EncoderSpec", clock: Clock, get_tokenizer: "GetTokenizer | None" = None
) -> "Encoder":
    """Load the model into this process.

    get_tokenizer  returns the tokenizer, if it is loaded already
    raises         what the engine raises
    """
    from reviewbot.encoders.encoder import load_encoder

    encoder = load_encoder(spec, get_tokenizer)
    clock(f"loading {spec.engine} and the model")
    return encoder


def connect_server(
    settings: Settings, spec: "EncoderSpec", sha256: str, clock: Clock
) -> "RemoteEncoder | None":
    """Return the encoder of the server for this spec; None if there is none.

    raises  ServerUnusable
    """
    from reviewbot.server.client import connect

    return connect(
        socket_directory(settings),
        spec,
        sha256,
        os.environ,
        load=partial(load_here, clock=clock),
        log=clock,
    )


def socket_directory(settings: Settings) -> Path:
    """Return the directory of the servers' sockets; nothing is created."""
    from reviewbot.server import socket_path

    return socket_path.socket_directory(os.environ, cache_directory(settings))


def specs(settings: Settings, artifact: "Artifact") -> "Candidates":
    """Prepare one engine's files after the other: how to load it, and the model's SHA-256.

    If an engine cannot run this model and another one is left, the user is notified and the next
    one is prepared. A caller that finds an engine unfit for this processor throws the EngineUnfit
    into the generator, which then yields the next one.
    raises  EngineUnfit of the last engine, MissingExtra before anything is fetched, ArtifactError
            if the artifact was trained on another model; what `ensure_model` raises
    """
    from reviewbot.encoders.quantization import check_device
    from reviewbot.models.registry import MODELS
    from reviewbot.scoring.artifact import check_model

    name = model_name(settings, artifact)
    if name in MODELS:  # before anything is fetched
        check_model(artifact, MODELS[name].sha256, name)
    order = engines(settings)
    for engine in order:
        if engine == "torch":
            extra = "torch" if settings.quantize == "none" else "quantize"
            require(EXTRAS["torch"], "nothing was fetched, nothing was scored", extra=extra)
            if not _has_server(settings):
                check_device(settings.device.value, settings.quantize.value, dtype_of(settings))
        try:
            yield _prepare(engine, settings, artifact)
        except EngineUnfit as exc:
            if engine == order[-1] and missing(EXTRAS["torch"]):
                fix = f"{install('torch')}, then --engine torch"
                raise EngineUnfit(exc.why, fix=fix) from exc
            if engine == order[-1]:
                raise
            say(f"{exc.why}; reading with torch instead")


def model_name(settings: Settings, artifact: "Artifact") -> str:
    """Return the name of the model that the settings mean."""
    return artifact.model.name if settings.model == "default" else settings.model


def engines(settings: Settings) -> list[str]:
    """Return the engines to try, in order.

    raises  UsageError if the engine does not support another setting
    """
    from reviewbot.encoders.processor import is_x86, isa

    plain = (settings.device, settings.quantize, settings.dtype) == ("cpu", "none", "fp32")
    if settings.engine is Engine.ONNX and not plain:
        raise UsageError(
            "nothing was scored: the engine onnx computes in int8 on the CPU",
            fix="leave --device, --quantize and --dtype out, or use --engine torch",
        )
    if settings.engine is not Engine.AUTO:
        return [settings.engine]
    if not plain:
        return ["torch"]
    if missing(EXTRAS["torch"]):
        return ["onnx"]
    # Without AVX2 an int8 product is no faster than a float32 one.
    slow_int8 = is_x86() and "avx2" not in isa()
    return ["torch"] if slow_int8 else ["onnx", "torch"]


def dtype_of(settings: Settings) -> str:
    """Return torch's number format: the one that was set, else the default of the device."""
    from reviewbot.encoders.encoder import default_dtype

    is_set = settings.origins.get("dtype", "default") != "default"
    return settings.dtype.value if is_set else default_dtype(settings.device.value)


def _prepare(engine: str, settings: Settings, artifact: "Artifact") -> "Candidate":
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
        cache=cache_directory(settings),
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
        device=settings.device.value,
        quantize=settings.quantize.value,
    )
    return spec, model.sha256


def _has_server(settings: Settings) -> bool:
    """Return True if some server may have the model: then torch need not be imported here."""
    return settings.server is not Server.NEVER and any(socket_directory(settings).glob("*.sock"))
