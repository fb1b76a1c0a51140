"""Random models of the kinds that the int8 engine knows, and the engines that are made of them."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

from reviewbot.arrays import Array
from reviewbot.encoders.encoder import EncoderSpec
from reviewbot.encoders.onnx_encoder import OnnxEncoder
from reviewbot.encoders.states import layer_norm
from reviewbot.encoders.tokenizer import load_tokenizer
from reviewbot.models.engine import Source, export
from reviewbot.models.sources import directory_source
from reviewbot.models.verify import EngineOutputs, identity
from tests import tiny

LAYERS = 3
SHA = hashlib.sha256(b"a random model").hexdigest()
KINDS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "qwen2 with grouped heads": (Qwen2Config, Qwen2ForCausalLM, {"num_key_value_heads": 2}),
    "qwen2 with a head of its own": (
        Qwen2Config,
        Qwen2ForCausalLM,
        {"num_key_value_heads": 4, "tie_word_embeddings": False},
    ),
    "llama": (LlamaConfig, LlamaForCausalLM, {"num_key_value_heads": 4}),
    "llama with wide heads": (
        LlamaConfig,
        LlamaForCausalLM,
        {"num_key_value_heads": 1, "head_dim": 32, "tie_word_embeddings": False},
    ),
}


def write_trunk(directory: Path, kind: str, dtype: torch.dtype = torch.float32) -> Path:
    """Write a checkpoint whose every weight is random, norms and biases too."""
    directory.mkdir(parents=True, exist_ok=True)
    words = tiny.tokenizer()
    words.save(str(directory / "tokenizer.json"))
    config_class, model_class, changes = KINDS[kind]
    settings = {
        "vocab_size": words.get_vocab_size(),
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 4,
        "rms_norm_eps": 1e-5,
        "rope_theta": 50_000.0,
        "tie_word_embeddings": True,
        "bos_token_id": None,
        "eos_token_id": None,
    }
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = model_class(config_class(**(settings | changes)))
        for name, parameter in model.named_parameters():
            mean = 1.0 if name.endswith("norm.weight") else 0.0
            torch.nn.init.normal_(parameter, mean, 0.15)
    model.to(dtype).save_pretrained(directory)
    (directory / "generation_config.json").unlink(missing_ok=True)
    return directory


@contextmanager
def opened(directory: Path) -> Iterator[Source]:
    """Open a checkpoint as what an engine is made from."""
    with ExitStack() as files:
        yield directory_source(directory, "random", identity({str(directory): SHA}), files)


def write_engine(directory: Path, final: Path, *taps: int, head: bool = False) -> Path:
    """Make the engine of a checkpoint."""
    with opened(directory) as source:
        export(source, EngineOutputs(taps=taps, head=head), final)
    return final


def encoder(
    engine: Path, layer: int, deep: int | None = None, *, full: bool = False
) -> OnnxEncoder:
    """Load an engine, on one thread."""
    spec = EncoderSpec(
        directory=engine, engine="onnx", layer=layer, deep=deep, full=full, threads=1
    )
    return OnnxEncoder(spec, lambda: load_tokenizer(engine))


def some_ids(count: int, seed: int = 0) -> list[int]:
    """Draw the ids of some tokens of the tiny vocabulary."""
    return [int(one) for one in np.random.default_rng(seed).integers(0, 300, count)]


def cosines(found_TD: Array, right_TD: Array) -> Array:
    """Return the cosine of each token's layer-normed states, (T,)."""
    left, right = layer_norm(found_TD), layer_norm(right_TD)
    norms_T = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return np.asarray((left * right).sum(axis=1) / norms_T, np.float32)
