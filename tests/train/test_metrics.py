"""Metrics against values by hand, and against scikit-learn where it has them."""

from math import isnan

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from reviewbot.arrays import Mask
from reviewbot.train import metrics
from reviewbot.train.metrics import POOLED, SNIPPET


def yes(*flags: int) -> Mask:
    return np.array(flags, np.bool_)


def of_pooled(name: str, y: Mask, s: object, w: object = None) -> float:
    weights = None if w is None else np.asarray(w, np.float64)
    values = metrics.pooled(metrics.ranked(y, np.asarray(s, np.float64)), weights)
    return float(values[POOLED.index(name)])


def of_snippet(name: str, y: Mask, s: object) -> float:
    return float(metrics.snippet(y, np.asarray(s, np.float64))[SNIPPET.index(name)])


@pytest.mark.parametrize("seed", range(5))
def test_auroc_and_ap_agree_with_scikit_learn_on_tied_scores_and_weights(seed: int) -> None:
    draw = np.random.default_rng(seed)
    y_L, s_L = draw.random(300) < 0.2, draw.integers(0, 15, 300).astype(np.float64)
    w_L = draw.integers(0, 4, 300).astype(np.float64)

    assert metrics.auroc(y_L, s_L) == pytest.approx(roc_auc_score(y_L, s_L))
    ap = average_precision_score(y_L, s_L)
    assert of_pooled("ap", y_L, s_L) == pytest.approx(ap)
    weighted = roc_auc_score(y_L, s_L, sample_weight=w_L)
    assert of_pooled("auroc", y_L, s_L, w_L) == pytest.approx(weighted)
    weighted = average_precision_score(y_L, s_L, sample_weight=w_L)
    assert of_pooled("ap", y_L, s_L, w_L) == pytest.approx(weighted)


def test_a_weight_of_two_is_the_line_written_twice() -> None:
    y, s = yes(1, 0, 1, 0, 0), np.array([4.0, 4, 2, 1, 0])
    twice = [0, 0, 1, 2, 3, 3, 4]

    once = metrics.pooled(metrics.ranked(y, s), np.array([2.0, 1, 1, 2, 1]))

    assert once == pytest.approx(metrics.pooled(metrics.ranked(y[twice], s[twice])))


def test_recall_and_effort_by_hand() -> None:
    y = yes(*[1, 0, 1, 0, 0, 0, 0, 0, 1, 1], *[0] * 10)
    s = -np.arange(20.0)

    assert of_pooled("recall at 5%", y, s) == 0.25
    assert of_pooled("recall at 10%", y, s) == 0.25
    assert of_pooled("recall at 20%", y, s) == 0.5
    assert of_pooled("effort at 20% recall", y, s) == pytest.approx(0.8 / 20)


def test_a_constant_score_gives_exactly_what_a_random_order_gives() -> None:
    y = yes(1, 0, 0, 0, 1, 0, 0, 0, 0, 0)
    s = np.zeros(10)

    assert metrics.auroc(y, s) == 0.5
    assert of_pooled("ap", y, s) == pytest.approx(0.2)
    assert of_pooled("recall at 20%", y, s) == pytest.approx(0.2)
    assert of_pooled("effort at 20% recall", y, s) == pytest.approx(0.2)
    assert of_snippet("within auroc", y, s) == 0.5
    assert of_snippet("top-1", y, s) == pytest.approx(0.2)
    assert of_snippet("top-3", y, s) == pytest.approx(1 - (8 * 7 * 6) / (10 * 9 * 8))
    assert of_snippet("ifa", y, s) == pytest.approx(8 / 3)


def test_ties_in_a_snippet_agree_with_the_mean_over_random_orders() -> None:
    draw = np.random.default_rng(0)
    y, s = yes(0, 1, 0, 1, 0, 0), np.array([3.0, 2, 2, 2, 2, 1])
    shaken = np.mean([metrics.snippet(y, s + 1e-6 * draw.random(6)) for _ in range(4_000)], axis=0)

    assert metrics.snippet(y, s) == pytest.approx(shaken, abs=0.03)


def test_snippet_metrics_by_hand() -> None:
    y, s = yes(0, 0, 1, 0), [0.9, 0.1, 0.5, 0.7]

    assert of_snippet("within auroc", y, s) == pytest.approx(1 / 3)
    assert of_snippet("top-1", y, s) == 0
    assert of_snippet("top-3", y, s) == 1
    assert of_snippet("top-5", y, s) == 1
    assert of_snippet("ifa", y, s) == 2


def test_within_auroc_is_the_mean_over_snippets_with_both_classes_not_over_lines() -> None:
    y = yes(1, 0, 0, 0, 0, 0, 1, 1, 0)
    s = np.array([0.0, 1, 2, 3, 4, 5, 1, 0, 9])
    row = np.array([7, 7, 7, 7, 7, 3, 1, 9, 9])  # only 7 and 9 have both classes

    assert metrics.within_auroc(y, s, row) == 0.0
    assert metrics.within_auroc(y, -s, row) == 1.0


def test_pairs_count_once_per_block_and_ties_one_half() -> None:
    s = np.array([3.0, 1, 1, 2, 2])
    pairs = np.array([[0, 1], [0, 2], [1, 2], [1, 3], [4, 3]])

    first, wins = metrics.paired(s, pairs, np.array([0, 0, 5, 5, 9]))

    assert first.tolist() == [0, 2, 4]
    assert wins.tolist() == [1.0, 0.25, 0.5]


def test_brier_skill_agrees_with_scikit_learn_and_is_nothing_at_the_base_rate() -> None:
    draw = np.random.default_rng(1)
    y, p = draw.random(200) < 0.3, draw.random(200)
    base = brier_score_loss(y, np.full(200, y.mean()))

    assert metrics.brier_skill(y, p) == pytest.approx(1 - brier_score_loss(y, p) / base)
    assert metrics.brier_skill(y, np.full(200, y.mean())) == pytest.approx(0)
    assert metrics.brier_skill(y, y.astype(np.float64)) == 1


def test_calibration_error_by_hand_and_independent_of_the_order_of_ties() -> None:
    y, p = yes(0, 0, 1, 1), np.array([0.1, 0.3, 0.6, 0.6])

    assert metrics.ece(y, p, bins=2) == pytest.approx((0.4 + 0.8) / 4)
    flat, labels = np.full(300, 0.25), np.arange(300) % 4 == 0
    assert metrics.ece(labels, flat) == pytest.approx(0)
    assert metrics.ece(np.sort(labels), flat) == pytest.approx(0)


def test_alarms_are_lines_strictly_above_the_threshold() -> None:
    p = np.array([0.1, 0.5, 0.5, 0.9])

    assert metrics.false_alarms(p, 0.5) == 25.0
    assert metrics.recall_above(yes(0, 1, 0, 1), p, 0.5) == 0.5


def test_what_has_no_meaning_is_nan_and_a_nan_score_is_refused() -> None:
    assert isnan(metrics.auroc(yes(0, 0), np.array([1.0, 2])))
    assert isnan(metrics.auroc(yes(), np.zeros(0)))
    assert isnan(metrics.brier_skill(yes(1, 1), np.array([1.0, 1])))
    assert isnan(metrics.within_auroc(yes(1, 1), np.array([1.0, 2]), np.array([0, 0])))
    with pytest.raises(ValueError, match="NaN"):
        metrics.auroc(yes(0, 1), np.array([1.0, np.nan]))
