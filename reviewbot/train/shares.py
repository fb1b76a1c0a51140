"""How much of a score each group of columns makes up: what reasons can be given for."""

import numpy as np

from reviewbot.scoring.predictor import Predictor
from reviewbot.train.dataset import Table
from reviewbot.train.predictor_fit import CHUNK


def shares(table: Table, predictor: Predictor) -> dict[str, float]:
    """Return each group's share of the variance of the score over the original lines; sum 1.

    A share is the covariance of the group's part with the score, over the score's variance. It is
    below 0 where a group mostly takes back what others add.
    """
    starts = dict(
        zip(table.groups, np.cumsum([0, *table.groups.values()])[:-1].tolist(), strict=True)
    )
    lines = np.flatnonzero(~table.is_fixed_L)
    part_GL = np.zeros((len(predictor.groups), len(lines)))
    weight_N = predictor.weight_N / predictor.scale_N
    at = 0
    for row, (name, size) in enumerate(predictor.groups.items()):
        columns = slice(starts[name], starts[name] + size)
        for first in range(0, len(lines), CHUNK):
            chosen = lines[first : first + CHUNK]
            block = table.columns_LN[chosen, columns]
            part_GL[row, first : first + CHUNK] = block @ weight_N[at : at + size]
        at += size
    part_GL -= part_GL.mean(axis=1, keepdims=True)
    score_L = part_GL.sum(axis=0)
    total = float(score_L @ score_L)
    parts = zip(predictor.groups, part_GL @ score_L, strict=True)
    return {name: float(part / total) if total > 0 else 0.0 for name, part in parts}
