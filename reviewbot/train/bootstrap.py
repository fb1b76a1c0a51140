"""Figures with 95 % percentile intervals over resampled groups.

Lines of one problem or repository resemble each other, so resampling lines would give intervals
that are far too narrow. A resample is a weight per group: how often it was drawn. Sums per group
are computed once; each resample is then one row of a matrix product.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reviewbot.arrays import Array, Indices, Mask
from reviewbot.train import metrics
from reviewbot.train.dataset import Scores, Texts

SAMPLES = 1_000
MIN_GROUPS = 2  # below, there is nothing to resample

Measurement = tuple[float, Scores]  # a value, and the value of each resample (B,)


@dataclass(frozen=True, slots=True, eq=False)
class Resamples:
    """How often each of G groups was drawn in each of B resamples."""

    names_G: Texts
    weight_BG: Scores

    def of(self, group_L: Texts) -> npt.NDArray[np.intp]:
        """Return the column of each line's group. ValueError for an unknown group."""
        index_L = np.searchsorted(self.names_G, group_L)
        index_L = np.minimum(index_L, len(self.names_G) - 1)
        if (self.names_G[index_L] != group_L).any():
            raise ValueError("a group was not among those resampled")
        return np.asarray(index_L, np.intp)


def resample(group_L: Texts, *, samples: int = SAMPLES, seed: int = 0) -> Resamples:
    """Draw as many groups as there are, with replacement, `samples` times; one seed, one result."""
    names_G = np.unique(group_L)
    count = len(names_G)
    if count == 0:
        return Resamples(names_G, np.zeros((samples, 0)))
    weight_BG = np.random.default_rng(seed).multinomial(
        count, np.full(count, 1 / count), size=samples
    )
    return Resamples(names_G, weight_BG.astype(np.float64))


def ratio(
    draws: Resamples, group_I: Texts, above_I: Scores, below_I: Scores | None = None
) -> Scores:
    """Return sum(above) / sum(below) in each resample, (B,). Without `below_I`: the mean.

    Items whose value is NaN take no part. NaN where a resample drew no item.
    """
    known_I = ~np.isnan(above_I)
    below_I = np.ones(len(above_I)) if below_I is None else below_I
    index_I, groups = draws.of(group_I[known_I]), len(draws.names_G)
    above_B = draws.weight_BG @ np.bincount(index_I, above_I[known_I], groups)
    below_B = draws.weight_BG @ np.bincount(index_I, below_I[known_I], groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(below_B > 0, above_B / below_B, np.nan), np.float64)


def interval(draws: Resamples, values_B: Scores) -> tuple[float, float] | None:
    """Return the 2.5th and 97.5th percentile; None with too few groups, or too few values.

    Resamples without a value (no risky line was drawn) are left out. If they are more than one in
    five, an interval from the rest would mislead.
    """
    known_B = values_B[~np.isnan(values_B)]
    if len(draws.names_G) < MIN_GROUPS or len(known_B) < 0.8 * len(values_B):
        return None
    low, high = np.percentile(known_B, [2.5, 97.5])
    return float(low), float(high)


def figure(draws: Resamples, value: float, values_B: Scores) -> dict[str, float | None]:
    """Return {"value", "low", "high"}; None for what has no meaning."""
    low, high = interval(draws, np.asarray(values_B, np.float64)) or (None, None)
    return {"value": None if np.isnan(value) else float(value), "low": low, "high": high}


def groups_of(rows: Indices, row_L: Indices, group_L: Texts) -> Texts:
    """Return the group of each of some rows, (R,)."""
    owners, first_R = np.unique(row_L, return_index=True)
    return np.asarray(group_L[first_R][np.searchsorted(owners, rows)], np.str_)


def ranking(
    draws: Resamples, group_L: Texts, row_L: Indices, y_L: Mask, s_L: Scores | Array
) -> dict[str, Measurement]:
    """Measure `metrics.POOLED` over all lines and `metrics.SNIPPET` over snippets (`row_L`)."""
    rank, index_L = metrics.ranked(y_L, s_L), draws.of(group_L)
    values_BK = np.stack([metrics.pooled(rank, w_G[index_L]) for w_G in draws.weight_BG])
    measured = {
        name: (float(value), values_BK[:, k])
        for k, (name, value) in enumerate(zip(metrics.POOLED, metrics.pooled(rank), strict=True))
    }
    rows, values_RK = metrics.by_snippet(y_L, s_L, row_L)
    group_R = groups_of(rows, row_L, group_L)
    return measured | {
        name: (metrics.mean(values_RK[:, k]), ratio(draws, group_R, values_RK[:, k]))
        for k, name in enumerate(metrics.SNIPPET)
    }


def calibration(draws: Resamples, group_L: Texts, y_L: Mask, p_L: Scores) -> dict[str, Measurement]:
    """Measure Brier skill and ECE of probabilities.

    ECE resamples the gaps of the bins that all lines gave: bins that move would add noise.
    """
    rate_B = ratio(draws, group_L, y_L.astype(np.float64))
    error_B = ratio(draws, group_L, (p_L - y_L) ** 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        skill_B = np.where((rate_B > 0) & (rate_B < 1), 1 - error_B / (rate_B - rate_B**2), np.nan)
    bin_L, index_L = metrics.equal_mass_bins(p_L), draws.of(group_L)
    gap_GK = np.zeros((len(draws.names_G), metrics.BINS))
    np.add.at(gap_GK, (index_L, bin_L), p_L - metrics.tied_mean(y_L, p_L))
    lines_B = draws.weight_BG @ np.bincount(index_L, minlength=len(draws.names_G))
    return {
        "brier skill": (metrics.brier_skill(y_L, p_L), np.asarray(skill_B, np.float64)),
        "ece": (
            metrics.ece(y_L, p_L),
            np.asarray(np.abs(draws.weight_BG @ gap_GK).sum(axis=1) / lines_B, np.float64),
        ),
    }
