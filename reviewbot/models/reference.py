"""A decoder in float32 numpy, the reference for the int8 engine. Slow and short on purpose.

It reads the probe once, when a model is converted. The result is stored beside the graph, and every
start checks that this processor computes the same.
"""

from typing import Any

import numpy as np

from reviewbot.arrays import Array
from reviewbot.models.shapes import TrunkShape
from reviewbot.models.smoothing import Get


def states(
    shape: TrunkShape, get: Get, embedded_TD: Array, taps: tuple[int, ...], *, head: bool
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Read one window.

    returns  name -> (T, D), with the output names of `onnx_graph.trunk`; and name of a norm -> root
             mean square of each channel that it gives, (D,), see `smoothing.smoothed`
    """
    count = len(embedded_TD)
    cos_TH, sin_TH = (part[:count] for part in shape.rotation())
    mask_TT = np.triu(np.full((count, count), -np.inf, np.float32), 1)
    x_TD, named = embedded_TD, {}
    spreads: dict[str, Array] = {}
    for block in range(shape.layers if head else max(taps)):
        own = f"layers.{block}."
        n_TD = _norm(x_TD, f"{own}input_layernorm.weight", get, shape, spreads)
        fixed = (cos_TH, sin_TH, mask_TT)
        x_TD = x_TD + _attention(shape, get, f"{own}self_attn.", n_TD, fixed)
        n_TD = _norm(x_TD, f"{own}post_attention_layernorm.weight", get, shape, spreads)
        gate_TF = n_TD @ get(f"{own}mlp.gate_proj.weight").T
        up_TF = n_TD @ get(f"{own}mlp.up_proj.weight").T
        silu_TF = gate_TF / (1 + np.exp(-gate_TF))
        x_TD = x_TD + (silu_TF * up_TF) @ get(f"{own}mlp.down_proj.weight").T
        if block + 1 in taps:
            named[f"state_{block + 1}"] = x_TD
    if head:
        named["final"] = _rms(x_TD, shape) * get("norm.weight")
    return named, spreads


def _rms(x_TD: Array, shape: TrunkShape) -> Array:
    mean_T1 = np.mean(x_TD * x_TD, axis=1, keepdims=True)
    return np.asarray(x_TD / np.sqrt(mean_T1 + np.float32(shape.epsilon)), np.float32)


def _norm(x_TD: Array, name: str, get: Get, shape: TrunkShape, spreads: dict[str, Array]) -> Array:
    n_TD = np.asarray(_rms(x_TD, shape) * get(name), np.float32)
    spreads[name] = np.sqrt(np.mean(n_TD * n_TD, axis=0))
    return n_TD


def _attention(shape: TrunkShape, get: Get, own: str, x_TD: Array, fixed: Any) -> Array:
    cos_TH, sin_TH, mask_TT = fixed
    parts = {}
    for part, heads in (("q", shape.heads), ("k", shape.kv_heads), ("v", shape.kv_heads)):
        y = x_TD @ get(f"{own}{part}_proj.weight").T
        if shape.biased:
            y = y + get(f"{own}{part}_proj.bias")
        y = y.reshape(len(x_TD), heads, shape.head_width).swapaxes(0, 1)
        parts[part] = y if part == "v" else _rotate(y, cos_TH, sin_TH)
    group = shape.heads // shape.kv_heads
    k, v = (np.repeat(parts[part], group, axis=0) for part in "kv")
    scores = parts["q"] @ k.swapaxes(1, 2) / np.float32(np.sqrt(shape.head_width)) + mask_TT
    weights = np.exp(scores - scores.max(axis=2, keepdims=True))
    mixed = (weights / weights.sum(axis=2, keepdims=True)) @ v
    joined_TD = mixed.swapaxes(0, 1).reshape(len(x_TD), -1)
    return np.asarray(joined_TD @ get(f"{own}o_proj.weight").T, np.float32)


def _rotate(y: Any, cos_TH: Array, sin_TH: Array) -> Any:
    first, second = np.split(y, 2, axis=2)
    rotated = (first * cos_TH - second * sin_TH, second * cos_TH + first * sin_TH)
    return np.concatenate(rotated, axis=2)
