"""The figures of the filter of blamed lines, with intervals over repositories.

y_L is True for lines at fault, s_L is the score, w_L a weight per line.
"""

from collections.abc import Callable, Sequence

import numpy as np

from reviewbot.arrays import Mask
from reviewbot.train import metrics
from reviewbot.train.bootstrap import interval, resample
from reviewbot.train.dataset import Texts
from reviewbot.train.fix_features import Doubles

SAMPLES = 500


def precision_at_half(y_L: Mask, s_L: Doubles, w_L: Doubles) -> float:
    """Return the precision where half of the wrong lines are found; ties in expectation."""
    rank = metrics.ranked(y_L, s_L)
    w_L = w_L[rank.order_L]
    hits_B = np.append(0.0, np.cumsum(w_L * rank.y_L)[rank.ends_B])
    seen_B = np.append(0.0, np.cumsum(w_L)[rank.ends_B])
    half = hits_B[-1] / 2
    if half <= 0:
        return float("nan")
    block = int(np.searchsorted(hits_B, half * (1 - 1e-12)))  # the first that reaches it
    inside = (half - hits_B[block - 1]) / (hits_B[block] - hits_B[block - 1])
    return float(half / (seen_B[block - 1] + inside * (seen_B[block] - seen_B[block - 1])))


def auroc(y_L: Mask, s_L: Doubles, w_L: Doubles) -> float:
    return float(metrics.pooled(metrics.ranked(y_L, s_L), w_L)[0])


FIGURES: dict[str, Callable[[Mask, Doubles, Doubles], float]] = {
    "precision at recall .5": precision_at_half,
    "AUROC": auroc,
}


def measured(
    y_L: Mask,
    group_L: Texts,
    w_L: Doubles,
    scores: Sequence[Doubles],
    less: Sequence[Doubles] = (),
) -> list[str]:
    """Write each figure with its interval: the mean over `scores`, repositories resampled.

    scores  one per division into folds
    less    scores whose figure is taken off, on the same resamples; none: nothing is
    """
    draws = resample(group_L, samples=SAMPLES)
    index_L = draws.of(group_L)

    def value(figure: Callable[[Mask, Doubles, Doubles], float], times_L: Doubles) -> float:
        ours = np.mean([figure(y_L, s_L, w_L * times_L) for s_L in scores])
        theirs = np.mean([figure(y_L, s_L, w_L * times_L) for s_L in less]) if less else 0.0
        return float(ours - theirs)

    cells = []
    for figure in FIGURES.values():
        values_B = np.array([value(figure, weight_G[index_L]) for weight_G in draws.weight_BG])
        low, high = interval(draws, values_B) or (float("nan"), float("nan"))
        cells.append(f"{value(figure, np.ones(len(y_L))):.3f} ({low:.3f} to {high:.3f})")
    return cells
