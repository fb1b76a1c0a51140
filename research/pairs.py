"""How often a wrong line scores above its correction, without a reward for knowing the longer one.

Corrections tend to be longer than what they correct, so a score that knows nothing but length can
beat chance on pairs. Half of a balanced figure comes from pairs whose wrong version is the shorter
one, half from those whose wrong version is the longer one: what a length wins in one half it loses
in the other.
"""

from collections.abc import Mapping

import numpy as np

from reviewbot.arrays import Array, Mask
from reviewbot.train import metrics
from reviewbot.train.bootstrap import Resamples, ratio
from reviewbot.train.dataset import Scores, Table, Texts

# All corrected places; those of `corrections.is_normalised`; and these balanced by length.
PAIRED = ("paired", "paired, normalised", "paired, length balanced")
STRATA = ("wrong shorter", "wrong longer")  # the wrong version, as a whole, in characters
LEAST = 10  # pairs of a stratum; with fewer nothing is measured


def strata(table: Table) -> Mapping[str, Mask]:
    """Return the normalised pairs of each of `STRATA`, (P,); pairs of equal length are in none."""
    pairs_P2 = table.pairs_P2
    more_P = table.chars_L[pairs_P2[:, 0]] - table.chars_L[pairs_P2[:, 1]]
    masks = (table.one_for_one_P & (more_P < 0), table.one_for_one_P & (more_P > 0))
    return dict(zip(STRATA, masks, strict=True))


def counts(table: Table, here_P: Mask) -> dict[str, int]:
    """Return how many corrected places there are: all, normalised, and of each stratum."""
    strict = {PAIRED[0]: here_P, PAIRED[1]: here_P & table.one_for_one_P}
    parts = strict | {name: here_P & mask_P for name, mask_P in strata(table).items()}
    return {name: len(np.unique(table.block_P[part_P])) for name, part_P in parts.items()}


def measured(
    table: Table, s_L: Scores | Array, here_P: Mask, unit_L: Texts, draws: Resamples
) -> dict[str, tuple[float, Scores]]:
    """Return each metric of `PAIRED` that has a pair: its value, and it in every resample.

    here_P  the pairs that take part
    unit_L  what is resampled, of each line of the table
    """
    found = {}
    for key, kept_P in zip(PAIRED, (here_P, here_P & table.one_for_one_P), strict=False):
        first_K, win_K = metrics.paired(s_L, table.pairs_P2[kept_P], table.block_P[kept_P])
        if len(win_K):
            unit_K = unit_L[table.pairs_P2[kept_P][first_K, 0]]
            found[key] = (metrics.mean(win_K), ratio(draws, unit_K, win_K))
    value, values_B = balanced(table, s_L, here_P, unit_L, draws)
    return found if np.isnan(value) else found | {PAIRED[2]: (value, values_B)}


def balanced(
    table: Table, s_L: Scores | Array, here_P: Mask, unit_L: Texts, draws: Resamples
) -> tuple[float, Scores]:
    """Return the plain mean of the accuracies of the two `STRATA`, and it in every resample.

    Both strata are resampled together, by the same units. A score of nothing but which version is
    longer gets exactly .5, whichever sign it has; chance is .5. NaN where a stratum has fewer than
    `LEAST` pairs, and in resamples that drew none of one.
    """
    values, values_B = [], []
    for mask_P in strata(table).values():
        kept_P = here_P & mask_P
        first_K, win_K = metrics.paired(s_L, table.pairs_P2[kept_P], table.block_P[kept_P])
        if len(win_K) < LEAST:
            return metrics.NAN, np.full(len(draws.weight_BG), np.nan)
        values.append(metrics.mean(win_K))
        values_B.append(ratio(draws, unit_L[table.pairs_P2[kept_P][first_K, 0]], win_K))
    return float(np.mean(values)), np.asarray((values_B[0] + values_B[1]) / 2, np.float64)
