"""Thresholds whose rate of false alarms holds on code that was not seen."""

import numpy as np
import pytest

from reviewbot.train.dataset import Scores, Texts
from reviewbot.train.operating import choose, design_effect, effective_groups, upper_bound


def clumped(seed: int, *, groups: int, size: int) -> tuple[Scores, Texts]:
    """Scores that are standard normal over all groups, 30 % of their variance between groups."""
    draw = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), size)
    s = np.sqrt(0.3) * draw.normal(size=groups)[group] + np.sqrt(0.7) * draw.normal(size=len(group))
    return s, group.astype(str)


def test_the_stated_rate_holds_in_nine_of_ten_draws_and_the_plain_quantile_in_about_half() -> None:
    limit = 1.6448536  # 5 % of a standard normal lies above
    broken = {"bounded": 0, "quantile": 0}
    for seed in range(300):
        point = choose(*clumped(seed, groups=100, size=20), 0.05)
        assert point.stated
        assert point.bounded is not None
        broken["bounded"] += point.bounded < limit
        broken["quantile"] += point.quantile < limit

    assert broken["bounded"] / 300 <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / 300)
    assert broken["bounded"] > 0  # not by never raising an alarm
    assert broken["quantile"] / 300 > 0.35


def test_independent_lines_would_have_broken_the_rate_more_often_than_clumped_ones_do() -> None:
    limit, naive, clustered = 1.6448536, 0, 0
    for seed in range(200):
        s, group = clumped(seed, groups=100, size=20)
        lonely = choose(s, np.arange(len(s)).astype(str), 0.05).bounded
        together = choose(s, group, 0.05).bounded
        assert lonely is not None
        assert together is not None
        assert together >= lonely
        naive, clustered = naive + (lonely < limit), clustered + (together < limit)

    assert naive > 1.5 * clustered


def test_a_rate_is_not_stated_on_few_groups_and_the_point_says_how_many_lines_are_missing() -> None:
    few = choose(*clumped(0, groups=10, size=500), 0.05)

    assert not few.stated
    assert few.bounded == few.used
    assert few.used > few.quantile
    assert few.lines_needed == 5 * 5_000  # fifty groups


@pytest.mark.parametrize(
    ("groups", "size", "rate", "needed"),
    [
        (60, 5, 0.001, 2_302),  # what independent lines without an alarm would need
        (1, 5_000, 0.05, 0),  # one group shows nothing about others
    ],
)
def test_without_a_bound_the_threshold_is_the_greatest_risk_seen(
    groups: int, size: int, rate: float, needed: int
) -> None:
    s, group = clumped(0, groups=groups, size=size)

    point = choose(s, group, rate)

    assert (point.bounded, point.used) == (None, s.max())
    assert point.lines_needed > needed


def test_one_group_full_of_alarms_counts_as_little_more_than_one_line() -> None:
    alarm = np.repeat([True, False, False, False], 5)
    group = np.repeat(["a", "b", "c", "d"], 5)

    assert design_effect(alarm, group) == pytest.approx((4 / 3 * 18.75 / 400) / (0.1875 / 20))
    assert design_effect(alarm, np.array(["a"] * 20)) == 1.0
    assert design_effect(np.zeros(20, np.bool_), group) == 1.0
    assert effective_groups(group) == 4
    assert effective_groups(np.array(["a"] * 9 + ["b"])) == pytest.approx(100 / 82)


def test_without_an_alarm_the_bound_is_the_rule_of_three() -> None:
    assert upper_bound(0, 100, 0.95) == pytest.approx(1 - 0.05 ** (1 / 100))
    assert upper_bound(0, 100, 0.95) < upper_bound(1, 100, 0.95) < upper_bound(1, 50, 0.95)
    assert upper_bound(3, 3, 0.9) == 1.0
