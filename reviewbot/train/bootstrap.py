"""How sure is a figure: 95 % percentile intervals, with whole groups resampled.

Lines of one problem or repository resemble each other; resampling lines would make every interval
far too narrow. A resample is a weight per group (how often it was drawn), so that sums per group,
made once, give every replicate by one matrix product.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reviewbot.train.dataset import Scores, Texts

SAMPLES = 1_000
LEAST_GROUPS = 2  # below, there is nothing to resample


@dataclass(frozen=True, slots=True, eq=False)
class Resamples:
    """How often each of G groups was drawn in each of B resamples."""

    names_G: Texts
    weight_BG: Scores

    def of(self, group_L: Texts) -> npt.NDArray[np.intp]:
        """Return the column of each line's group; ValueError for a group that is not known."""
        index_L = np.searchsorted(self.names_G, group_L)
        index_L = np.minimum(index_L, len(self.names_G) - 1)
        if (self.names_G[index_L] != group_L).any():
            raise ValueError("a group was not among those resampled")
        return np.asarray(index_L, np.intp)


def resample(group_L: Texts, *, samples: int = SAMPLES, seed: int = 0) -> Resamples:
    """Draw as many groups as there are, with replacement, `samples` times; one seed, one result."""
    names_G = np.unique(group_L)
    count = len(names_G)
    weight_BG = np.random.default_rng(seed).multinomial(
        count, np.full(count, 1 / max(count, 1)), size=samples
    )
    return Resamples(names_G, weight_BG.astype(np.float64))


def ratio(
    draws: Resamples, group_I: Texts, above_I: Scores, below_I: Scores | None = None
) -> Scores:
    """Return sum(above) / sum(below) in each resample, (B,): a mean, where below is left out.

    Items whose value is NaN take no part. NaN where a resample drew none.
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

    Replicates without a value (no risky line was drawn) are left out; if they are more than one in
    five, an interval from the rest would mislead.
    """
    known_B = values_B[~np.isnan(values_B)]
    if len(draws.names_G) < LEAST_GROUPS or len(known_B) < 0.8 * len(values_B):
        return None
    low, high = np.percentile(known_B, [2.5, 97.5])
    return float(low), float(high)
