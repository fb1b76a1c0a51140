"""Which models the int8 arithmetic is for: everything that it does not do is refused by name."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, Qwen2Config
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from reviewbot.errors import EngineUnfit
from reviewbot.models.registry import MAX_TOKENS
from reviewbot.models.shapes import TrunkShape
from tests.models.trunks import KINDS, write_trunk

GOOD: dict[str, Any] = {
    "model_type": "llama",
    "hidden_size": 64,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10_000.0,
}
LACKING = object()
UNKNOWN: dict[str, tuple[dict[str, Any], str]] = {
    "another architecture": ({"model_type": "mistral"}, "type 'mistral'"),
    "no architecture": ({"model_type": None}, "type 'None'"),
    "an architecture that is no name": ({"model_type": ["llama"]}, "a model of type"),
    "another activation": ({"hidden_act": "gelu"}, "activation"),
    "a scaled rope, as it was written once": ({"rope_scaling": {"factor": 2}}, "rotary"),
    "a scaled rope": ({"rope_parameters": {"rope_type": "llama3", "rope_theta": 1e4}}, "rotary"),
    "a rope that turns half": ({"rope_parameters": {"partial_rotary_factor": 0.5}}, "rotary"),
    "a rope that is none": ({"rope_parameters": "yarn"}, "rotary"),
    "a sliding window": ({"use_sliding_window": True}, "sliding"),
    "a window on some layers": ({"layer_types": ["full_attention", "sliding_attention"]}, "slid"),
    "layers of a number": ({"layer_types": 3}, "sliding"),
    "biases in the feed-forward layers": ({"mlp_bias": True}, "biases"),
    "biases where Llama has none": ({"attention_bias": True}, "these biases"),
    "no width": ({"hidden_size": None}, "sizes"),
    **{
        f"lacks {key}": ({key: LACKING}, key)
        for key in ("hidden_size", "num_hidden_layers", "rms_norm_eps", "rope_theta")
    },
    "a width that is infinite": ({"hidden_size": float("inf")}, "sizes"),
    "no heads": ({"num_attention_heads": 0}, "sizes"),
    "fewer layers than none": ({"num_hidden_layers": -1}, "groups"),
    "heads in no groups": ({"num_key_value_heads": 3}, "groups"),
    "odd heads": ({"head_dim": 24}, "width 24"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_it_does_not_do_is_another_engine_s(name: str) -> None:
    changes, why = UNKNOWN[name]
    TrunkShape.from_config(GOOD)
    config = {key: value for key, value in (GOOD | changes).items() if value is not LACKING}

    with pytest.raises(EngineUnfit, match=why) as failure:
        TrunkShape.from_config(config)
    assert (failure.value.exit_code, failure.value.fix) == (4, "use --engine torch")
    assert len(str(failure.value).splitlines()) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_what_transformers_writes_is_read(kind: str, tmp_path: Path) -> None:
    config = json.loads((write_trunk(tmp_path, kind) / "config.json").read_text())
    shape = TrunkShape.from_config(config)

    assert (shape.layers, shape.width, shape.heads) == (3, 64, 4)
    assert (shape.theta, shape.epsilon) == (50_000.0, 1e-5)
    assert shape.biased == kind.startswith("qwen2")
    assert shape.head_width == (32 if "wide" in kind else 16)
    assert shape.kv_heads == KINDS[kind][2]["num_key_value_heads"]
    assert TrunkShape.from_config(shape.config()) == shape


def test_what_older_transformers_wrote_is_read() -> None:
    for kind in (LlamaConfig, Qwen2Config):
        config = GOOD | {"model_type": kind.model_type, "num_key_value_heads": 2}

        assert TrunkShape.from_config(config) == TrunkShape.from_config(kind(**config).to_dict())


def test_the_rotation_is_transformers_own_up_to_the_longest_window() -> None:
    shape = TrunkShape.from_config(GOOD)
    places = torch.tensor([[0, 1, 2_047, MAX_TOKENS - 1]])
    rotary = LlamaRotaryEmbedding(LlamaConfig(**GOOD))
    cosine, sine = (part[0, :, :8].numpy() for part in rotary(torch.ones(1, 4, 16), places))
    cos_TH, sin_TH = shape.rotation()

    assert cos_TH.shape == (MAX_TOKENS, 8)
    # float32 angles of thousands of turns; ours are float64 until the cosine.
    np.testing.assert_allclose(cos_TH[places[0]], cosine, atol=3e-3)
    np.testing.assert_allclose(sin_TH[places[0]], sine, atol=3e-3)
