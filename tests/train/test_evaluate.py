"""The model beside its baselines: each part on its own lines, with resamples of whole groups."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reviewbot.arrays import Array
from reviewbot.train import metrics
from reviewbot.train.bootstrap import resample
from reviewbot.train.dataset import Scores, Table
from reviewbot.train.evaluate import LINES, WITHIN, evaluate, markdown, untrained
from reviewbot.train.predictor_fit import fit
from tests.train.tables_made import made, planted, with_corrections

WRONG, BLAMED = "wrong lines", "lines that a fix changed"


@pytest.fixture(scope="module")
def table() -> Table:
    """600 changes of six lines, with corrections that the signal does not know."""
    plain = planted(snippets=600)
    return with_corrections(plain, np.zeros((int(plain.y_L.sum()), 11), np.float32))


@pytest.fixture(scope="module")
def report(table: Table) -> dict[str, Any]:
    result = fit(table, ["state"], corrections=False, cs=(1e-2,))
    surface = fit(table, ["surface"], corrections=False, cs=(1e-2,))
    scores = {"model": result.oof_L, **untrained(table), "surface": surface.oof_L}
    return evaluate(table, scores, result.fold_L, samples=200)


def small(y: list[int], groups: str, sets: list[str], **facts: object) -> Table:
    """Changes of three lines each; the signal is the label."""
    signal_L1 = np.asarray(y, np.float32)[:, None]
    return replace(made({"x": signal_L1}, y, list(groups), sets, snippet=3), **facts)  # type: ignore[arg-type]


def part(table: Table, s_L: Array | Scores, title: str = WRONG) -> dict[str, Any]:
    found = evaluate(table, {"model": s_L}, table.row_L % 2, samples=20)["parts"]
    return dict(found[title])


def test_a_telling_model_beats_every_baseline_clear_of_their_intervals(
    report: dict[str, Any],
) -> None:
    scores = report["parts"][WRONG]["scores"]
    model, random, surface = (scores[name] for name in ("model", "random", "surface"))

    assert list(scores) == ["model", "random", "length", "surface"]
    assert random["within auroc"]["value"] == random["auroc"]["value"] == 0.5
    assert surface["within auroc"]["high"] < 0.6 < 0.75 < model["within auroc"]["low"]
    assert model["within recall at 20%"]["low"] > random["within recall at 20%"]["value"] + 0.2
    assert model["top-5"]["value"] >= model["top-1"]["value"] > random["top-1"]["high"]
    assert model["ifa"]["high"] < random["ifa"]["low"]
    pairs = report["parts"]["pairs"]["scores"]
    assert pairs["model"]["paired"]["low"] > 0.6
    assert pairs["random"]["paired"]["value"] == 0.5
    alarms = report["parts"]["alarms"]["scores"]["model"]
    assert 0.5 < alarms["alarms per 100, high"]["value"] < 2
    assert alarms["recall, medium"]["value"] > alarms["recall, critical"]["value"]


def test_every_value_is_within_its_interval_and_the_report_is_json(report: dict[str, Any]) -> None:
    json.dumps(report, allow_nan=False)
    assert list(report["parts"]) == [WRONG, BLAMED, "pairs", "alarms", "changes"]
    leads = [f"{key}, over surface" for key in WITHIN]
    assert list(report["parts"][WRONG]["scores"]["model"]) == [*LINES, *leads]
    figures = [
        (title, name, entry)
        for title, found in report["parts"].items()
        for row in found["scores"].values()
        for name, entry in row.items()
    ]
    assert len(figures) == 4 * (2 * len(LINES) + 2 * len(WITHIN) + 2 + 9) + 5
    for title, name, one in figures:
        if one["value"] is None:  # no line of a constant score has a level
            assert name.startswith("precision")
            continue
        assert one["low"] - 1e-9 <= one["value"] <= one["high"] + 1e-9, (title, name)


def test_related_and_unclear_lines_take_no_part_but_count_as_lines_that_a_fix_changed() -> None:
    y, blamed = [1, 0, 0, 1, 0, 0], [1, 1, 0, 1, 0, 0]
    weight_L = np.array([1, 0.5, 1, 1, 0, 1], np.float32)  # the fifth is masked
    table = small(y, "aaabbb", ["s"] * 6, blamed_L=np.array(blamed, np.bool_), weight_L=weight_L)
    s_L = np.array([1, 2, 0, 1, 2, 0], np.float64)

    wrong, touched = part(table, s_L), part(table, s_L, BLAMED)

    assert (wrong["changes"], wrong["lines"], wrong["hits"]) == (2, 4, 2)
    assert wrong["scores"]["model"]["within auroc"]["value"] == 1
    assert (touched["changes"], touched["lines"], touched["hits"]) == (2, 5, 3)
    assert touched["scores"]["model"]["ap"]["value"] == 1


def test_changes_that_were_not_read_or_have_no_wrong_line_are_not_ranked_for_wrong_lines() -> None:
    y = [1, 0, 0, 1, 0, 0, 0, 0, 0]
    read_L = np.repeat([True, False, True], 3)
    table = small(y, "aaabbbccc", ["s"] * 9, read_L=read_L)

    assert part(table, table.columns_LN[:, 0])["lines"] == 3
    assert part(table, table.columns_LN[:, 0], BLAMED)["lines"] == 9


def test_wrong_lines_are_also_measured_by_what_one_must_see() -> None:
    y = [1, 0, 0, 1, 0, 0]
    visible_L = np.repeat(["line", "outside"], 3)
    found = evaluate(
        small(y, "aaabbb", ["s"] * 6, visible_L=visible_L),
        {"model": np.array([1, 0, 0, 0, 1, 1], np.float64)},
        np.repeat([0, 1], 3),
        samples=20,
    )["parts"]

    assert {title: one["hits"] for title, one in found.items() if title.startswith(WRONG)} == {
        WRONG: 2,
        "wrong lines, visible: line": 1,
        "wrong lines, visible: outside": 1,
    }
    figures = found["wrong lines, visible: outside"]["scores"]["model"]
    assert figures["within auroc"] == {"value": 0, "low": None, "high": None}


def test_sets_apart_have_parts_of_their_own_and_take_no_part_in_the_others() -> None:
    y = [1, 0, 0] * 3
    table = small(y, "aaabbbccc", ["s"] * 6 + ["programs"] * 3)
    table = with_corrections(table, np.zeros((3, 1), np.float32))
    s_L = table.columns_LN[:, 0] * np.where(table.set_L == "programs", -1, 1)

    parts = evaluate(table, {"model": s_L}, table.row_L % 2, apart=["programs"], samples=20)[
        "parts"
    ]

    own, rest = parts["programs: wrong lines"], parts[WRONG]
    assert (own["hits"], rest["hits"], parts[BLAMED]["hits"]) == (1, 2, 2)
    assert own["scores"]["model"]["within auroc"]["value"] == 0
    assert rest["scores"]["model"]["within auroc"]["value"] == 1
    assert parts["programs: pairs"]["scores"]["model"]["paired"]["value"] == 0
    assert parts["pairs"]["scores"]["model"]["paired"]["value"] == 1
    assert parts["pairs"]["hits"] == 2


def test_a_percentile_is_that_among_the_lines_of_the_other_folds() -> None:
    y = [0] * 9 + [1, 0, 0]
    sets = ["clean"] * 9 + ["s"] * 3
    table = small(y, "aaabbbcccddd", sets)
    s_L = np.array([9, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0], np.float64)

    def alarms(fold_L: list[int]) -> dict[str, Any]:
        found = evaluate(table, {"model": s_L}, np.repeat(fold_L, 3), samples=20)["parts"]
        scores = found["alarms"]["scores"]["model"]
        return {name: entry["value"] for name, entry in scores.items()}

    # The line that scores 9 is above all others, but hides the wrong line, which scores 5.
    apart = alarms([0, 1, 1, 1])
    assert apart["alarms per 100, critical"] == pytest.approx(100 / 9)
    assert apart["recall, medium"] == apart["precision, medium"] == 0
    # In its own fold it hides nothing: the wrong line is above the lines of the other folds.
    split = alarms([0, 1, 1, 0])
    assert split["recall, critical"] == 1
    assert split["precision, critical"] == 0.5
    # In one fold there are no others, and no rate.
    together = alarms([0, 0, 0, 0])
    assert together["alarms per 100, high"] is together["recall, high"] is None


def test_a_change_scores_as_its_riskiest_line_beside_its_size() -> None:
    y = [1, 0, 0, 0, 0, 0, 0, 0, 0]
    table = small(y, "aaabbbccc", ["s"] * 3 + ["clean"] * 6)
    keep = replace(table, row_L=np.array([0, 0, 0, 1, 1, 2, 2, 2, 2]))
    s_L = np.array([0, 0, 7, 6, 6, 6, 6, 6, 6], np.float64)

    found = part(keep, s_L, "changes")["scores"]
    assert found["model"]["auroc"]["value"] == 1
    assert found["size"]["auroc"]["value"] == 0.5  # larger than one change, smaller than the other
    # A line that the model could not read has no score.
    unread = replace(keep, weight_L=np.array([1, 1, 0, *[1] * 6], np.float32))
    assert part(unread, s_L, "changes")["scores"]["model"]["auroc"]["value"] == 0


def test_a_change_is_resampled_with_its_own_group_though_changes_without_risk_drop_out() -> None:
    # Group 0 has no wrong line; the others have 1 to 3 changes, all right or all wrong.
    count_G, right_G = 1 + np.arange(12) % 3, np.arange(12) % 4 == 1
    group_R = np.repeat(np.arange(12), count_G)
    groups = np.char.zfill(np.repeat(group_R, 6).astype(np.str_), 2)
    y = np.tile([0, 0, 1, 0, 0, 0], len(group_R)) * (np.repeat(group_R, 6) > 0)
    score = np.where(right_G[np.repeat(group_R, 6)], 1.0, -1.0) * y
    table = made({"x": score[:, None].astype(np.float32)}, y, groups, ["s"] * len(y))

    found = evaluate(table, {"model": score}, table.row_L % 5, samples=400, seed=1)
    drawn = groups[np.repeat(group_R, 6) > 0]
    weight_BG = resample(drawn, samples=400, seed=1).weight_BG * count_G[1:]
    expected_B = weight_BG @ right_G[1:] / weight_BG.sum(axis=1)

    top = found["parts"][WRONG]["scores"]["model"]["top-1"]
    assert top["value"] == (count_G * right_G).sum() / count_G[1:].sum()
    assert [top["low"], top["high"]] == pytest.approx(np.percentile(expected_B, [2.5, 97.5]))


def test_corrected_lines_are_not_ranked_and_figures_are_those_of_the_metrics(table: Table) -> None:
    s_L = table.columns_LN[:, 0]
    keep_L = table.clear() & np.isin(table.row_L, table.row_L[table.y_L])

    found = part(table, s_L)

    assert not (keep_L & table.is_fixed_L).any()
    assert found["lines"] == keep_L.sum()
    auroc = metrics.auroc(table.y_L[keep_L], s_L[keep_L])
    assert found["scores"]["model"]["auroc"]["value"] == auroc


@pytest.mark.parametrize(
    ("y", "sets", "titles"),
    [
        ([0] * 6, ["fixed"] * 6, [BLAMED]),
        ([0] * 6, ["clean"] * 6, ["alarms", "changes"]),
        ([1, 0, 0] * 2, ["s"] * 6, [WRONG, BLAMED]),
        ([1] * 6, ["s"] * 6, [WRONG, BLAMED]),
    ],
    ids=["no wrong line", "survived", "no survived", "all wrong"],
)
def test_parts_without_lines_are_left_out_and_figures_without_a_meaning_are_dashes(
    y: list[int], sets: list[str], titles: list[str]
) -> None:
    table = small(y, "aaabbb", sets, survived_L=np.array(sets) == "clean")
    found = evaluate(table, untrained(table), np.repeat([0, 1], 3), samples=5)
    text = markdown(found)

    json.dumps(found, allow_nan=False)
    assert [line.split("**")[1] for line in text.splitlines() if line.startswith("**")] == titles
    assert "nan" not in text
    assert " - |" in text or titles == [WRONG, BLAMED]


def test_the_tables_have_a_row_per_score_with_intervals(report: dict[str, Any]) -> None:
    text = markdown(report)
    first = [line for line in text.splitlines() if line.startswith("|")][: 2 + 4]

    assert first[0].startswith(f"| score | {' | '.join(LINES)} | within auroc, over surface |")
    assert [row.split(" | ")[0] for row in first[2:]] == [
        "| model",
        "| random",
        "| length",
        "| surface",
    ]
    entry = report["parts"][WRONG]["scores"]["model"]["auroc"]
    assert f"| {entry['value']:.3f} ({entry['low']:.3f} to {entry['high']:.3f}) |" in first[2]
    assert "**changes**: 600 changes" in text
