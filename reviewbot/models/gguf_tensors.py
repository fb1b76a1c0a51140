"""Reads the tensors we need from a GGUF file.

`transformers` can load GGUF too, but only the whole model, and it takes ten times as long. A test
compares both, tensor by tensor. gguf is imported inside the functions: it is slow.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from reviewbot.arrays import Array
from reviewbot.errors import ModelUnavailable

BLOCK_TENSORS = {  # GGUF name inside "blk.N." -> transformers name inside "layers.N."
    "attn_norm.weight": "input_layernorm.weight",
    "attn_q.weight": "self_attn.q_proj.weight",
    "attn_q.bias": "self_attn.q_proj.bias",
    "attn_k.weight": "self_attn.k_proj.weight",
    "attn_k.bias": "self_attn.k_proj.bias",
    "attn_v.weight": "self_attn.v_proj.weight",
    "attn_v.bias": "self_attn.v_proj.bias",
    "attn_output.weight": "self_attn.o_proj.weight",
    "ffn_norm.weight": "post_attention_layernorm.weight",
    "ffn_gate.weight": "mlp.gate_proj.weight",
    "ffn_up.weight": "mlp.up_proj.weight",
    "ffn_down.weight": "mlp.down_proj.weight",
}
OUTER_TENSORS = {"token_embd.weight": "embed_tokens.weight", "output_norm.weight": "norm.weight"}
HEAD = "output.weight"  # absent if the head is the transposed embedding
PERMUTED = {"llama"}  # architectures whose q and k rows llama.cpp stores in pairs for its rope
ARCHITECTURES = {  # GGUF architecture -> transformers classes without and with the output head
    "qwen2": ("Qwen2Model", "Qwen2ForCausalLM"),
    "llama": ("LlamaModel", "LlamaForCausalLM"),
}
CONSTANTS = {  # of every config.json that we write
    "hidden_act": "silu",
    "bos_token_id": None,  # we never generate
    "eos_token_id": None,
    "use_cache": False,  # one forward pass: a key-value cache would only cost memory
}
ROWS = 8192  # dequantised at once, so that memory never holds a large embedding as float32


def read_config(reader: Any) -> dict[str, Any]:
    """Return a transformers config.json of the whole model in an open `gguf.GGUFReader`.

    raises  ModelUnavailable if the architecture is not in `ARCHITECTURES` or a field is missing
    """

    def field(name: str, default: Any = None) -> Any:
        if name in reader.fields:
            return reader.fields[name].contents()
        if default is None:
            raise ModelUnavailable(
                f"the model was not converted: its GGUF header has no field {name!r}",
                fix="use a GGUF file written by a current llama.cpp, or a safetensors directory",
            )
        return default

    name = str(field("general.architecture"))
    if name not in ARCHITECTURES:
        raise ModelUnavailable(
            f"the model was not converted: architecture {name!r} is not one we can read from GGUF",
            fix=f"use one of {', '.join(ARCHITECTURES)}, or pass a safetensors directory",
        )
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    width = int(field(f"{name}.embedding_length"))
    heads = int(field(f"{name}.attention.head_count"))
    config: dict[str, Any] = {
        "model_type": name,
        "vocab_size": int(tensors["token_embd.weight"].shape[1]),
        "hidden_size": width,
        "intermediate_size": int(field(f"{name}.feed_forward_length")),
        "num_hidden_layers": int(field(f"{name}.block_count")),
        "num_attention_heads": heads,
        "num_key_value_heads": int(field(f"{name}.attention.head_count_kv", heads)),
        "max_position_embeddings": int(field(f"{name}.context_length")),
        "rms_norm_eps": float(field(f"{name}.attention.layer_norm_rms_epsilon")),
        "rope_parameters": {
            "rope_theta": float(field(f"{name}.rope.freq_base", 10000.0)),
            "rope_type": "default",
        },
        "tie_word_embeddings": HEAD not in tensors,
        **CONSTANTS,
    }
    if name == "llama":
        config["head_dim"] = int(field("llama.rope.dimension_count", width // heads))
    return config


def open_reader(path: Path) -> Any:
    """Open a GGUF file, memory-mapped. Raises ModelUnavailable if it is not one."""
    from gguf import GGUFReader

    try:
        return GGUFReader(str(path))
    except (ValueError, IndexError, KeyError, UnicodeDecodeError) as exc:
        raise ModelUnavailable(
            f"the model was not converted: {path} is not a GGUF file ({exc})",
            fix="run `reviewbot model pull` again",
        ) from exc


def kept_tensors(config: dict[str, Any], layers: int, *, head: bool) -> dict[str, str]:
    """Map GGUF names to checkpoint names for the first `layers` blocks, and the head if wanted.

    With the head the names have the prefix of a causal model, "model.", otherwise none.
    """
    prefix = "model." if head else ""
    names = {gguf: prefix + ours for gguf, ours in OUTER_TENSORS.items()}
    for block in range(layers):
        for gguf, ours in BLOCK_TENSORS.items():
            names[f"blk.{block}.{gguf}"] = f"{prefix}layers.{block}.{ours}"
    if head and not config["tie_word_embeddings"]:
        names[HEAD] = "lm_head.weight"
    return names


def select(reader: Any, names: dict[str, str]) -> dict[str, Any]:
    """Return the reader's tensors by their checkpoint names, in the order of the file.

    Names that the file does not hold are ignored: some architectures have no biases.
    """
    return {names[t.name]: t for t in reader.tensors if t.name in names}


def shape_of(tensor: Any) -> tuple[int, ...]:
    """Return the shape of a reader's tensor, rows first, as in torch."""
    return tuple(int(size) for size in reversed(tensor.shape))


def pieces(config: dict[str, Any], tensor: Any) -> Iterator[Array]:
    """Yield the rows of a reader's tensor as exact float32, a few thousand at a time.

    raises  ModelUnavailable if a value is not finite
    """
    from gguf.quants import dequantize

    heads = 0
    if config["model_type"] in PERMUTED and len(tensor.shape) == 2:
        heads += config["num_attention_heads"] * (".attn_q." in tensor.name)
        heads += config["num_key_value_heads"] * (".attn_k." in tensor.name)
    rows = len(tensor.data) if heads or len(tensor.shape) == 1 else ROWS
    for start in range(0, len(tensor.data), rows):
        array = dequantize(tensor.data[start : start + rows], tensor.tensor_type)
        array = np.ascontiguousarray(array, dtype="<f4")
        if not np.isfinite(array).all():
            raise ModelUnavailable(
                f"the model was not converted: {tensor.name!r} holds infinite values",
                fix="run `reviewbot model verify`, then `reviewbot model pull` again",
            )
        yield unpermute(array, heads) if heads else array


def unpermute(weight: Array, heads: int) -> Array:
    """Undo llama.cpp's pairing: rows 0, 1, 2, 3... of a head were 0, half, 1, half+1...

    source  llama.cpp, convert_hf_to_gguf.py, LlamaModel.permute
    """
    half = weight.shape[0] // heads // 2
    paired = weight.reshape(heads, half, 2, *weight.shape[1:])
    return np.ascontiguousarray(paired.swapaxes(2, 1).reshape(weight.shape))
