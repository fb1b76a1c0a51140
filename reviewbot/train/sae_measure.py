"""How well an autoencoder does on states it was not trained on."""

from collections.abc import Sequence

import numpy as np

from reviewbot.arrays import Array
from reviewbot.scoring.sae import SparseCoder, decode, encode_normed
from reviewbot.train.shards import Shard


def measure(coder: SparseCoder, shards: Sequence[Shard]) -> dict[str, float]:
    """Measure a coder on held-back shards.

    fvu            sum of squared errors / sum of squared deviations from the mean, all tokens
    fvu_line_ends  the same over the tokens that end a line
    l0             features > 0 per token
    dead_share     share of features that fired nowhere
    pair_distance  mean distance of unit codes within (original, spoilt) pairs
    """
    states_TD = np.concatenate([shard.states_TD for shard in shards])
    ends_T = np.concatenate([shard.line_end_T for shard in shards]) > 0
    error_T, l0, fired_F = [], 0, np.zeros(coder.features, np.bool_)
    for start in range(0, len(states_TD), 4096):
        part_TD = states_TD[start : start + 4096]
        sparse = encode_normed(coder, part_TD)
        error_T.append(((decode(coder, sparse) - part_TD) ** 2).sum(axis=1))
        l0 += int((sparse.values_TK > 0).sum())
        fired_F[sparse.indices_TK[sparse.values_TK > 0]] = True
    errors_T = np.concatenate(error_T)
    spread_T = ((states_TD - states_TD.mean(axis=0)) ** 2).sum(axis=1)
    figures = {
        "tokens": float(len(states_TD)),
        "fvu": float(errors_T.sum() / spread_T.sum()),
        "fvu_line_ends": float(errors_T[ends_T].sum() / max(spread_T[ends_T].sum(), 1e-9)),
        "l0": l0 / len(states_TD),
        "dead_share": float(1 - fired_F.mean()),
    }
    right = np.concatenate([shard.right_PD for shard in shards])
    wrong = np.concatenate([shard.wrong_PD for shard in shards])
    if len(right):
        distance = np.linalg.norm(_unit_code(coder, right) - _unit_code(coder, wrong), axis=1)
        figures["pair_distance"] = float(distance.mean())
    return figures


def _unit_code(coder: SparseCoder, states_TD: Array) -> Array:
    sparse = encode_normed(coder, states_TD)
    dense_TF = np.zeros((len(states_TD), coder.features), np.float32)
    np.put_along_axis(dense_TF, sparse.indices_TK, sparse.values_TK, axis=1)
    norm_T1 = np.linalg.norm(dense_TF, axis=1, keepdims=True)
    return np.asarray(dense_TF / np.maximum(norm_T1, 1e-9), np.float32)
