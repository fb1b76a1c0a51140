"""What the model saw, token by token."""

from dataclasses import dataclass

import numpy as np

from reviewbot.arrays import Array, Mask

SINK_RATIO = 10.0  # a token whose norm exceeds this many medians is an attention sink
EPSILON = 1e-5  # as in SAELens
# Of each token, given the ones before it; zeros for the first token of a window.
SIGNALS = (
    "surprisal",  # nats: -ln p(token)
    "entropy",  # nats, of the predicted distribution
    "margin",  # nats: ln p(likeliest token) - ln p(token)
    "rank",  # ln(1 + how many tokens were likelier)
)
# What the output head gives. A token's number is exact in float32.
HEAD = (*SIGNALS, "likeliest")  # the number of the token that the model found likeliest here


@dataclass(frozen=True, slots=True)
class HiddenStates:
    """States of the residual stream, before the final norm, and the output head's signals."""

    values_TD: Array  # after the decoder block that the autoencoder reads
    deep_TD: Array | None = None  # after a later block, if the predictor needs it
    signals_TS: Array | None = None  # columns of `SIGNALS`; only if the output head was run
    likeliest_T: Array | None = None  # see `HEAD`; only if the output head was run

    @staticmethod
    def of(values_TD: Array, deep_TD: Array | None, head_TS: Array | None) -> "HiddenStates":
        """Return the states of a pass. head_TS  columns of `HEAD`"""
        if head_TS is None:
            return HiddenStates(values_TD, deep_TD)
        return HiddenStates(values_TD, deep_TD, head_TS[:, :-1], head_TS[:, -1])

    @property
    def head(self) -> Array | None:
        """Columns of `HEAD`: what `of` took."""
        if self.signals_TS is None or self.likeliest_T is None:
            return None
        return np.concatenate([self.signals_TS, self.likeliest_T[:, None]], axis=1)


def sinks(values_TD: Array) -> Mask:
    """Mark attention-sink tokens: their norm is far above the median norm.

    Qwen models give the first token and a few others norms of over 100 medians. Such a state says
    nothing about the code and would dominate every mean (dictionary_learning, pull request 52).
    """
    norms_T = np.linalg.norm(values_TD, axis=1)
    if len(norms_T) == 0:
        return np.zeros(0, np.bool_)
    return np.asarray(norms_T > SINK_RATIO * np.median(norms_T), np.bool_)


def layer_norm(values_TD: Array) -> Array:
    """Scale each state to mean 0 and unbiased deviation 1, as SAELens' "layer_norm" does."""
    centred_TD = values_TD - values_TD.mean(axis=1, keepdims=True)
    deviation_T1 = centred_TD.std(axis=1, ddof=1, keepdims=True)
    return np.asarray(centred_TD / (deviation_T1 + EPSILON), np.float32)
