"""All scores on all suites."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from research.baseline_fit import Recipe, fitted
from research.evaluate_measures import evaluate, suites_of
from reviewbot.train.calibrate import calibrate, calibrated
from reviewbot.train.dataset import Table
from reviewbot.train.predictor_fit import fit
from tests.train.tables_made import planted
from tests.train.test_predictor_fit import corrected


@pytest.fixture(scope="module")
def table() -> Table:
    return planted(snippets=600)


@pytest.fixture(scope="module")
def report(table: Table) -> dict[str, Any]:
    result = fit(table, ["state"], corrections=True, cs=(1e-2,))
    predictor, numbers = calibrate(table, result)
    scores = {
        "ours": result.oof_L,
        "random": np.zeros(len(table), np.float32),
        "surface": fitted(table, ["surface"], Recipe(), (1e-4, 1e-2)).score_L,
    }
    return evaluate(
        table,
        scores,
        fold_L=result.fold_L,
        probabilities={"ours": calibrated(predictor, result.oof_L)},
        thresholds={name: found["risk"] for name, found in numbers["thresholds"].items()},
        samples=200,
    )


def test_ours_beats_every_baseline_and_the_difference_is_clear_of_zero(
    report: dict[str, Any],
) -> None:
    suite = report["suites"]["szz_ai_hunks"]

    assert set(suite["scores"]) == {"ours", "random", "surface"}
    assert suite["scores"]["ours"]["within auroc"]["low"] > 0.75
    assert suite["scores"]["random"]["auroc"]["value"] == 0.5
    assert abs(suite["scores"]["surface"]["auroc"]["value"] - 0.5) < 0.1
    difference = suite["differences"]["ours - surface"]["within auroc"]
    ours, surface = (suite["scores"][name]["within auroc"]["value"] for name in ("ours", "surface"))
    assert difference["value"] == pytest.approx(ours - surface)
    assert difference["low"] > 0
    assert "ours - surprisal" not in suite["differences"]  # it was not there
    json.dumps(report, allow_nan=False)


def test_clean_suites_are_measured_by_false_alarms_only(report: dict[str, Any]) -> None:
    clean = report["suites"]["humaneval_pass"]["scores"]

    for row in clean.values():
        assert set(row) == {"false alarms per 100 above show", "false alarms per 100 above gate"}
        assert row["false alarms per 100 above show"]["value"] <= 1.0
    assert clean["random"]["false alarms per 100 above show"]["value"] == 0.0  # ties never alarm


def test_wrong_and_clean_hunks_form_one_suite(report: dict[str, Any]) -> None:
    mixed = report["suites"]["ai hunks"]

    assert mixed["sets"] == ["clean_ai_hunks", "szz_ai_hunks"]
    assert mixed["base_rate"] == pytest.approx(report["suites"]["szz_ai_hunks"]["base_rate"] / 2)


def test_corrected_lines_are_paired_but_never_ranked() -> None:
    pairs = corrected()
    # 120 wrong versions are the shorter ones, 50 the longer ones, 30 as long.
    more_L = np.select([pairs.row_L < 120, pairs.row_L < 170], [-1, 1], 0)
    pairs = replace(pairs, chars_L=np.where(pairs.is_fixed_L, 90, 90 + more_L))
    s_L = np.where(pairs.is_fixed_L, 1e6, pairs.columns_LN[:, 1])

    suite = evaluate(pairs, {"ours": s_L}, fold_L=pairs.row_L % 5, samples=50)["suites"]
    scores = suite["humaneval_llm"]["scores"]["ours"]

    assert scores["paired"]["value"] == scores["paired, length balanced"]["value"] == 0.0
    assert scores["auroc"]["value"] > 0.8
    assert suite["humaneval_llm"]["lines"] == (~pairs.is_fixed_L).sum()
    assert suite["humaneval_llm"]["pairs"] == {
        "paired": 200,
        "paired, normalised": 200,
        "wrong shorter": 120,
        "wrong longer": 50,
    }


def test_a_score_without_probabilities_raises_as_few_false_alarms_as_ours(
    report: dict[str, Any],
) -> None:
    mixed = report["suites"]["ai hunks"]["scores"]

    for name in ("ours", "surface"):
        assert mixed[name]["false alarms per 100 above show"]["value"] <= 1.0
    assert (
        mixed["ours"]["recall above show"]["value"] > mixed["surface"]["recall above show"]["value"]
    )
    assert "brier skill" not in mixed["surface"]
    assert mixed["ours"]["brier skill, recalibrated"]["value"] > 0.1
    assert mixed["surface"]["brier skill, recalibrated"]["value"] < 0.05


def test_false_alarms_are_counted_on_sets_without_a_risky_line_only(table: Table) -> None:
    p_L = np.where(table.set_L == "clean_ai_hunks", 0.0, 1.0)
    p_L[np.flatnonzero(table.set_L == "clean_ai_hunks")[:6]] = 1.0

    found = evaluate(
        table,
        {"ours": p_L},
        probabilities={"ours": p_L},
        thresholds={"show": 0.5},
        fold_L=table.row_L % 5,
        samples=20,
    )["suites"]
    clean = (table.set_L == "clean_ai_hunks").sum()

    alarms = found["ai hunks"]["scores"]["ours"]["false alarms per 100 above show"]
    assert alarms["value"] == pytest.approx(600 / clean)
    assert "false alarms per 100 above show" not in found["szz_ai_hunks"]["scores"]["ours"]


def test_a_score_is_left_out_of_suites_with_a_set_that_it_did_not_read(table: Table) -> None:
    partial = np.where(table.set_L == "clean_ai_hunks", np.nan, 1.0)
    scores = {"ours": np.zeros(len(table)), "surprisal": partial}

    suites = evaluate(table, scores, fold_L=table.row_L % 5, samples=20)["suites"]

    assert suites["ai hunks"]["not_measured"] == ["surprisal"]
    assert suites["szz_ai_hunks"]["not_measured"] == []
    assert "ours - surprisal" in suites["szz_ai_hunks"]["differences"]
    partial[np.flatnonzero(table.set_L == "szz_ai_hunks")[0]] = np.nan
    with pytest.raises(ValueError, match="NaN on some lines"):
        evaluate(table, scores, fold_L=table.row_L % 5, samples=20)


def test_lines_that_changed_along_with_a_fix_take_no_part(table: Table) -> None:
    related_L = (table.place_L == 0) & ~table.y_L
    marked = replace(table, blamed_L=table.blamed_L | related_L)
    s_L = table.columns_LN[:, 0]

    plain, high = (
        evaluate(marked, {"ours": score_L}, fold_L=table.row_L % 5, samples=20)
        for score_L in (s_L, np.where(related_L, 99.0, s_L))
    )

    assert plain == high
    assert plain["suites"]["ai hunks"]["lines"] < len(table) / 2


def test_suites_are_sets_and_the_mixtures_that_are_all_there() -> None:
    sets = ["humaneval_llm", "szz_ai_hunks", "clean_ai_hunks"]

    assert suites_of(sets) == {
        "ai hunks": ("szz_ai_hunks", "clean_ai_hunks"),
        "clean_ai_hunks": ("clean_ai_hunks",),
        "humaneval_llm": ("humaneval_llm",),
        "szz_ai_hunks": ("szz_ai_hunks",),
    }
    named = {"mine": ("a", "b"), "other": ("a", "c")}
    assert list(suites_of(["a", "b"], named)) == ["mine", "a", "b"]


def test_a_score_of_a_wrong_length_is_an_error(table: Table) -> None:
    with pytest.raises(ValueError, match="scores for"):
        evaluate(table, {"ours": np.zeros(3)}, fold_L=table.row_L)


def test_thresholds_of_other_scores_are_set_on_the_clean_code_that_was_named(table: Table) -> None:
    s_L = table.columns_LN[:, 0]
    options: dict[str, Any] = {"fold_L": table.row_L % 5, "samples": 20, "thresholds": {"show": 0}}
    one = {"hunks": (table.set_L == "clean_ai_hunks")}

    both, single, none = (
        evaluate(table, {"ours": s_L}, kinds=kinds, **options)["suites"]["ai hunks"]["scores"]
        for kinds in (None, one, {})
    )

    alarms = [found["ours"].get("false alarms per 100 above show") for found in (both, single)]
    assert alarms[0] is not None
    assert alarms[1] is not None
    assert alarms[0]["value"] <= alarms[1]["value"] <= 1.0
    assert "recall above show" not in none["ours"]
