"""What the model saw, token by token."""

from dataclasses import dataclass

import numpy as np

from reviewbot.core.arrays import Array, Mask

SINK_RATIO = 10.0  # a token whose norm exceeds this many medians is an attention sink
EPSILON = 1e-5  # as SAELens has it


@dataclass(frozen=True, slots=True)
class HiddenStates:
    """States of the residual stream behind the chosen decoder block, before the final norm."""

    values_TD: Array
    surprisal_T: Array | None = None  # nats; only where the output head was run (`--depth full`)
    entropy_T: Array | None = None  # nats


def sinks(values_TD: Array) -> Mask:
    """Mark attention-sink tokens: their norm is far above the median norm.

    Qwen models put norms of over 100 medians on the first token and on a few others; such a state
    says nothing about the code and would swamp every mean (dictionary_learning, pull request 52).
    """
    norms_T = np.linalg.norm(values_TD, axis=1)
    if len(norms_T) == 0:
        return np.zeros(0, np.bool_)
    return np.asarray(norms_T > SINK_RATIO * np.median(norms_T), np.bool_)


def layer_norm(values_TD: Array) -> Array:
    """Bring each state to mean 0 and unbiased deviation 1, as SAELens' "layer_norm" does."""
    centred_TD = values_TD - values_TD.mean(axis=1, keepdims=True)
    deviation_T1 = centred_TD.std(axis=1, ddof=1, keepdims=True)
    return np.asarray(centred_TD / (deviation_T1 + EPSILON), np.float32)
