"""Plots say with their geometry what their values say, and stay readable without colour."""

from collections.abc import Iterator
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from research.plots import (
    LEFT,
    PLOT,
    TOP,
    Bar,
    Bin,
    bars,
    bars_of,
    recall,
    recall_points,
    reliability,
    reliability_bins,
)
from reviewbot.train import metrics

SPACE = "{http://www.w3.org/2000/svg}"
NASTY = 'a <b> & "c" \x01\u202e]]>'


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 - made by ourselves, a line above


def every(root: ElementTree.Element, tag: str, name: str = "") -> list[ElementTree.Element]:
    return [one for one in root.iter(SPACE + tag) if not name or one.get("class") == name]


def words(root: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in every(root, "text")]


def at(element: ElementTree.Element, *names: str) -> list[float]:
    return [float(element.get(name, "nan")) for name in names]


def all_plots() -> Iterator[str]:
    yield bars(NASTY, {NASTY: [Bar(NASTY, 0.5, 0.4, 0.6), Bar("none", float("nan"))]}, chance=0.5)
    yield reliability(NASTY, [Bin(0.1, 0.2, 10)])
    yield recall(NASTY, {NASTY: [(0.0, 0.0), (1.0, 1.0)]})


def test_a_bar_ends_at_its_value_and_its_interval_at_its_ends() -> None:
    root = parsed(bars("paired", {"suite": [Bar("ours", 0.6, 0.5, 0.8)]}, chance=0.5))

    (bar,) = every(root, "rect")
    assert at(bar, "x", "width") == pytest.approx([LEFT, 0.6 * PLOT])
    (span,) = every(root, "line", "span")
    assert at(span, "x1", "x2") == pytest.approx([LEFT + 0.5 * PLOT, LEFT + 0.8 * PLOT])
    (chance,) = every(root, "line", "chance")
    assert at(chance, "x1", "x2") == pytest.approx([LEFT + 0.5 * PLOT] * 2)
    assert {"suite", "ours", ".600 (.500 to .800)"} <= set(words(root))


def test_a_bar_without_an_interval_has_none_and_one_without_a_value_says_so() -> None:
    root = parsed(bars("x", {"s": [Bar("alone", 0.25), Bar("missing", float("nan"))]}))

    assert len(every(root, "rect")) == 1
    assert not every(root, "line")
    assert {".250", "not measured"} <= set(words(root))


def test_a_value_outside_the_axis_is_refused_not_clipped() -> None:
    with pytest.raises(ValueError, match="outside the axis"):
        bars("x", {"s": [Bar("too much", 1.2)]})
    with pytest.raises(ValueError, match="outside the axis"):
        bars("x", {"s": [Bar("interval", 0.1, -0.1, 0.2)]})
    root = parsed(bars("x", {"s": [Bar("wider", 1.2)]}, axis=(0, 2)))
    assert at(every(root, "rect")[0], "width") == pytest.approx([0.6 * PLOT])


def test_bars_do_not_lie_on_each_other() -> None:
    rows = [Bar(f"score {i}", 0.1 * i) for i in range(5)]
    root = parsed(bars("x", {"a": rows, "b": rows}))

    tops = [at(one, "y")[0] for one in every(root, "rect")]
    height = at(every(root, "rect")[0], "height")[0]
    assert len(tops) == 10
    assert all(b - a > height for a, b in pairwise(tops))
    assert tops[-1] + height < at(root, "height")[0]


def test_reliability_marks_stand_at_risk_and_share_and_grow_with_the_count() -> None:
    root = parsed(reliability("x", [Bin(0.02, 0.01, 400), Bin(0.1, 0.2, 100)]))

    few, many = at(every(root, "circle")[1], "cx", "cy", "r"), at(every(root, "circle")[0], "r")
    # The axes end at .2: the second mark is half way across, at the top.
    assert few == pytest.approx([60 + PLOT / 2, TOP, 5.0])
    assert many == pytest.approx([8.0])
    assert {"0.020: 0.010 (400)", "0.100: 0.200 (100)", "0.2"} <= set(words(root))


def test_bins_count_every_line_and_average_as_the_calibration_error_does() -> None:
    draw = np.random.default_rng(0)
    p_L = np.round(draw.random(1000), 2)
    y_L = draw.random(1000) < p_L**2

    bins = reliability_bins(y_L, p_L, bins=15)

    assert sum(one.count for one in bins) == 1000
    gap = sum(abs(one.risk - one.share) * one.count for one in bins) / 1000
    assert gap == pytest.approx(metrics.ece(y_L, p_L))


def test_a_curve_goes_through_its_points_and_its_value_at_a_fifth_is_told() -> None:
    root = parsed(recall("x", {"ours": [(0, 0), (0.2, 0.5), (1, 1)], "random": [(0, 0), (1, 1)]}))

    ours, random = every(root, "polyline")
    points = [tuple(map(float, point.split(","))) for point in (ours.get("points") or "").split()]
    assert points[1] == pytest.approx((60 + 0.2 * PLOT, TOP + 0.5 * PLOT))
    assert points[2] == pytest.approx((60 + PLOT, TOP))
    assert ours.get("stroke-dasharray") != random.get("stroke-dasharray")
    assert {"ours: .500 at .2", "random: .200 at .2"} <= set(words(root))


def test_more_curves_than_patterns_are_refused() -> None:
    with pytest.raises(ValueError, match="told apart"):
        recall("x", {str(i): [(0, 0), (1, 1)] for i in range(9)})


def test_recall_is_expected_over_ties_and_agrees_with_the_metric() -> None:
    y_L = np.array([True, False, False, False])

    assert recall_points(y_L, np.zeros(4), 5) == [(x, x) for x in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert recall_points(y_L, np.array([3.0, 2, 1, 0]), 3) == [(0, 0), (0.5, 1), (1, 1)]
    assert recall_points(~y_L & False, np.zeros(4)) == []
    draw = np.random.default_rng(0)
    y_L, s_L = draw.random(500) < 0.1, np.round(draw.random(500), 1)
    found = metrics.POOLED.index("recall at 20%")
    expected = metrics.pooled(metrics.ranked(y_L, s_L))[found]
    assert dict(recall_points(y_L, s_L, 11))[0.2] == pytest.approx(expected)


def test_every_plot_is_named_told_and_drawn_in_the_readers_colour() -> None:
    roots = [(svg, parsed(svg)) for svg in all_plots()]
    assert len({root.get("aria-labelledby") for _, root in roots}) == len(roots)
    for svg, root in roots:
        ids = {one.get("id") for one in root.iter() if one.get("id")}
        assert set((root.get("aria-labelledby") or "").split()) == ids
        assert len(ids) == 2
        assert root.get("role") == "img"
        assert every(root, "title")[0].text == 'a <b> & "c"   ]]>'
        assert (every(root, "desc")[0].text or "").strip()
        for one in root.iter():
            assert {one.get("fill"), one.get("stroke")} <= {None, "none", "currentColor"}
        assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
        width, height = at(root, "width", "height")
        for one in every(root, "text"):
            x, y = at(one, "x", "y")
            assert 0 <= x < width
            assert 0 < y <= height


def test_the_report_of_an_evaluation_becomes_bars() -> None:
    entry = {"value": 0.7, "low": 0.6, "high": 0.8}
    report = {
        "suites": {
            "one": {"scores": {"ours": {"paired": entry}, "random": {"paired": {"value": 0.5}}}},
            "clean": {"scores": {"ours": {"paired": None}, "random": {}}},
        }
    }

    assert bars_of(report, "paired") == {"one": [Bar("ours", 0.7, 0.6, 0.8), Bar("random", 0.5)]}
