"""Intervals by whole groups."""

import numpy as np
import pytest

from reviewbot.train.bootstrap import interval, ratio, resample


def test_copies_of_a_line_inside_a_group_do_not_narrow_the_interval() -> None:
    draw = np.random.default_rng(0)
    groups, values = np.array([f"g{i}" for i in range(40)]), draw.random(40)

    def width(times: int) -> float:
        draws = resample(np.repeat(groups, times))
        found = interval(draws, ratio(draws, np.repeat(groups, times), np.repeat(values, times)))
        assert found is not None
        return found[1] - found[0]

    assert width(25) == pytest.approx(width(1))
    # The textbook value: 2 x 1.96 standard errors of a mean of 40.
    assert width(1) == pytest.approx(3.92 * values.std() / np.sqrt(40), rel=0.15)


def test_a_resampled_ratio_is_what_counting_the_drawn_groups_gives() -> None:
    groups = np.array(["b", "a", "b", "c"])
    values = np.array([1.0, 2.0, 3.0, np.nan])
    draws = resample(groups, samples=50, seed=3)

    found = ratio(draws, groups, values)

    a, b, _ = draws.weight_BG.T  # in order of name
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(found, (2 * a + 4 * b) / (a + 2 * b))


def test_the_same_seed_draws_the_same_groups_and_another_does_not() -> None:
    groups = np.array(["a", "b", "c", "d"])

    first, again = resample(groups, seed=1), resample(groups, seed=1)

    assert (first.weight_BG == again.weight_BG).all()
    assert (first.weight_BG != resample(groups, seed=2).weight_BG).any()
    assert (first.weight_BG.sum(axis=1) == 4).all()


def test_one_group_has_no_interval_and_nor_has_a_mostly_undefined_figure() -> None:
    single = resample(np.array(["a", "a"]))
    assert interval(single, ratio(single, np.array(["a"]), np.ones(1))) is None

    draws = resample(np.array(["a", "b"]))
    assert interval(draws, np.array([1.0, np.nan, np.nan])) is None


def test_an_unknown_group_is_an_error_not_a_neighbour() -> None:
    draws = resample(np.array(["a", "c"]))

    with pytest.raises(ValueError, match="group"):
        draws.of(np.array(["b"]))
