"""The model beside its baselines, on the same lines and the same resamples."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reviewbot.train import metrics
from reviewbot.train.bootstrap import resample
from reviewbot.train.dataset import Table
from reviewbot.train.evaluate import FIGURES, evaluate, markdown, untrained
from reviewbot.train.predictor_fit import fit
from tests.train.tables_made import made, planted


@pytest.fixture(scope="module")
def table() -> Table:
    return planted(snippets=600)


@pytest.fixture(scope="module")
def report(table: Table) -> dict[str, Any]:
    result = fit(table, ["state"], corrections=True, cs=(1e-2,))
    surface = fit(table, ["surface"], corrections=True, cs=(1e-2,))
    scores = {"model": result.oof_L, **untrained(table), "surface": surface.oof_L}
    return evaluate(table, scores, result.fold_L, samples=200)


def test_a_telling_model_beats_every_baseline_clear_of_their_intervals(
    report: dict[str, Any],
) -> None:
    model, random, surface = (report["scores"][name] for name in ("model", "random", "surface"))

    assert list(report["scores"]) == ["model", "random", "length", "surface"]
    assert model["auroc"]["low"] > 0.75
    assert random["auroc"]["value"] == 0.5
    assert surface["auroc"]["high"] < 0.6 < model["auroc"]["low"]
    assert model["brier skill"]["low"] > 0.02 > surface["brier skill"]["high"]
    assert model["top-5"]["value"] >= model["top-1"]["value"] > random["top-1"]["high"]


def test_every_value_is_within_its_interval_and_the_report_is_json(report: dict[str, Any]) -> None:
    json.dumps(report, allow_nan=False)
    entries = [
        entry
        for row in report["scores"].values()
        for name, entry in row.items()
        if name != "ece"  # resampling raises it
    ]

    assert len(entries) == 4 * (len(FIGURES) - 1)
    assert all(one["low"] - 1e-9 <= one["value"] <= one["high"] + 1e-9 for one in entries)


def test_corrected_lines_are_not_ranked_and_figures_are_those_of_the_metrics(table: Table) -> None:
    s_L = table.columns_LN[:, 0]
    marked = replace(table, is_fixed_L=(table.place_L == 0) & ~table.y_L)
    line_L = ~marked.is_fixed_L

    found = evaluate(marked, {"model": s_L}, table.row_L % 5, samples=20)

    assert found["lines"] == line_L.sum()
    assert found["scores"]["model"]["auroc"]["value"] == metrics.auroc(
        table.y_L[line_L], s_L[line_L]
    )


def test_a_snippet_is_resampled_with_its_own_group_though_snippets_without_risk_drop_out() -> None:
    # Group 0 has no risky line; the others have 1 to 3 snippets, all right or all wrong.
    count_G, right_G = 1 + np.arange(12) % 3, np.arange(12) % 4 == 1
    group_R = np.repeat(np.arange(12), count_G)
    groups = np.char.zfill(np.repeat(group_R, 6).astype(np.str_), 2)
    y = np.tile([0, 0, 1, 0, 0, 0], len(group_R)) * (np.repeat(group_R, 6) > 0)
    score = np.where(right_G[np.repeat(group_R, 6)], 1.0, -1.0) * y
    table = made({"x": score[:, None].astype(np.float32)}, y, groups, ["s"] * len(y))

    found = evaluate(table, {"model": score}, table.row_L % 5, samples=400, seed=1)["scores"]
    weight_BG = resample(groups, samples=400, seed=1).weight_BG[:, 1:] * count_G[1:]
    expected_B = weight_BG @ right_G[1:] / weight_BG.sum(axis=1)

    top = found["model"]["top-1"]
    assert top["value"] == (count_G * right_G).sum() / count_G[1:].sum()
    assert [top["low"], top["high"]] == pytest.approx(np.percentile(expected_B, [2.5, 97.5]))


def test_without_a_risky_line_figures_are_null_and_the_table_shows_a_dash(table: Table) -> None:
    clean = replace(table, y_L=np.zeros(len(table), np.bool_))

    found = evaluate(clean, untrained(clean), table.row_L % 5, samples=5)

    assert found["scores"]["length"]["auroc"] == {"value": None, "low": None, "high": None}
    assert "| length | - | - | - |" in markdown(found)


def test_the_table_has_a_row_per_score_with_intervals(report: dict[str, Any]) -> None:
    rows = [line for line in markdown(report).splitlines() if line.startswith("|")]

    assert rows[0] == f"| score | {' | '.join(FIGURES)} |"
    assert [row.split(" | ")[0] for row in rows[2:]] == [
        "| model",
        "| random",
        "| length",
        "| surface",
    ]
    entry = report["scores"]["model"]["auroc"]
    assert f"| {entry['value']:.3f} ({entry['low']:.3f} to {entry['high']:.3f}) |" in rows[2]
