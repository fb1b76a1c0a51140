"""Columns to risks, and the reasons behind them."""

from dataclasses import replace

import numpy as np
import pytest

from reviewbot.arrays import Array
from reviewbot.scoring.outcomes import Reason
from reviewbot.scoring.predictor import average, contributions, log_odds, percentile, risks
from reviewbot.scoring.reasons import FeatureNote, explain
from reviewbot.scoring.surface import SURFACE_NAMES
from tests import tiny

PREDICTOR = tiny.predictor()


def some_columns(lines: int = 9) -> Array:
    rng = np.random.default_rng(3)
    return rng.normal(size=(lines, len(PREDICTOR.weight_N))).astype(np.float32)


def test_the_contributions_and_the_average_add_up_to_the_log_odds_of_the_risk() -> None:
    columns_LN = some_columns()
    sum_L = contributions(PREDICTOR, columns_LN).sum(axis=1, dtype=np.float64) + average(PREDICTOR)
    risk_L = risks(PREDICTOR, columns_LN).astype(np.float64)

    np.testing.assert_allclose(sum_L, log_odds(PREDICTOR, columns_LN), atol=1e-5)
    np.testing.assert_allclose(sum_L, np.log(risk_L / (1 - risk_L)), atol=1e-4)
    (odds,) = log_odds(PREDICTOR, PREDICTOR.centre_N[None])
    assert float(odds) == pytest.approx(average(PREDICTOR))


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_risk_of_a_line_does_not_depend_on_its_neighbours_by_a_single_bit(order: str) -> None:
    columns_LN = np.asarray(some_columns(33), order="F" if order == "F" else "C")
    together_L = risks(PREDICTOR, columns_LN)

    for line in range(33):
        alone = risks(PREDICTOR, columns_LN[line : line + 1])
        pair = risks(PREDICTOR, columns_LN[[line, 0]])
        assert alone.tobytes() == together_L[line : line + 1].tobytes() == pair[:1].tobytes()


def test_a_risk_stays_between_0_and_1_or_is_no_number() -> None:
    risk_L = risks(PREDICTOR, some_columns() * np.float32(1e30))

    assert ((risk_L >= 0) & (risk_L <= 1)).all()
    assert np.isnan(risks(PREDICTOR, np.full_like(some_columns(1), np.nan))).all()


def test_columns_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match="columns"):
        risks(PREDICTOR, some_columns()[:, 1:])


def test_a_percentile_never_falls_when_the_risk_rises() -> None:
    predictor = replace(PREDICTOR, reference_Q=np.array([0.125, 0.25, 0.25, 0.875], np.float32))
    found = [percentile(predictor, risk) for risk in (0.0, 0.2, 0.25, 0.5, 0.95, 1.0)]

    assert found == [0, 25, 25, 75, 100, 100]


def parts_of(**given: dict[int, float]) -> tuple[Array, Array]:
    """Contributions and columns of a line, zero where nothing is given; a fired feature is 2."""
    parts, columns = [], []
    for group, size in PREDICTOR.groups.items():
        part_N, column_N = np.zeros(size, np.float32), np.zeros(size, np.float32)
        for index, value in given.get(group, {}).items():
            part_N[index], column_N[index] = value, 2
        parts.append(part_N)
        columns.append(column_N)
    return np.concatenate(parts), np.concatenate(columns)


def test_the_features_that_raise_the_risk_most_are_its_reasons_strongest_first() -> None:
    parts_N, columns_N = parts_of(sae_max={3: 0.5, 4: -9.0}, surface={0: 0.75})

    assert explain(PREDICTOR, parts_N, columns_N, {3: FeatureNote("loops", 8.0, 0.1)}) == (
        Reason("surface:line length", SURFACE_NAMES[0], 0.75, None),
        Reason("sae:3", "loops", 0.5, 0.25),
    )


def test_a_feature_pooled_in_two_ways_is_one_reason() -> None:
    predictor = replace(PREDICTOR, groups={"sae_max": 2, "sae_mean": 2})
    parts_N = np.array([1.0, 0.0, 0.5, 0.0], np.float32)
    columns_N = np.array([6.0, 0.0, 2.0, 0.0], np.float32)

    (reason,) = explain(predictor, parts_N, columns_N, {0: FeatureNote("", 4.0, 0.1)})

    assert reason == Reason("sae:0", "", 1.5, 1.0)  # stronger than ever seen is still all of it


def test_the_dense_states_are_one_reason_among_the_others_with_their_true_weight() -> None:
    dense: dict[int, float] = {1: 3.0, 2: 4.0}
    first = explain(PREDICTOR, *parts_of(sae_max={3: 0.5}, state_mean=dense), {})
    last = explain(PREDICTOR, *parts_of(surface={1: 8, 2: 9, 3: 10, 4: 11}, state_mean=dense), {})

    assert [(r.feature, r.contribution) for r in first] == [("state", 7.0), ("sae:3", 0.5)]
    assert [r.feature.split(":")[0] for r in last] == ["surface"] * 3


def test_a_tie_is_decided_by_name() -> None:
    parts_N, columns_N = parts_of(sae_max={5: 0.5, 2: 0.5, 11: 0.5, 7: 0.5})

    reasons = explain(PREDICTOR, parts_N, columns_N, {})
    assert [reason.feature for reason in reasons] == ["sae:11", "sae:2", "sae:5"]


def test_the_last_place_goes_to_the_strongest_feature_of_the_autoencoder() -> None:
    predictor = replace(PREDICTOR, groups={"sae_max": 3, "surface": len(SURFACE_NAMES)})
    parts_N = np.array([0.1, 0.2, -0.3, *range(1, len(SURFACE_NAMES) + 1)], np.float32)
    ones_N = np.ones_like(parts_N)

    reasons = [reason.feature for reason in explain(predictor, parts_N, ones_N, {})]
    assert reasons == [f"surface:{SURFACE_NAMES[-1]}", f"surface:{SURFACE_NAMES[-2]}", "sae:1"]

    ones_N[:3] = 0  # none fires
    reasons = [reason.feature for reason in explain(predictor, parts_N, ones_N, {})]
    assert reasons == [f"surface:{name}" for name in SURFACE_NAMES[:-4:-1]]
