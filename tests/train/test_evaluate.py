"""All scores on all suites, and the tables made of them."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reviewbot.core.errors import UsageError
from reviewbot.core.pooling import SURPRISAL_NAMES
from reviewbot.train import metrics
from reviewbot.train.bootstrap import resample
from reviewbot.train.calibrate import calibrate, calibrated
from reviewbot.train.dataset import Table
from reviewbot.train.evaluate import baselines, evaluate
from reviewbot.train.predictor_fit import fit
from reviewbot.train.tables import figure, markdown
from tests.train.tables_made import made, planted
from tests.train.test_predictor_fit import corrected


@pytest.fixture(scope="module")
def table() -> Table:
    return planted(snippets=600)


@pytest.fixture(scope="module")
def report(table: Table) -> dict[str, Any]:
    result = fit(table, ["state"], corrections=True, cs=(1e-2,))
    predictor, numbers = calibrate(table, result)
    return evaluate(
        table,
        {"ours": result.oof_L, **baselines(table, corrections=True)},
        fold_L=result.fold_L,
        probabilities={"ours": calibrated(predictor, result.oof_L)},
        thresholds={name: found["risk"] for name, found in numbers["thresholds"].items()},
        samples=200,
    )


def test_ours_beats_every_baseline_and_the_difference_is_clear_of_zero(
    report: dict[str, Any],
) -> None:
    suite = report["suites"]["szz_ai_hunks"]

    assert set(suite["scores"]) == {"ours", "random", "length", "position", "surface"}
    assert suite["scores"]["ours"]["within auroc"]["low"] > 0.75
    assert suite["scores"]["random"]["auroc"]["value"] == 0.5
    assert abs(suite["scores"]["surface"]["auroc"]["value"] - 0.5) < 0.1
    difference = suite["differences"]["ours - surface"]["within auroc"]
    ours, surface = (suite["scores"][name]["within auroc"]["value"] for name in ("ours", "surface"))
    assert difference["value"] == pytest.approx(ours - surface)
    assert difference["low"] > 0
    assert "ours - surprisal" not in suite["differences"]  # it was not there


def test_every_value_lies_in_its_interval_and_the_report_is_json(report: dict[str, Any]) -> None:
    json.dumps(report, allow_nan=False)
    values = [
        entry
        for suite in report["suites"].values()
        for row in suite["scores"].values()
        for key, entry in row.items()
        if entry and "low" in entry and not key.startswith("ece")  # resampling lifts it
    ]

    assert len(values) > 50
    assert all(entry["low"] - 1e-9 <= entry["value"] <= entry["high"] + 1e-9 for entry in values)


def test_clean_suites_are_measured_by_false_alarms_only(report: dict[str, Any]) -> None:
    clean = report["suites"]["humaneval_pass"]["scores"]

    assert set(clean["ours"]) == {
        "false alarms per 100 above show",
        "false alarms per 100 above gate",
    }
    assert clean["ours"]["false alarms per 100 above show"]["value"] <= 1.0
    assert clean["random"] == {}


def test_wrong_and_clean_hunks_form_one_suite(report: dict[str, Any]) -> None:
    mixed = report["suites"]["ai hunks"]

    assert mixed["sets"] == ["clean_ai_hunks", "szz_ai_hunks"]
    assert mixed["base_rate"] == pytest.approx(report["suites"]["szz_ai_hunks"]["base_rate"] / 2)


def test_pooled_values_are_those_of_the_metrics_on_the_suite(table: Table) -> None:
    s_L = table.columns_LN[:, 0]
    found = evaluate(table, {"ours": s_L}, fold_L=table.row_L % 5, samples=20)
    here_L = table.set_L == "humaneval_llm"

    scores = found["suites"]["humaneval_llm"]["scores"]["ours"]

    assert scores["auroc"]["value"] == metrics.auroc(table.y_L[here_L], s_L[here_L])


def test_a_snippet_is_resampled_with_its_own_group_though_snippets_without_risk_drop_out() -> None:
    # Group 0 has no risky line; the others have 1 to 3 snippets, all right or all wrong.
    count_G, right_G = 1 + np.arange(12) % 3, np.arange(12) % 4 == 1
    group_R = np.repeat(np.arange(12), count_G)
    groups = np.char.zfill(np.repeat(group_R, 6).astype(np.str_), 2)
    y = np.tile([0, 0, 1, 0, 0, 0], len(group_R)) * (np.repeat(group_R, 6) > 0)
    score = np.where(right_G[np.repeat(group_R, 6)], 1.0, -1.0) * y
    table = made({"x": score[:, None].astype(np.float32)}, y, groups, ["s"] * len(y))

    suite = evaluate(table, {"ours": score}, fold_L=table.row_L, samples=400, seed=1)["suites"]["s"]
    weight_BG = resample(groups, samples=400, seed=1).weight_BG[:, 1:] * count_G[1:]
    expected_B = weight_BG @ right_G[1:] / weight_BG.sum(axis=1)

    found = suite["scores"]["ours"]["within auroc"]
    assert found["value"] == (count_G * right_G).sum() / count_G[1:].sum()
    assert [found["low"], found["high"]] == pytest.approx(np.percentile(expected_B, [2.5, 97.5]))


def test_corrected_lines_are_paired_but_never_ranked() -> None:
    pairs = corrected()
    s_L = np.where(pairs.is_fixed_L, 1e6, pairs.columns_LN[:, 1])

    suite = evaluate(pairs, {"ours": s_L}, fold_L=pairs.row_L % 5, samples=50)["suites"]
    scores = suite["humaneval_llm"]["scores"]["ours"]

    assert scores["paired"]["value"] == 0.0
    assert scores["auroc"]["value"] > 0.8
    assert suite["humaneval_llm"]["lines"] == (~pairs.is_fixed_L).sum()
    assert suite["humaneval_llm"]["pairs"] == {"paired": 200, "paired, one for one": 200}


def test_the_surprisal_baseline_is_the_sum_over_the_line(table: Table) -> None:
    draw = np.random.default_rng(0)
    size = (len(table), len(SURPRISAL_NAMES))
    columns = {"pad": draw.normal(size=(size[0], 2)), "surprisal": draw.normal(size=size)}
    wide = made(
        {name: part.astype(np.float32) for name, part in columns.items()},
        table.y_L,
        table.group_L,
        table.set_L,
    )

    found = baselines(wide, corrections=True)

    assert (found["surprisal"] == wide.columns_LN[:, 2]).all()
    assert "surface" not in found


def test_position_finds_a_place_in_the_snippet_that_is_always_wrong(table: Table) -> None:
    last = replace(table, y_L=table.place_L == 5)

    found = baselines(last, corrections=True)

    assert metrics.within_auroc(last.y_L, found["position"], last.row_L) == 1.0


def test_commits_can_be_resampled_in_place_of_groups(table: Table) -> None:
    few = replace(table, group_L=np.where(table.row_L % 2 == 0, "a", "b"))
    options: dict[str, Any] = {"fold_L": table.row_L % 5, "samples": 20}

    by_group = evaluate(few, {"ours": table.columns_LN[:, 0]}, **options)
    by_commit = evaluate(few, {"ours": table.columns_LN[:, 0]}, cluster="commit", **options)

    assert by_group["suites"]["ai hunks"]["resampled"] == 2
    assert by_commit["suites"]["ai hunks"]["resampled"] > 2


def test_a_missing_score_and_a_wrong_length_are_errors(table: Table) -> None:
    with pytest.raises(UsageError, match="no score is named 'ours'"):
        evaluate(table, {}, fold_L=table.row_L)
    with pytest.raises(ValueError, match="scores for"):
        evaluate(table, {"ours": np.zeros(3)}, fold_L=table.row_L)


def test_figures_are_written_with_their_interval() -> None:
    assert figure({"value": 0.7123, "low": 0.65, "high": 1.0}) == ".712 (.650 to 1.000)"
    assert figure({"value": -0.05}) == "-.050"
    assert figure({"value": -0.0001}) == ".000"
    assert figure({"value": 12.345}) == "12.3"
    assert figure(None) == "-"


def test_tables_show_every_suite_and_a_strange_name_stays_in_its_cell(
    report: dict[str, Any],
) -> None:
    suites = report["suites"] | {"a|b\n<i>": report["suites"]["ai hunks"]}

    text = markdown(report | {"suites": suites})

    assert "## szz\\_ai\\_hunks" in text
    assert "## a\\|b \\<i\\>" in text
    assert "| ours - surface |" in text
    widths = [
        {line.replace("\\|", "").count("|") for line in block.splitlines()}
        for block in text.split("\n\n")
        if block.startswith("|")
    ]
    assert widths
    assert all(len(counts) == 1 for counts in widths)
