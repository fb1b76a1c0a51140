"""Which groups a score is made of."""

from dataclasses import replace

import numpy as np
import pytest

from reviewbot.scoring.predictor import Predictor
from reviewbot.train.shares import shares
from tests.train.tables_made import planted


def predictor(state: float, surface: float) -> Predictor:
    """Weights on the first column of each group only; the order is not the table's."""
    weight_N = np.zeros(11, np.float32)
    weight_N[0], weight_N[3] = surface, 2 * state
    scale_N = np.ones(11, np.float32)
    scale_N[3] = 2
    return Predictor(
        groups={"surface": 3, "state": 8},
        centre_N=np.full(11, 5, np.float32),
        scale_N=scale_N,
        weight_N=weight_N,
        bias=7.0,
        slope=1.0,
        offset=0.0,
        reference_Q=np.zeros(1, np.float32),
    )


def test_independent_parts_share_a_score_by_their_variance() -> None:
    found = shares(planted(), predictor(state=2.0, surface=1.0))

    assert list(found) == ["surface", "state"]
    assert sum(found.values()) == pytest.approx(1)
    assert found["state"] == pytest.approx(0.8, abs=0.03)


def test_corrected_lines_do_not_count() -> None:
    table = planted()
    wild_LN = table.columns_LN.copy()
    wild_LN[::2] *= 100
    half_L = np.arange(len(table)) % 2 == 0

    marked = shares(replace(table, columns_LN=wild_LN, is_fixed_L=half_L), predictor(2.0, 1.0))
    assert marked["state"] == pytest.approx(0.8, abs=0.03)


def test_a_score_that_never_changes_has_no_shares() -> None:
    assert shares(planted(), predictor(0.0, 0.0)) == {"surface": 0.0, "state": 0.0}
