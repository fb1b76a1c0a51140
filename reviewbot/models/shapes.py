"""The sizes of a Llama-like decoder, read from a transformers config.json."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reviewbot.arrays import Array
from reviewbot.errors import EngineUnfit

LONGEST = 32_768  # tokens of the longest window that a reading plan may have
DEFAULT_ROPE = ("default", 1)  # its type, and the share of a head that it turns
BIASED = {"qwen2": True, "llama": False}  # model type -> whether q, k and v have a bias


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkShape:
    """What decides the arithmetic beside the weights."""

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

        raises  EngineUnfit where it asks for what this arithmetic does not do
        """
        kind, rope = config.get("model_type"), config.get("rope_parameters") or {}
        if not isinstance(kind, str) or kind not in BIASED:
            raise _unknown(f"a model of type {str(kind)[:40]!r}")
        if config.get("hidden_act", "silu") != "silu":
            raise _unknown("another activation than silu")
        if not isinstance(rope, Mapping) or config.get("rope_scaling"):
            raise _unknown("a scaled rotary embedding")
        if (rope.get("rope_type", "default"), rope.get("partial_rotary_factor", 1)) != DEFAULT_ROPE:
            raise _unknown("a scaled rotary embedding")
        layers = config.get("layer_types") or []
        named = layers if isinstance(layers, list) else [layers]
        if config.get("use_sliding_window") or any(each != "full_attention" for each in named):
            raise _unknown("a sliding window")
        if config.get("mlp_bias"):
            raise _unknown("biases in the feed-forward layers")
        if bool(config.get("attention_bias", BIASED[kind])) != BIASED[kind]:
            raise _unknown("biases in other places")
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

    def rotation(self) -> tuple[Array, Array]:
        """Return cosine and sine of the rotary embedding, (LONGEST, head_width / 2) each."""
        power_H = np.arange(0, self.head_width, 2, dtype=np.float64) / self.head_width
        angle_TH = np.outer(np.arange(LONGEST), self.theta**-power_H)
        return np.cos(angle_TH).astype(np.float32), np.sin(angle_TH).astype(np.float32)


def _unknown(what: str) -> EngineUnfit:
    return EngineUnfit(
        f"nothing was scored: the engine onnx does not know {what}",
        fix="use --engine torch",
    )
