"""From settings and an artifact to a loaded model: which one, and which engine computes."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.cli.talk import Clock, progress_bar, say
from reviewbot.core.errors import EngineUnfit, UsageError
from reviewbot.settings import Settings

if TYPE_CHECKING:
    from reviewbot.artifacts import Artifact
    from reviewbot.encoders import Encoder, EncoderSpec


def load_model(settings: Settings, artifact: "Artifact", clock: Clock) -> "Encoder":
    """Make the model ready and load it: the one the settings name, else the artifact's own.

    Where `auto` chose an engine that turns out not to serve, the next one is loaded, and said.
    raises  ArtifactError if the artifact was trained on another model; what the store and the
            engine raise
    """
    from reviewbot.artifacts import check_model
    from reviewbot.core.models import MODELS
    from reviewbot.encoders import load_encoder

    name = model_name(settings, artifact)
    if name in MODELS:  # before anything is fetched
        check_model(artifact, MODELS[name].sha256, name)
    *first, last = engines(settings)
    for engine in first:
        try:
            encoder = load_encoder(engine, _ready(engine, settings, artifact, clock))
        except EngineUnfit as exc:
            say(f"{exc.what.removeprefix('nothing was scored: ')}; reading with {last} instead")
        else:
            clock(f"loading {engine} and the model")
            return encoder
    encoder = load_encoder(last, _ready(last, settings, artifact, clock))
    clock(f"loading {last} and the model")
    return encoder


def model_name(settings: Settings, artifact: "Artifact") -> str:
    """Return the name of the model that the settings mean."""
    return artifact.model.name if settings.model == "default" else settings.model


def engines(settings: Settings) -> list[str]:
    """Return the engines to try, in this order.

    raises  UsageError where an engine is asked for what it cannot do
    """
    from reviewbot.encoders import isa

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
    installed = [name for name, package in PACKAGES.items() if find_spec(package) is not None]
    if len(installed) < len(PACKAGES):
        return installed or ["onnx"]  # whose absence is then said, with what to install
    # Without AVX2 an int8 product is no faster than a float32 one.
    return ["torch"] if isa().startswith("x86") and "avx2" not in isa() else ["onnx", "torch"]


PACKAGES = {"onnx": "onnxruntime", "torch": "torch"}


def _ready(engine: str, settings: Settings, artifact: "Artifact", clock: Clock) -> "EncoderSpec":
    from reviewbot.artifacts import check_model
    from reviewbot.encoders import EncoderSpec
    from reviewbot.store.ready import ready

    wanted = artifact.model
    full = wanted.full or settings.depth == "full"
    model = ready(
        model_name(settings, artifact),
        max(wanted.layer, wanted.deep or 0),
        full=full,
        taps=(wanted.layer, wanted.deep) if engine == "onnx" else None,
        environ=os.environ,
        cache=Path(settings.cache_dir).expanduser() if settings.cache_dir else None,
        progress=progress_bar(),
        say=say,
    )
    check_model(artifact, model.sha256, model.name)
    clock("finding the model")
    return EncoderSpec(
        directory=model.directory,
        layer=wanted.layer,
        deep=wanted.deep,
        full=full,
        dtype=settings.dtype,
        threads=settings.threads,
        device=settings.device,
        quantize=settings.quantize,
    )
