"""Evens out the channels behind a norm, so that int8 states keep more of the small ones.

A few channels behind each norm are large in every token and leave the others few steps. They are
divided by a factor in the norm's weight, and the weights that read them are multiplied by it: the
product is the same.
source  SmoothQuant (arXiv 2211.10438); there the factor comes from peaks, also of the weights. The
        root mean square of few tokens is steadier: peaks lost accuracy (research/log.md)
"""

from collections.abc import Callable, Mapping

import numpy as np

from reviewbot.arrays import Array

Get = Callable[[str], Array]  # name inside the checkpoint -> float32 weights, (out, in)
READ_BY = {  # a norm of a block -> the weights that read what it gives
    "input_layernorm.weight": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "post_attention_layernorm.weight": ("mlp.gate_proj", "mlp.up_proj"),
}


def smoothed(get: Get, spreads: Mapping[str, Array]) -> Get:
    """Return weights with the same product and more even channels between.

    spreads  name of a norm -> root mean square of each channel that it gives, (D,)
    """
    factors: dict[str, Array] = {}
    for name, spread_D in spreads.items():
        median = max(float(np.median(spread_D)), 1e-12)
        factor_D = np.sqrt(np.maximum(spread_D / median, 1)).astype(np.float32)
        factors[name] = 1 / factor_D
        for norm, readers in READ_BY.items():
            if name.endswith(norm):
                block = name.removesuffix(norm)
                factors |= {f"{block}{reader}.weight": factor_D for reader in readers}
    return lambda name: get(name) * factors[name] if name in factors else get(name)
