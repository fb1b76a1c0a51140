"""Columns to risks, and the reasons behind them."""

from dataclasses import replace

import numpy as np
import pytest

from reviewbot.arrays import Array
from reviewbot.scoring.outcomes import Reason
from reviewbot.scoring.predictor import average, contributions, log_odds, percentile, risks
from reviewbot.scoring.reasons import FeatureNote, explain
from reviewbot.scoring.surface import SURFACE_NAMES
from reviewbot.scoring.surface_words import words_of
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


LOOPS = FeatureNote("loops", 8.0, 0.1)


def test_a_labelled_feature_is_the_first_reason_then_come_the_signs_of_the_text() -> None:
    parts_N, columns_N = parts_of(sae_max={3: 0.5, 4: -9.0}, surface={0: 0.75, 6: 0.8})

    assert explain(PREDICTOR, parts_N, columns_N, {3: LOOPS}) == (
        Reason("sae:3", "loops", 0.5, 0.25),
        Reason("surface:calls", "calls functions", float(np.float32(0.8)), None),
        Reason("surface:line length", "a long line", 0.75, None),
    )


def test_a_sign_that_raises_the_risk_because_there_is_little_of_it_says_so() -> None:
    predictor = replace(PREDICTOR, centre_N=np.full_like(PREDICTOR.centre_N, 9.0))

    (reason,) = explain(predictor, *parts_of(surface={0: 0.75}), {})

    assert reason.label == "a short line"


def test_every_sign_of_the_text_has_plain_words() -> None:
    assert all(words_of(name, above=above) for name in SURFACE_NAMES for above in (True, False))


def test_a_feature_pooled_in_two_ways_is_one_reason() -> None:
    predictor = replace(PREDICTOR, groups={"sae_max": 2, "sae_mean": 2})
    parts_N = np.array([1.0, 0.0, 0.5, 0.0], np.float32)
    columns_N = np.array([6.0, 0.0, 2.0, 0.0], np.float32)

    (reason,) = explain(predictor, parts_N, columns_N, {0: FeatureNote("loops", 4.0, 0.1)})

    assert reason == Reason("sae:0", "loops", 1.5, 1.0)  # stronger than ever seen is still all


def test_states_and_features_without_a_label_are_no_reasons() -> None:
    dense: dict[int, float] = {1: 3.0, 2: 4.0}
    parts_N, columns_N = parts_of(sae_max={3: 0.5, 5: 0.6}, state_mean=dense)

    assert explain(PREDICTOR, parts_N, columns_N, {3: FeatureNote("", 8.0, 0.1)}) == ()


def test_only_the_strongest_labelled_feature_is_a_reason_and_a_tie_is_decided_by_name() -> None:
    parts_N, columns_N = parts_of(sae_max={5: 0.5, 2: 0.5, 11: 0.5, 7: 0.75})

    (reason,) = explain(PREDICTOR, parts_N, columns_N, dict.fromkeys((5, 2, 11), LOOPS))
    assert reason.feature == "sae:11"


def test_there_are_no_more_reasons_than_asked_for_and_none_that_weighs_next_to_nothing() -> None:
    strong, weak = parts_of(surface={1: 8, 2: 9, 3: 10, 4: 11}), parts_of(surface={1: 0.04})

    assert [r.contribution for r in explain(PREDICTOR, *strong, {})] == [11, 10, 9]
    assert [r.contribution for r in explain(PREDICTOR, *strong, {}, 1)] == [11]
    assert explain(PREDICTOR, *weak, {}) == ()
