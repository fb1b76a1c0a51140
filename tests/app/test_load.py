"""Which engine reads, which is tried next, and under which names lines are kept."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reviewbot.app import load
from reviewbot.config.choices import Depth, Engine, Server
from reviewbot.config.load import load_settings
from reviewbot.config.schema import Settings
from reviewbot.encoders.encoder import EncoderSpec, Tokens
from reviewbot.encoders.lazy_encoder import LazyEncoder
from reviewbot.errors import EXTRAS, ArtifactError, EngineUnfit, MissingExtra, UsageError
from reviewbot.models import verify
from reviewbot.models.ensure import ensure_model
from reviewbot.scoring.artifact import PRESETS, Artifact, ArtifactModel, load_artifact
from reviewbot.scoring.outcomes import ArtifactInfo
from tests import tiny

NEW = "x86_64+avx2+avx512f+avx512_vnni"
BOTH = ("onnx", "torch")


def installed(monkeypatch: pytest.MonkeyPatch, *extras: str) -> None:
    """Let only the packages of these extras be there."""
    there = {module for extra in extras for module in EXTRAS[extra]}
    for place in ("reviewbot.app.load.missing", "reviewbot.errors.missing"):
        monkeypatch.setattr(place, lambda wanted: [one for one in wanted if one not in there])


@pytest.fixture
def artifact(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Artifact:
    """One for the tiny model, and an empty cache."""
    monkeypatch.setenv("REVIEWBOT_CACHE", str(tmp_path / "cache"))
    sha256 = ensure_model(
        str(tiny_model), environ={"REVIEWBOT_CACHE": str(tmp_path / "ids")}
    ).sha256
    model = ArtifactModel("tiny", sha256, tiny.LAYER, tiny.WIDTH)
    return load_artifact(tiny.tiny_artifact(tmp_path / "artifact", model=model))


Case = tuple[dict[str, Any], tuple[str, ...], str, list[str]]
CASES: dict[str, Case] = {  # settings, what is installed, the processor, what is tried
    "both": ({}, BOTH, NEW, ["onnx", "torch"]),
    "an ARM processor": ({}, BOTH, "aarch64", ["onnx", "torch"]),
    "no AVX2": ({}, BOTH, "x86_64", ["torch"]),
    "a system that does not say": ({}, BOTH, "AMD64", ["torch"]),
    "no AVX2, but no torch either": ({}, ("onnx",), "x86_64", ["onnx"]),
    "no torch": ({}, ("onnx",), NEW, ["onnx"]),
    "no onnxruntime": ({}, ("torch",), NEW, ["torch"]),
    "nothing": ({}, (), NEW, ["onnx"]),
    "bf16": ({"dtype": "bf16"}, BOTH, NEW, ["torch"]),
    "the best number format": ({"dtype": "auto"}, BOTH, NEW, ["torch"]),
    "a GPU": ({"device": "cuda"}, BOTH, NEW, ["torch"]),
    "weights in 4 bits": ({"quantize": "4bit", "device": "cuda"}, BOTH, NEW, ["torch"]),
    "torch by name": ({"engine": "torch"}, BOTH, NEW, ["torch"]),
    "onnx by name": ({"engine": "onnx"}, BOTH, NEW, ["onnx"]),
    "onnx by name without AVX2": ({"engine": "onnx"}, BOTH, "x86_64", ["onnx"]),
    "a name that is not installed": ({"engine": "torch"}, ("onnx",), NEW, ["torch"]),
}


@pytest.mark.parametrize("name", CASES)
def test_the_engines_that_are_tried(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given, extras, processor, tried = CASES[name]
    installed(monkeypatch, *extras)
    monkeypatch.setattr("reviewbot.encoders.processor.isa", lambda: processor)

    assert load.engines(load_settings({}, given)) == tried
    # What int8 has not been shown to do as well is torch's where it is there.
    head = ["torch"] if tried == ["onnx", "torch"] else tried
    assert load.engines(load_settings({}, given), head=True) == head


def test_lines_are_kept_apart_by_the_variables_that_choose_kernels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEWBOT_CACHE", str(tmp_path))
    artifact = load_artifact(PRESETS["tiny"])

    def names() -> Path:
        found = load.line_cache(Settings(), artifact)
        assert found is not None
        return found._path("a")

    plain = names()
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    chosen = names()
    monkeypatch.setattr("reviewbot.app.load.version", lambda _: "0")

    assert len({plain, chosen, names()}) == 3


@pytest.mark.parametrize("given", [{"dtype": "bf16"}, {"device": "cuda"}, {"quantize": "8bit"}])
def test_onnx_by_name_for_what_it_cannot_do_is_wrong_usage(given: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="computes in int8 on the CPU") as failure:
        load.engines(load_settings({}, {"engine": "onnx", **given}))
    assert failure.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "extras", "lacking"),
    [("torch", ("onnx",), "torch"), ("onnx", ("torch",), "onnx"), ("auto", (), "onnx")],
)
def test_an_engine_that_is_not_installed_is_said_before_anything_is_fetched(
    name: str,
    extras: tuple[str, ...],
    lacking: str,
    artifact: Artifact,
    monkeypatch: pytest.MonkeyPatch,
    tiny_model: Path,
) -> None:
    installed(monkeypatch, *extras)
    monkeypatch.setattr(
        "reviewbot.models.ensure.ensure_model", lambda *_, **__: pytest.fail("fetched")
    )
    for model in (str(tiny_model), "someone/model@main"):
        with pytest.raises(
            MissingExtra, match="nothing was fetched, nothing was scored"
        ) as failure:
            load.load_model(Settings(engine=Engine(name), model=model), artifact, lambda _: None)
        assert failure.value.fix == f"pip install 'reviewbot-risk[{lacking}]'"


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


def unfit(why: str) -> EngineUnfit:
    return EngineUnfit(f"nothing was scored: {why}", fix="use --engine torch")


def when(broken: str, why: str) -> Callable[..., Any]:
    """Make an engine ready, or load it; not the one that is `broken`."""

    def act(engine: str | EncoderSpec, *_: object, **__: object) -> Any:
        name = engine if isinstance(engine, str) else engine.engine
        if name == broken:
            raise unfit(why)
        return made(name) if isinstance(engine, str) else Named(name)

    return act


@pytest.mark.parametrize("at", ["making", "loading"])
def test_where_an_engine_does_not_serve_the_next_one_reads_and_one_line_says_why(
    at: str, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(load, "say", said.append)
    monkeypatch.setattr(load, "engines", lambda _, **__: ["onnx", "torch"])
    monkeypatch.setattr(load, "_prepare", when("onnx" if at == "making" else "", "it is old"))
    monkeypatch.setattr(load, "load_here", when("onnx" if at == "loading" else "", "it is old"))
    monkeypatch.setattr("reviewbot.encoders.encoder.expected_engine", lambda _: None)
    found = load.load_model(Settings(server=Server.NEVER), replace_name(artifact), lambda _: None)

    assert found.engine == "torch"
    assert said == ["it is old; reading with torch instead"]


@pytest.mark.parametrize("at", ["making", "loading"])
def test_the_last_engine_that_does_not_serve_is_the_failure(
    at: str, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(load, "say", said.append)
    monkeypatch.setattr(load, "engines", lambda _, **__: ["onnx"])
    monkeypatch.setattr(load, "_prepare", when("onnx" if at == "making" else "", "it is old"))
    monkeypatch.setattr(load, "load_here", when("onnx" if at == "loading" else "", "it is old"))
    monkeypatch.setattr("reviewbot.encoders.encoder.expected_engine", lambda _: None)

    with pytest.raises(EngineUnfit, match="nothing was scored: it is old") as failure:
        load.load_model(Settings(server=Server.NEVER), replace_name(artifact), lambda _: None)
    assert (failure.value.exit_code, said) == (4, [])
    assert failure.value.fix == "use --engine torch"
    monkeypatch.setattr(load, "missing", lambda _: ["torch"])
    with pytest.raises(EngineUnfit, match="it is old") as failure:
        load.load_model(Settings(server=Server.NEVER), replace_name(artifact), lambda _: None)
    assert failure.value.fix == "pip install 'reviewbot-risk[torch]', then --engine torch"


def replace_name(artifact: Artifact) -> Artifact:
    """The artifact of a model that is in no table."""
    return replace(artifact, model=replace(artifact.model, name="./none"))


def test_no_line_is_kept_where_the_settings_say_0(artifact: Artifact) -> None:
    assert load.line_cache(Settings(line_cache=0), artifact) is None


def test_the_bound_of_kept_lines_is_in_mebibytes(artifact: Artifact) -> None:
    kept = load.line_cache(Settings(line_cache=3), artifact)

    assert kept is not None
    assert kept._max_bytes == 3 << 20


def test_lines_are_kept_apart_by_all_that_is_read(
    artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scope(given: Settings = Settings(), **model: Any) -> str:  # noqa: B008
        kept = load.line_cache(given, replace(artifact, model=replace(artifact.model, **model)))
        assert kept is not None
        return kept._scope

    usual = scope()
    assert scope() == usual
    others = {
        usual,
        scope(Settings(depth=Depth.FULL)),
        scope(layer=1),
        scope(deep=3),
        scope(full=True, deep=3),
        scope(sha256="cd" * 32),
    }
    other = replace(artifact, info=ArtifactInfo("tiny", "ef" * 32))
    kept = load.line_cache(Settings(), other)
    assert kept is not None
    others.add(kept._scope)
    for name in ("EXPORTER", "CONVERTER"):
        with monkeypatch.context() as patch:
            patch.setattr(verify, name, 99)
            others.add(scope())
    assert len(others) == 9
