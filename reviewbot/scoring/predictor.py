"""Line features -> risk. A linear score on standardised columns, so that its parts add up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from reviewbot.arrays import Array
from reviewbot.config.levels import percentile_of


@dataclass(frozen=True, slots=True)
class Predictor:
    """Weights of the line-risk predictor.

    score = bias + sum over columns of weight * (column - centre) / scale
    risk  = sigmoid(slope * score + offset), the calibrated probability that the line is wrong
    """

    groups: Mapping[str, int]  # feature group -> columns, in the order of the columns
    centre_N: Array
    scale_N: Array
    weight_N: Array
    bias: float
    slope: float  # > 0: calibration never reorders lines
    offset: float
    reference_Q: Array  # ascending risks of real changed lines, the reference of a percentile

    def columns(self) -> Iterator[tuple[str, slice]]:
        """Yield each group with its columns."""
        start = 0
        for group, size in self.groups.items():
            yield group, slice(start, start + size)
            start += size


def contributions(predictor: Predictor, columns_LN: Array) -> Array:
    """Return what each column adds to the calibrated log-odds, (L, N).

    Their sum plus `average` is the log-odds of the risk.
    """
    z_LN = (columns_LN - predictor.centre_N) / predictor.scale_N
    return np.asarray(z_LN * predictor.weight_N * np.float32(predictor.slope), np.float32)


def average(predictor: Predictor) -> float:
    """Return the calibrated log-odds of a line whose every column is average."""
    return predictor.slope * predictor.bias + predictor.offset


def log_odds(predictor: Predictor, columns_LN: Array) -> Array:
    """Return the calibrated log-odds of each line, (L,). Raises ValueError for a wrong width."""
    if columns_LN.ndim != 2 or columns_LN.shape[1] != len(predictor.weight_N):
        raise ValueError(f"expected {len(predictor.weight_N)} columns, got {columns_LN.shape}")
    z_LN = (columns_LN - predictor.centre_N) / predictor.scale_N
    # einsum, not BLAS: the sum of a line must not depend on its neighbours.
    score_L = np.einsum("ln,n->l", z_LN.astype(np.float64), predictor.weight_N.astype(np.float64))
    return np.asarray(score_L * predictor.slope + average(predictor), np.float32)


def risks(predictor: Predictor, columns_LN: Array) -> Array:
    """Return the risk of each line in [0, 1], (L,)."""
    odds_L = log_odds(predictor, columns_LN).astype(np.float64)
    return np.asarray(1 / (1 + np.exp(-np.clip(odds_L, -60, 60))), np.float32)


def percentile(predictor: Predictor, risk: float) -> float:
    """Return the percentage of the reference lines that are less risky, see `percentile_of`."""
    below = int(np.searchsorted(predictor.reference_Q, risk, side="left"))
    return percentile_of(below, len(predictor.reference_Q))
