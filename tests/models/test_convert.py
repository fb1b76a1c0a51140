"""The converted checkpoint holds exactly what the GGUF file means, for as many layers as asked."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from gguf import GGUFReader
from gguf.quants import dequantize
from safetensors.numpy import load_file
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM
from transformers.modeling_gguf_pytorch_utils import LlamaTensorProcessor

from reviewbot.errors import ModelUnavailable
from reviewbot.models.convert import convert
from reviewbot.models.gguf_tensors import open_reader, read_config, unpermute
from reviewbot.models.registry import ModelSpec
from tests.models.tiny import HEADS, KV_HEADS, LAYERS, WIDTH, spec_of, write_gguf


@pytest.fixture
def checkpoint(tmp_path: Path, tiny: ModelSpec, tiny_gguf: Path) -> Path:
    final = tmp_path / "converted" / "two-layers"
    convert(tiny_gguf, tiny, 2, final, head=False)
    return final


def test_every_kept_tensor_is_bit_for_bit_what_gguf_says(checkpoint: Path, tiny_gguf: Path) -> None:
    kept = load_file(checkpoint / "model.safetensors")
    meant = {
        tensor.name: dequantize(tensor.data, tensor.tensor_type)
        for tensor in GGUFReader(str(tiny_gguf)).tensors
    }
    for ours, theirs in {
        "embed_tokens.weight": "token_embd.weight",
        "norm.weight": "output_norm.weight",
        "layers.1.self_attn.q_proj.weight": "blk.1.attn_q.weight",
        "layers.1.self_attn.k_proj.bias": "blk.1.attn_k.bias",
        "layers.0.mlp.down_proj.weight": "blk.0.ffn_down.weight",
    }.items():
        assert np.array_equal(kept[ours], meant[theirs]), ours
    assert {name.split(".")[1] for name in kept if name.startswith("layers.")} == {"0", "1"}
    assert not any("lm_head" in name for name in kept)


def test_transformers_finds_every_weight_and_nothing_more(checkpoint: Path) -> None:
    _, info = AutoModel.from_pretrained(checkpoint, output_loading_info=True)
    assert not any(info[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert {path.name for path in checkpoint.iterdir()} == {
        ".verified.json",
        "config.json",
        "model.safetensors",
        "reviewbot.json",
        "tokenizer.json",
        "tokenizer_config.json",
    }


def test_the_first_layers_compute_the_same_alone_as_in_the_whole_model(
    checkpoint: Path, tiny: ModelSpec, tiny_gguf: Path, tmp_path: Path
) -> None:
    convert(tiny_gguf, tiny, LAYERS, tmp_path / "whole", head=True)
    part = AutoModel.from_pretrained(checkpoint)
    whole = AutoModelForCausalLM.from_pretrained(tmp_path / "whole")
    states: list[torch.Tensor] = []

    def keep(module: object, args: object, output: torch.Tensor) -> None:
        states.append(output)

    part.layers[1].register_forward_hook(keep)
    whole.model.layers[1].register_forward_hook(keep)
    ids = torch.arange(20)[None]
    with torch.inference_mode():
        part(ids)
        logits = whole(ids).logits
    assert torch.equal(states[0], states[1])
    assert logits.shape == (1, 20, whole.config.vocab_size)


@pytest.mark.parametrize("architecture", ["qwen2", "llama"])
def test_the_config_is_the_one_that_transformers_reads(tmp_path: Path, architecture: str) -> None:
    write_gguf(tmp_path / "tiny.gguf", architecture)
    ours = read_config(open_reader(tmp_path / "tiny.gguf"))
    theirs = AutoConfig.from_pretrained(tmp_path, gguf_file="tiny.gguf").to_dict()
    ignored = {"bos_token_id", "eos_token_id", "use_cache", "head_dim"}
    for key in set(ours) - ignored:
        assert ours[key] == theirs[key], key
    assert ours.get("head_dim", 16) == 16


def test_llama_rows_of_q_and_k_return_to_their_order(tmp_path: Path) -> None:
    # the permutation of llama.cpp's converter, for 2 heads of 4 rows
    rows = np.arange(8, dtype=np.float32)[:, None] * np.ones((1, 3), np.float32)
    stored = rows.reshape(2, 2, 2, 3).swapaxes(1, 2).reshape(8, 3)
    assert stored[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7]
    assert np.array_equal(unpermute(stored, 2), rows)

    write_gguf(tmp_path / "tiny.gguf", "llama", tied=True)
    spec = spec_of((tmp_path / "tiny.gguf").read_bytes(), "llama")
    convert(tmp_path / "tiny.gguf", spec, LAYERS, tmp_path / "c", head=True)
    model, info = AutoModelForCausalLM.from_pretrained(tmp_path / "c", output_loading_info=True)
    assert not info["missing_keys"]
    meant = {tensor.name: tensor for tensor in GGUFReader(str(tmp_path / "tiny.gguf")).tensors}
    theirs = LlamaTensorProcessor({"num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS})
    for short in ("q", "k"):
        name = f"blk.0.attn_{short}.weight"
        weights = dequantize(meant[name].data, meant[name].tensor_type)
        ours = getattr(model.model.layers[0].self_attn, f"{short}_proj").weight
        assert np.array_equal(ours.detach().numpy(), theirs.process(weights, name).weights)
    assert model.config.tie_word_embeddings


def test_a_file_that_is_another_model_than_its_row_says_is_refused(
    tmp_path: Path, tiny_gguf: Path
) -> None:
    llama = spec_of(tiny_gguf.read_bytes(), "llama")
    with pytest.raises(ModelUnavailable, match="a qwen2 model of 4 layers and width 64"):
        convert(tiny_gguf, llama, 2, tmp_path / "converted" / "x", head=False)
    assert list((tmp_path / "converted").iterdir()) == []


def test_converting_twice_gives_the_same_bytes(
    checkpoint: Path, tiny: ModelSpec, tiny_gguf: Path
) -> None:
    before = (checkpoint / "reviewbot.json").read_bytes()
    convert(tiny_gguf, tiny, 2, checkpoint, head=False)  # replaces what is there
    assert (checkpoint / "reviewbot.json").read_bytes() == before
    assert json.loads(before)["width"] == WIDTH


def test_a_file_that_is_not_gguf_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"not a model at all, but long enough to be read as one")
    with pytest.raises(ModelUnavailable, match="not a GGUF file"):
        open_reader(tmp_path / "x.gguf")
