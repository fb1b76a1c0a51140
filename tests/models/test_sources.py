"""What an engine is made from: a directory's own numbers, or none."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from safetensors.numpy import load_file, save_file

from reviewbot.errors import EngineUnfit, ModelUnavailable
from reviewbot.models import engine
from reviewbot.models.engine import export
from reviewbot.models.registry import ModelSpec
from reviewbot.models.sources import gguf_source
from reviewbot.models.verify import EngineOutputs
from tests.models.trunks import opened, write_trunk
from tests.tiny import edit_json

OWN, TIED = "qwen2 with a head of its own", "qwen2 with grouped heads"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_trunk(tmp_path / "model", OWN)


def edit(model: Path, name: str, values: np.ndarray | None) -> None:
    """Set a tensor of the checkpoint, or take it away."""
    path = model / "model.safetensors"
    tensors = load_file(path) | ({} if values is None else {name: values})
    save_file(
        {key: held for key, held in tensors.items() if values is not None or key != name}, path
    )


def make(model: Path, *, head: bool = False) -> Path:
    with opened(model) as source:
        export(source, EngineOutputs(taps=(2,), head=head), model.parent / "engine")
    return model.parent / "engine"


def refused(model: Path, why: str, *, head: bool = False) -> EngineUnfit:
    with pytest.raises(EngineUnfit, match=why) as failure:
        make(model, head=head)
    assert [path.name for path in model.parent.iterdir()] == ["model"]
    return failure.value


def test_float16_is_read_as_it_is_and_bfloat16_is_refused_because_numpy_does_not_know_it(
    tmp_path: Path,
) -> None:
    model = write_trunk(tmp_path / "model", OWN, torch.float16)
    with opened(model) as source:
        weight = source.get("layers.0.mlp.up_proj.weight")
        own = load_file(model / "model.safetensors")["model.layers.0.mlp.up_proj.weight"]

    assert weight.dtype == np.float32
    assert own.dtype == np.float16
    assert np.array_equal(weight, own.astype(np.float32))
    write_trunk(model, OWN, torch.bfloat16)
    assert "is BF16" in refused(model, "random was not converted").what


def test_a_head_that_is_tied_is_the_embedding_whatever_else_the_file_holds(tmp_path: Path) -> None:
    model = write_trunk(tmp_path / "model", TIED)
    edit(model, "lm_head.weight", np.zeros((300, 64), np.float32))
    with opened(model) as source:
        found, right = source.get("lm_head.weight"), source.get("embed_tokens.weight")

    assert np.array_equal(found, right)


def test_a_head_that_is_not_tied_must_be_there(model: Path) -> None:
    edit(model, "lm_head.weight", None)

    assert "lm_head.weight" in refused(model, "lacks", head=True).what
    assert make(model).is_dir()


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("model.layers.1.mlp.up_proj.weight", None, "lacks 'layers.1.mlp.up_proj.weight'"),
        ("model.layers.1.mlp.up_proj.weight", np.ones((3, 5), np.float32), "sizes"),
        ("model.layers.1.mlp.up_proj.weight", np.ones((96, 64), np.int8), "is I8"),
        ("model.norm.weight", np.full(64, np.inf, np.float32), "norm.weight holds infinite"),
        ("model.embed_tokens.weight", np.ones((3, 64), np.float32), "sizes"),
    ],
)
def test_weights_that_are_not_there_or_not_as_they_should_be_are_refused(
    model: Path, name: str, values: np.ndarray | None, why: str
) -> None:
    edit(model, name, values)

    refused(model, why, head=True)


def test_a_model_too_large_for_a_file_is_refused_before_anything_is_written(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "MAX_WEIGHTS", 2 * (2 * 8 * 16 + 3 * 96) * 64 - 1)

    refused(model, "more than one ONNX file may hold")
    monkeypatch.setattr(engine, "MAX_WEIGHTS", engine.MAX_WEIGHTS + 1)
    graph = onnx.load(str(make(model) / "trunk.onnx")).graph
    large = [w for w in graph.initializer if w.data_type == onnx.TensorProto.INT8]
    assert sum(len(w.raw_data) for w in large) == engine.MAX_WEIGHTS


def test_a_damaged_tokenizer_and_too_few_layers_are_refused_for_every_engine(model: Path) -> None:
    with (
        opened(model) as source,
        pytest.raises(ModelUnavailable, match="has 3 layers, layer 4 is asked for"),
    ):
        export(source, EngineOutputs(taps=(2, 4), head=False), model.parent / "engine")
    (model / "tokenizer.json").write_text(json.dumps({"version": "1.0"}))
    with pytest.raises(ModelUnavailable, match="its tokenizer cannot be read"):
        make(model)
    assert [path.name for path in model.parent.iterdir()] == ["model"]


def test_an_unknown_config_is_refused_before_a_weight_is_read(model: Path) -> None:
    edit_json(model / "config.json", model_type="mistral")
    (model / "model.safetensors").write_bytes(b"")

    refused(model, "a model of type 'mistral'")


def test_an_official_file_without_a_head_of_its_own_gives_its_embedding(
    tiny: ModelSpec, tiny_gguf: Path
) -> None:
    source = gguf_source(tiny_gguf, tiny)
    head, embedding = source.get("lm_head.weight"), source.get("embed_tokens.weight")

    assert head.shape == embedding.shape
    assert not np.array_equal(head, embedding)  # this file has one
    with pytest.raises(EngineUnfit, match=r"lacks 'layers\.9"):
        source.get("layers.9.mlp.up_proj.weight")
