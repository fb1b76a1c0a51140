"""Which engine reads, which is tried next, and under which names lines are kept."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reviewbot.app import artifact as artifacts
from reviewbot.app import load
from reviewbot.config.choices import Depth, Engine, Server
from reviewbot.config.load import load_settings
from reviewbot.config.schema import Settings
from reviewbot.encoders.encoder import EncoderSpec, Tokens
from reviewbot.encoders.lazy_encoder import LazyEncoder
from reviewbot.errors import ArtifactError, EngineUnfit, UsageError
from reviewbot.models.ensure import ensure_model
from reviewbot.scoring.artifact import Artifact, ArtifactModel, load_artifact
from reviewbot.scoring.outcomes import ArtifactInfo
from tests import tiny

NEW = "x86_64+avx2+avx512f+avx512_vnni"


@pytest.fixture
def artifact(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Artifact:
    """One for the tiny model, and an empty cache."""
    monkeypatch.setenv("REVIEWBOT_CACHE", str(tmp_path / "cache"))
    sha256 = ensure_model(
        str(tiny_model), environ={"REVIEWBOT_CACHE": str(tmp_path / "ids")}
    ).sha256
    model = ArtifactModel("tiny", sha256, tiny.LAYER, tiny.WIDTH)
    return load_artifact(tiny.tiny_artifact(tmp_path / "artifact", model=model))


Case = tuple[dict[str, Any], bool, str, list[str]]
CASES: dict[str, Case] = {  # settings, is torch installed?, the processor, what is tried
    "both": ({}, True, NEW, ["onnx", "torch"]),
    "an ARM processor": ({}, True, "aarch64", ["onnx", "torch"]),
    "no AVX2": ({}, True, "x86_64", ["torch"]),
    "a system that does not say": ({}, True, "AMD64", ["torch"]),
    "no AVX2, but no torch either": ({}, False, "x86_64", ["onnx"]),
    "no torch": ({}, False, NEW, ["onnx"]),
    "bf16": ({"dtype": "bf16"}, True, NEW, ["torch"]),
    "the best number format": ({"dtype": "auto"}, True, NEW, ["torch"]),
    "a GPU": ({"device": "cuda"}, True, NEW, ["torch"]),
    "a GPU without torch": ({"device": "cuda"}, False, NEW, ["torch"]),
    "weights in 4 bits": ({"quantize": "4bit", "device": "cuda"}, True, NEW, ["torch"]),
    "torch by name": ({"engine": "torch"}, True, NEW, ["torch"]),
    "onnx by name": ({"engine": "onnx"}, True, NEW, ["onnx"]),
    "onnx by name without AVX2": ({"engine": "onnx"}, True, "x86_64", ["onnx"]),
    "a name that is not installed": ({"engine": "torch"}, False, NEW, ["torch"]),
}


@pytest.mark.parametrize("name", CASES)
def test_the_engines_that_are_tried(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given, torch, processor, tried = CASES[name]
    monkeypatch.setattr(load, "missing", lambda modules: [] if torch else list(modules))
    monkeypatch.setattr("reviewbot.encoders.processor.isa", lambda: processor)

    assert load.engines(load_settings({}, given)) == tried


@pytest.mark.parametrize("given", [{"dtype": "bf16"}, {"device": "cuda"}, {"quantize": "8bit"}])
def test_onnx_by_name_for_what_it_cannot_do_is_wrong_usage(given: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="computes in int8 on the CPU") as failure:
        load.engines(load_settings({}, {"engine": "onnx", **given}))
    assert failure.value.exit_code == 2


def test_another_model_is_refused_before_anything_is_fetched(
    artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "reviewbot.models.ensure.ensure_model", lambda *_, **__: pytest.fail("fetched")
    )

    with pytest.raises(ArtifactError, match="was trained on the model"):
        load.load_model(Settings(model="smollm2-135m"), artifact, lambda _: None)


@pytest.mark.parametrize(("name", "dtype"), [("torch", "fp32"), ("onnx", "int8")])
@pytest.mark.parametrize("threads", [0, 1, 3])
def test_the_engine_that_is_promised_is_the_one_that_reads(
    name: str, dtype: str, threads: int, artifact: Artifact, tiny_model: Path
) -> None:
    given = Settings(
        engine=Engine(name), model=str(tiny_model), threads=threads, server=Server.NEVER
    )
    encoder = load.load_model(given, artifact, lambda _: None)
    promise = encoder.dtype, encoder.engine

    assert isinstance(encoder, LazyEncoder)
    assert encoder.states(encoder.tokenize("x = 1\n").ids).values_TD.shape[1] == tiny.WIDTH
    assert (encoder.dtype, encoder.engine) == promise
    assert promise[0] == dtype
    packages = ("torch ", "transformers ") if name == "torch" else ("onnxruntime ",)
    assert all(package in promise[1] for package in packages)


class Named:
    """An encoder of nothing but its name."""

    width, dtype = 1, "none"

    def __init__(self, name: str) -> None:
        self.engine = name

    def tokenize(self, text: str) -> Tokens:
        return Tokens([], [])

    states: Any = None


def made(name: str) -> tuple[EncoderSpec, str]:
    return EncoderSpec(directory=Path("nowhere"), engine=name, layer=1, dtype="bf16"), "ab" * 32


def when(broken: str, why: str) -> Callable[..., Any]:
    """Make an engine ready, or load it; not the one that is `broken`."""

    def act(engine: str | EncoderSpec, *_: object, **__: object) -> Any:
        name = engine if isinstance(engine, str) else engine.engine
        if name == broken:
            raise EngineUnfit(why)
        return made(name) if isinstance(engine, str) else Named(name)

    return act


@pytest.fixture
def say(artifact: Artifact, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the user was told, for engines whose loading is replaced."""
    lines: list[str] = []
    monkeypatch.setattr(load, "say", lines.append)
    monkeypatch.setattr("reviewbot.encoders.encoder.expected_engine", lambda _: None)
    return lines


