"""The sizes of a Llama-like decoder, read from a transformers config.json."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reviewbot.arrays import Array
from reviewbot.errors import EngineUnfit
from reviewbot.models.registry import MAX_TOKENS

BIASED = {"qwen2": True, "llama": False}  # model type -> whether q, k and v have a bias
SCALED_ROPE, SLIDING_WINDOW = "a scaled rotary embedding", "a sliding window"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkShape:
    """All that decides the arithmetic, except the weights."""

    layers: int
    width: int  # D
    heads: int
    kv_heads: int
    head_width: int
    epsilon: float  # of the norms
    theta: float  # base of the rotary embedding
    biased: bool

    @staticmethod
    def from_config(config: Mapping[str, Any]) -> "TrunkShape":
        """Read a config.json.

        raises  EngineUnfit if the arithmetic of `reference` and `onnx_graph` does not cover it
        """
        kind, rope = config.get("model_type"), config.get("rope_parameters") or {}
        if not isinstance(kind, str) or kind not in BIASED:
            raise _unknown(f"a model of type {str(kind)[:40]!r}")
        if not isinstance(rope, Mapping):
            raise _unknown(SCALED_ROPE)
        rope_kind = rope.get("rope_type", "default"), rope.get("partial_rotary_factor", 1)
        layer_types = config.get("layer_types") or []
        named = layer_types if isinstance(layer_types, list) else [layer_types]
        for unknown, what in (
            (config.get("hidden_act", "silu") != "silu", "another activation than silu"),
            (config.get("rope_scaling") or rope_kind != ("default", 1), SCALED_ROPE),
            (config.get("use_sliding_window"), SLIDING_WINDOW),
            (any(name != "full_attention" for name in named), SLIDING_WINDOW),
            (config.get("mlp_bias"), "biases in the feed-forward layers"),
            (bool(config.get("attention_bias", BIASED[kind])) != BIASED[kind], "these biases"),
        ):
            if unknown:
                raise _unknown(what)
        try:
            width, heads = int(config["hidden_size"]), int(config["num_attention_heads"])
            shape = TrunkShape(
                layers=int(config["num_hidden_layers"]),
                width=width,
                heads=heads,
                kv_heads=int(config.get("num_key_value_heads") or heads),
                head_width=int(config.get("head_dim") or width // heads),
                epsilon=float(config["rms_norm_eps"]),
                theta=float(rope.get("rope_theta") or config["rope_theta"]),
                biased=BIASED[kind],
            )
        except (KeyError, TypeError, ValueError, ArithmeticError) as exc:
            raise _unknown(f"a config.json whose sizes are no numbers: {str(exc)[:80]}") from exc
        sizes = (shape.layers, shape.width, shape.heads, shape.kv_heads, shape.head_width)
        if min(sizes) < 1 or shape.heads % shape.kv_heads:
            raise _unknown("heads that do not come in groups")
        if shape.head_width % 16:  # onnxruntime's GroupQueryAttention refuses it
            raise _unknown(f"heads of width {shape.head_width}, which is no multiple of 16")
        return shape

    def config(self) -> dict[str, Any]:
        """Return the entries of a config.json from which `from_config` reads these sizes."""
        return {
            "model_type": next(kind for kind, biased in BIASED.items() if biased == self.biased),
            "num_hidden_layers": self.layers,
            "hidden_size": self.width,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head_width,
            "rms_norm_eps": self.epsilon,
            "rope_parameters": {"rope_theta": self.theta, "rope_type": "default"},
        }

    def rotation(self) -> tuple[Array, Array]:
        """Return cosine and sine of the rotary embedding, (MAX_TOKENS, head_width / 2) each."""
        power_H = np.arange(0, self.head_width, 2, dtype=np.float64) / self.head_width
        angle_TH = np.outer(np.arange(MAX_TOKENS), self.theta**-power_H)
        return np.cos(angle_TH).astype(np.float32), np.sin(angle_TH).astype(np.float32)


def _unknown(what: str) -> EngineUnfit:
    return EngineUnfit(f"the engine onnx does not know {what}")
