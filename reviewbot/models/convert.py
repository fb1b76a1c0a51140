"""Converts an official GGUF file or a packaged engine, once, to a checkpoint for torch.

The checkpoint holds the embedding, the first N decoder blocks and the final norm. The encoder reads
the state *before* that norm; it is kept so that `AutoModel.from_pretrained` finds every weight. The
output head is kept only in full checkpoints. Nothing is unpickled; torch and transformers are not
needed.
"""

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from reviewbot.errors import ModelUnavailable
from reviewbot.models import gguf_tensors
from reviewbot.models.cache import disk_errors, new_directory, sync, write_json
from reviewbot.models.engine import Source
from reviewbot.models.gguf_tokenizer import write_tokenizer
from reviewbot.models.registry import MAX_TOKENS, ModelSpec
from reviewbot.models.verify import checkpoint, write_manifest

NORM = "norm.weight"


def convert(gguf: Path, spec: ModelSpec, layers: int, final: Path, *, head: bool) -> None:
    """Write the checkpoint directory `final` from the official file. Call it under the lock.

    gguf    a file whose SHA-256 was just compared with `spec.sha256`
    layers  how many decoder blocks to keep, 1 to `spec.stored`
    raises  ModelUnavailable if the file does not hold what `spec` says, EnvironmentFailure if the
            disk is full or not writable; nothing half-written stays
    """
    with disk_errors(f"{spec.name} was not converted"), new_directory(final) as directory:
        reader = gguf_tensors.open_reader(gguf)
        config = gguf_tensors.read_config(reader)
        kind, *sizes = (config[k] for k in ("model_type", "num_hidden_layers", "hidden_size"))
        if (kind, *sizes) != (spec.architecture, spec.stored, spec.width):
            why = f"holds a {kind} model of {sizes[0]} layers and width {sizes[1]}"
            raise _unlike(spec, why)
        names = gguf_tensors.kept_tensors(config, layers, head=head)
        tensors = gguf_tensors.select(reader, names)
        missing = set(names.values()) - tensors.keys()
        if any(not name.endswith(".bias") for name in missing):  # some architectures have no biases
            raise _unlike(spec, f"lacks {min(missing)!r}")
        _write_weights(config, tensors, directory / "model.safetensors")
        write_tokenizer(reader, directory)
        _finish(directory, config, spec, layers, head=head)


def convert_packaged(source: Source, spec: ModelSpec, layers: int, final: Path) -> None:
    """Write the checkpoint directory `final` from a packaged engine. Call it under the lock.

    source  `sources.engine_source` of `spec`
    raises  EnvironmentFailure if the disk is full or not writable; nothing half-written stays
    """
    from safetensors.numpy import save_file

    with disk_errors(f"{spec.name} was not converted"), new_directory(final) as directory:
        shape = source.shape
        names = gguf_tensors.kept_tensors({}, layers, head=False).values()
        kept = [n for n in names if n != NORM and (shape.biased or not n.endswith(".bias"))]
        # The engine has no final norm, and nobody reads what it gives; AutoModel wants its weight.
        weights = {NORM: np.ones(shape.width, np.float32)} | {
            name: np.ascontiguousarray(source.get(name)) for name in kept
        }
        path = directory / "model.safetensors"
        save_file(weights, path, {"format": "pt"})
        sync(path)
        source.write_tokenizer(directory)
        config = shape.config() | {
            "vocab_size": len(weights["embed_tokens.weight"]),
            "intermediate_size": len(weights["layers.0.mlp.gate_proj.weight"]),
            "max_position_embeddings": MAX_TOKENS,
        }
        _finish(directory, config | gguf_tensors.CONSTANTS, spec, layers, head=False)


def _finish(
    directory: Path, config: dict[str, Any], spec: ModelSpec, layers: int, *, head: bool
) -> None:
    changes = {
        "num_hidden_layers": layers,
        "architectures": [gguf_tensors.ARCHITECTURES[config["model_type"]][head]],
        "dtype": "float32",  # we compute in that, whatever the file stores
        # Without a head there is nothing to tie.
        "tie_word_embeddings": head and config["tie_word_embeddings"],
    }
    write_json(directory / "config.json", config | changes)
    write_manifest(directory, checkpoint(spec, layers, head=head))


def _unlike(spec: ModelSpec, why: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"{spec.name} was not converted: the file {why}",
        fix="report this: our table of models and its file disagree",
    )


def _write_weights(config: dict[str, Any], tensors: dict[str, Any], path: Path) -> None:
    """Write a safetensors file piece by piece, so that memory holds a few rows, not the model.

    float32, although float16 would do: an aligned float32 file is memory-mapped, so that loading
    copies nothing and only the embedding rows in use enter memory. Measured for the default model:
    0.9 GB at the peak instead of 1.9 GB from float16.
    source  the safetensors format (8 bytes of header length, JSON, data)
    """
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    start = 0
    for name, tensor in tensors.items():
        shape = gguf_tensors.shape_of(tensor)
        end = start + 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": (start, end)}
        start = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            for piece in gguf_tensors.pieces(config, tensor):
                file.write(piece.data)
        file.flush()
        os.fsync(file.fileno())
