"""How often each feature fires on labelled lines, risky and sound."""

from collections.abc import Iterator

import numpy as np

from reviewbot.arrays import Array, Mask
from reviewbot.scoring.feature_evidence import Tally
from reviewbot.scoring.predictor import Predictor, contributions
from reviewbot.scoring.reasons import NAMED, places_of
from reviewbot.train.dataset import Table

CHUNK = 8192  # lines at once
LENGTHS = (12, 20, 28, 36, 44, 52, 64, 80, 100)  # characters at which a stratum begins


def tallies(table: Table, predictor: Predictor) -> dict[str, Tally]:
    """Count for every feature that can be a reason, by its name.

    table   its groups are the predictor's
    What is expected of risky lines is the share of all lines of the same set, language and length,
    so that a feature which only tells these apart has a lift of 1. Length, because long lines are
    more often corrected, and more features fire in them.
    """
    use_L = ~table.is_fixed_L
    risky_L = table.y_L[use_L]
    length_L = np.searchsorted(LENGTHS, table.length_L[use_L], side="right").astype(np.str_)
    strata = np.stack([table.set_L[use_L], table.lang_L[use_L], length_L])
    _, stratum_L = np.unique(strata, axis=1, return_inverse=True)
    lines_S = np.bincount(stratum_L)
    # What a line that fires adds to the expectation: the share of risky lines where it stands.
    share_L = (np.bincount(stratum_L, weights=risky_L) / lines_S)[stratum_L]
    found = {}
    for name, fired_L in _fired(predictor, table.columns_LN[use_L]):
        found[name] = Tally(
            risky=int(risky_L.sum()),
            fired_risky=int((fired_L & risky_L).sum()),
            sound=int((~risky_L).sum()),
            fired_sound=int((fired_L & ~risky_L).sum()),
            expected=round(float(share_L[fired_L].sum()), 4),
        )
    return found


def _fired(predictor: Predictor, columns_LN: Array) -> Iterator[tuple[str, Mask]]:
    sparse, start = [], 0
    for group, size in predictor.groups.items():
        if group.startswith("sae_"):
            sparse.append(columns_LN[:, start : start + size])
        elif group in NAMED:
            for place, name in enumerate(NAMED[group], start):
                column_L = columns_LN[:, place]
                above_L = (column_L - predictor.centre_N[place]) * predictor.weight_N[place] > 0
                yield f"{group}:{name}", above_L & (column_L > 0)
        start += size
    for feature in range(sparse[0].shape[1] if sparse else 0):
        yield f"sae:{feature}", np.any([part[:, feature] != 0 for part in sparse], axis=0)
    if places := list(places_of(predictor, "state")):
        score_L = np.zeros(len(columns_LN))
        for at in range(0, len(columns_LN), CHUNK):
            chunk = slice(at, at + CHUNK)
            score_L[chunk] = contributions(predictor, columns_LN[chunk])[:, places].sum(axis=1)
        yield "state", score_L > 0
