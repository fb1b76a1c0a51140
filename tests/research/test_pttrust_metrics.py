"""The paper's figures, worked by hand."""

from itertools import permutations

import numpy as np
import pytest

from research.pttrust.metrics import NAMES, by_snippet, macro, snippet
from reviewbot.train.dataset import Scores

WRONG = np.array([False, True, False, True])
TOKENS = np.array([10, 5, 20, 15])


def named(values: Scores) -> dict[str, float]:
    return dict(zip(NAMES, values.tolist(), strict=True))


def test_tokens_weigh_in_hits_and_precision_but_not_in_lines() -> None:
    found = named(snippet(WRONG, np.array([0.8, 0.9, 0.1, 0.2]), TOKENS))  # order: 1, 0, 3, 2

    assert found["hit_rate@1"] == 5 / 20
    assert found["hit_line_rate@1"] == 1 / 2
    assert found["recall@1"] == 1
    assert found["hit_rate@3"] == 1
    assert found["recall@3"] == pytest.approx(20 / 30)
    # A snippet of four lines is read whole at 5 and at 10.
    assert found["hit_rate@5"] == found["hit_line_rate@10"] == 1
    assert found["recall@5"] == found["recall@10"] == 20 / 50


def test_equal_scores_count_as_a_random_order_would() -> None:
    s_L = np.array([0.5, 0.5, 0.9, 0.5])
    broken = [
        named(snippet(WRONG, np.array([order[0], order[1], 0.9, order[2]]), TOKENS))
        for order in permutations([0.1, 0.2, 0.3])
    ]
    found = named(snippet(WRONG, s_L, TOKENS))

    for name in NAMES:
        if not name.startswith("recall"):
            assert found[name] == pytest.approx(np.mean([one[name] for one in broken])), name
    assert found["hit_rate@3"] == pytest.approx(2 / 3)
    assert found["recall@3"] == pytest.approx((20 * 2 / 3) / (20 + 30 * 2 / 3))


def test_only_wrong_snippets_count_and_each_the_same() -> None:
    y_L = np.array([True, False, False, False, False, True])
    s_L = np.array([2.0, 1.0, 9.0, 8.0, 2.0, 1.0])
    row_L = np.array([7, 7, 3, 3, 9, 9])
    tokens_L = np.array([1, 1, 1, 1, 900, 900])

    assert by_snippet(y_L, s_L, row_L, tokens_L)[0].tolist() == [7, 9]
    assert macro(y_L, s_L, row_L, tokens_L)["hit_rate@1"] == 0.5


def test_the_order_of_the_lines_in_the_table_does_not_matter() -> None:
    draw = np.random.default_rng(0)
    y_L, s_L = draw.random(60) < 0.2, draw.random(60)
    row_L, tokens_L = np.arange(60) // 6, draw.integers(1, 30, 60)
    mixed = draw.permutation(60)

    assert macro(y_L, s_L, row_L, tokens_L) == pytest.approx(
        macro(y_L[mixed], s_L[mixed], row_L[mixed], tokens_L[mixed])
    )


def test_what_cannot_be_measured_is_nan_and_not_zero() -> None:
    sound = macro(np.zeros(3, bool), np.arange(3.0), np.zeros(3, np.intp), np.ones(3, np.intp))
    empty = named(snippet(np.array([True, False]), np.array([2.0, 1.0]), np.array([0, 0])))

    assert all(np.isnan(value) for value in sound.values())
    assert np.isnan(empty["hit_rate@1"])
    assert empty["hit_line_rate@1"] == 1


def test_scores_and_tokens_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        snippet(WRONG, np.array([np.nan, 1, 2, 3]), TOKENS)
    with pytest.raises(ValueError, match="negative"):
        snippet(WRONG, np.arange(4.0), -TOKENS)