@pytest.mark.parametrize("step", ["_prepare", "load_here"])
def test_if_an_engine_is_unfit_the_next_one_reads_and_one_line_says_why(
    step: str, say: list[str], artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "engines", lambda _, **__: ["onnx", "torch"])
    for name in ("_prepare", "load_here"):
        monkeypatch.setattr(load, name, when("onnx" if name == step else "", "it is old"))
    encoder = load.load_model(Settings(server=Server.NEVER), replace_name(artifact), lambda _: None)

    assert encoder.engine == "torch"
    assert say == ["it is old; reading with torch instead"]


@pytest.mark.parametrize("step", ["_prepare", "load_here"])
@pytest.mark.parametrize(
    ("absent", "fix"),
    [
        ([], "use --engine torch"),
        (["torch"], "pip install 'reviewbot-risk[torch]', then --engine torch"),
    ],
    ids=["torch is installed", "torch is missing"],
)
def test_if_the_last_engine_is_unfit_that_is_the_error(
    step: str,
    absent: list[str],
    fix: str,
    say: list[str],
    artifact: Artifact,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(load, "engines", lambda _, **__: ["onnx"])
    monkeypatch.setattr(load, "missing", lambda _: absent)
    for name in ("_prepare", "load_here"):
        monkeypatch.setattr(load, name, when("onnx" if name == step else "", "it is old"))

    with pytest.raises(EngineUnfit, match="nothing was scored: it is old") as failure:
        load.load_model(Settings(server=Server.NEVER), replace_name(artifact), lambda _: None)
    assert (failure.value.exit_code, failure.value.fix, say) == (4, fix, [])


def replace_name(artifact: Artifact) -> Artifact:
    """The artifact of a model that is in no table."""
    return replace(artifact, model=replace(artifact.model, name="./none"))


def test_the_line_cache_can_be_off_and_its_bound_is_in_mebibytes(artifact: Artifact) -> None:
    cache = artifacts.line_cache(Settings(line_cache=3), artifact)

    assert cache is not None
    assert cache._max_bytes == 3 << 20
    assert artifacts.line_cache(Settings(line_cache=0), artifact) is None


def test_another_artifact_model_depth_converter_or_environment_is_another_cache_scope(
    artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scope(settings: Settings = Settings(), used: Artifact = artifact) -> str:  # noqa: B008
        cache = artifacts.line_cache(settings, used)
        assert cache is not None
        return cache._scope

    def model(**changes: Any) -> Artifact:
        return replace(artifact, model=replace(artifact.model, **changes))

    scopes = [
        scope(),
        scope(Settings(depth=Depth.FULL)),
        scope(used=model(layer=1)),
        scope(used=model(deep=3)),
        scope(used=model(full=True, deep=3)),
        scope(used=model(sha256="cd" * 32)),
        scope(used=replace(artifact, info=ArtifactInfo("tiny", "ef" * 32))),
    ]
    assert scope() == scopes[0]
    for target in ("reviewbot.models.verify.EXPORTER", "reviewbot.models.verify.CONVERTER"):
        with monkeypatch.context() as patch:
            patch.setattr(target, 99)
            scopes.append(scope())
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    scopes.append(scope())
    monkeypatch.setattr(artifacts, "version", lambda _: "0")  # of numpy
    scopes.append(scope())
    assert len(set(scopes)) == len(scopes)
