"""The sums of risks of labelled changes: what `scoring.change_reference` compares a change with."""

from typing import Any

import numpy as np

from reviewbot.arrays import Array
from reviewbot.scoring.change_reference import QUANTILES
from reviewbot.train.dataset import Scores, Table

ROWS = 8  # of equally many changes
MIN_CHANGES = 100  # that survived, and of all others: fewer tell no percentiles
DIGITS = 4


def change_sums(table: Table, risk_L: Scores | Array) -> dict[str, Any] | None:
    """Return the manifest's entry "changes"; None if the table cannot tell.

    risk_L  calibrated, by models that saw no line of the same group

    It needs all lines of each change (no `--sample`), and enough changes that survived or were
    fixed. Lines of ambiguous label count in a sum, corrected lines do not.
    """
    in_sum_L = ~table.is_fixed_L & ((table.weight_L > 0) | (table.blamed_L & ~table.y_L))
    rows, first_R, row_L = np.unique(table.row_L[in_sum_L], return_index=True, return_inverse=True)
    survived_R = table.survived_L[in_sum_L][first_R]
    if table.drawn < 1 or min(survived_R.sum(), (~survived_R).sum()) < MIN_CHANGES:
        return None
    sum_R = np.bincount(row_L, risk_L[in_sum_L].astype(np.float64), len(rows))
    quantiles = np.quantile(sum_R[survived_R], np.linspace(0, 1, QUANTILES))
    least = np.quantile(sum_R, np.arange(ROWS) / ROWS)
    least[0] = 0.0
    place_R = np.searchsorted(least, sum_R, "right") - 1
    labelled = [
        {
            "least": round(float(least[row]), DIGITS),
            "changes": int((place_R == row).sum()),
            "fixed": int((~survived_R[place_R == row]).sum()),
        }
        for row in range(ROWS)
    ]
    return {"survived": [round(float(one), DIGITS) for one in quantiles], "labelled": labelled}
