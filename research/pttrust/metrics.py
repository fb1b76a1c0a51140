"""The figures that PtTrust reports, for comparison with it; `metrics` holds our own.

Source: arXiv:2504.14640 and its published code. Wrong snippets only, and counted in tokens, so long
lines weigh more. Short snippets flatter every score: print a random one beside them.
"""

from collections.abc import Mapping

import numpy as np

from reviewbot.arrays import Array, Indices, Mask
from reviewbot.train.dataset import Scores
from reviewbot.train.metrics import NAN, mean, ranked

TOPS = (1, 3, 5, 10)
KINDS = ("hit_rate", "hit_line_rate", "recall")
NAMES = tuple(f"{kind}@{k}" for kind in KINDS for k in TOPS)


def snippet(y_L: Mask, s_L: Scores | Array, tokens_L: Indices) -> Scores:
    """Return the metrics of `NAMES` for the lines of one snippet.

    y_L            the line is wrong
    s_L            score, higher is riskier; equal scores are taken in random order
    tokens_L       tokens of each line, at least 0
    hit_rate       share of the wrong lines' tokens in the k riskiest lines
    hit_line_rate  share of the wrong lines among them
    recall         share of the tokens of the k riskiest lines that belong to wrong lines. That is a
                   precision; the name is the paper's
    returns        expected values over the order of ties, of recall the quotient of the two
                   expectations; NaN where no line is wrong or what is divided by is 0 tokens
    raises         ValueError for a NaN score or a negative number of tokens
    """
    if (tokens_L < 0).any():
        raise ValueError("a line has a negative number of tokens")
    if not y_L.any():
        return np.full(len(NAMES), NAN)
    rank = ranked(y_L, s_L)
    sizes_B = np.diff(np.append(-1, rank.ends_B))
    above_B = np.append(0, np.cumsum(sizes_B)[:-1])
    token_L = tokens_L[rank.order_L].astype(np.float64)
    bad_L = np.where(rank.y_L, token_L, 0.0)
    values = []
    for k in TOPS:
        # Every line of a block of ties has the same chance to be among the k.
        chance_L = np.repeat(np.clip((k - above_B) / sizes_B, 0, 1), sizes_B)
        hit, read = (chance_L * bad_L).sum(), (chance_L * token_L).sum()
        lines = (chance_L * rank.y_L).sum() / rank.y_L.sum()
        values.append([_share(hit, bad_L.sum()), lines, _share(hit, read)])
    return np.array(values).T.reshape(-1)


def by_snippet(
    y_L: Mask, s_L: Scores | Array, row_L: Indices, tokens_per_line_L: Indices
) -> tuple[Indices, Scores]:
    """Return the number of every snippet with a wrong line, and its metrics: `NAMES` columns."""
    order_L = np.argsort(row_L, kind="stable")
    rows, starts = np.unique(row_L[order_L], return_index=True)
    found, values = [], []
    for row, part in zip(rows, np.split(order_L, starts[1:]), strict=True):
        if y_L[part].any():
            found.append(int(row))
            values.append(snippet(y_L[part], s_L[part], tokens_per_line_L[part]))
    stacked = np.stack(values) if values else np.zeros((0, len(NAMES)))
    return np.array(found, np.intp), stacked


def macro(
    y_L: Mask, s_L: Scores | Array, row_L: Indices, tokens_per_line_L: Indices
) -> Mapping[str, float]:
    """Return the mean of each metric over the snippets with a wrong line; NaN where none has."""
    values = by_snippet(y_L, s_L, row_L, tokens_per_line_L)[1]
    return {name: mean(values[:, i]) for i, name in enumerate(NAMES)}


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else NAN
