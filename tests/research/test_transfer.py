"""Every cell is scored by models that saw nothing of its groups; what cannot be learnt is named."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from research.transfer_measures import (
    METRICS,
    csv_rows,
    measured,
    transfer,
    unit_names,
)
from reviewbot.errors import UsageError
from reviewbot.train import metrics
from reviewbot.train.bootstrap import resample
from reviewbot.train.dataset import Table
from reviewbot.train.predictor_fit import FitResult, fit
from reviewbot.train.stages import fit_stages
from tests.train.tables_made import made
from tests.train.test_predictor_fit import corrected
from tests.train.test_stages import GROUPS, versions

CS = (1e-2,)


def opposed(*names: str) -> Table:
    """Sets of 60 snippets: in "up" a high column is risky, in "down" a low one; "calm" none."""
    draw = np.random.default_rng(0)
    sets = np.repeat(names or ("up", "down", "calm"), 360)
    x = draw.normal(size=(len(sets), 2)).astype(np.float32)
    sign = np.where(sets == "up", 1.0, -1.0)
    y = (sign * x[:, 0] > 0.8) & (sets != "calm")
    groups = [f"{name}{i // 6 % 20}" for i, name in enumerate(sets)]
    return made({"x": x}, y, groups, sets)


def test_what_one_set_teaches_holds_on_itself_and_turns_round_on_its_opposite() -> None:
    found = transfer(opposed(), ["x"], cs=CS, samples=50)

    cells = found["cells"]
    assert cells["up"]["up"]["within auroc"]["low"] > 0.9
    assert cells["up"]["down"]["within auroc"]["high"] < 0.1
    assert cells["down"]["down"]["auroc"]["value"] > 0.9
    assert cells["up"]["up"]["within auroc"]["groups"] == 20
    assert cells["up"]["calm"] == dict.fromkeys(METRICS)
    assert found["skipped"] == {"calm": "its lines are all of one class"}
    json.dumps(found, allow_nan=False)


def test_the_diagonal_is_the_cross_validation_of_the_set_by_itself() -> None:
    alone = opposed("up")

    cell = transfer(alone, ["x"], cs=CS, samples=50)["cells"]["up"]["up"]
    oof_L = fit(alone, ["x"], corrections=True, cs=CS).oof_L

    expected = metrics.within_auroc(alone.y_L, oof_L, alone.row_L)
    assert cell["within auroc"]["value"] == pytest.approx(expected)
    assert cell["auroc"]["value"] == pytest.approx(metrics.auroc(alone.y_L, oof_L))


def test_groups_of_blocks_are_fitted_as_everywhere_else() -> None:
    table = versions()

    found = transfer(table, GROUPS, cs=CS, block_share=2.0, samples=20)
    both = fit_stages(table, GROUPS, corrections=True, cs=CS, block_share=2.0)
    alone = transfer(table, ["state"], cs=CS, samples=20)

    paired, within = METRICS[1], METRICS[0]
    cell, plain = (made["cells"]["humaneval_llm"]["humaneval_llm"] for made in (found, alone))
    _, win_B = metrics.paired(both.oof_L, table.pairs_P2, table.block_P)
    assert cell[paired]["value"] == pytest.approx(win_B.mean(), abs=0.01)
    assert plain[paired]["value"] < 0.5 < 0.8 < cell[paired]["value"]
    assert cell[within]["value"] == plain[within]["value"]
    assert found["fits"]["humaneval_llm"]["blocks"]["c"] == both.report["blocks"]["c"]


def test_a_group_that_both_sides_share_is_left_out_of_training() -> None:
    # Each group has a column of its own, random labels, and the same lines in both sets: only who
    # has seen the group could rank them. All other scores are equal but for rounding, so they rank
    # by chance; with ten groups, chance alone moved the figures by .2 between processors.
    draw = np.random.default_rng(0)
    own = np.kron(np.eye(80), np.ones((12, 1))) * draw.normal(size=(960, 1))
    twice = np.tile(own, (2, 1)).astype(np.float32)
    y = np.tile(own.sum(axis=1) > 0.7, 2)
    groups = np.tile(np.repeat([f"g{i}" for i in range(80)], 12), 2)
    shared = made({"x": twice}, y, groups, np.repeat(["a", "b"], 960))
    apart = replace(shared, group_L=np.char.add(shared.set_L, shared.group_L))

    kept = transfer(shared, ["x"], cs=(1.0,), samples=20)["cells"]["a"]["b"]["within auroc"]
    leaked = transfer(apart, ["x"], cs=(1.0,), samples=20)["cells"]["a"]["b"]["within auroc"]

    assert kept["value"] == pytest.approx(0.5, abs=0.1)
    assert leaked["value"] > 0.75


def test_pairs_are_measured_with_their_groups() -> None:
    table = corrected()
    # The wrong version is the shorter one in 150 of 200 pairs.
    chars_L = np.where(table.is_fixed_L, 50, np.where(table.row_L % 4 == 3, 60, 40))
    table = replace(table, chars_L=chars_L)
    part_L = np.ones(len(table), np.bool_)
    draws = resample(table.group_L, samples=50)

    found = measured(table, table.columns_LN[:, 1], part_L, draws)
    short = measured(table, -chars_L.astype(np.float32), part_L, draws)

    for key in METRICS[1:3]:
        entry = found[key]
        assert entry is not None
        assert (entry["value"], entry["count"], entry["groups"]) == (1.0, 200, 40)
    values = [(short[key] or {})["value"] for key in METRICS[1:3]]
    assert values == [0.75, 0.5]


def test_languages_are_units_and_their_sets_weigh_the_same() -> None:
    table = opposed()
    table = replace(table, lang_L=np.where(table.set_L == "down", "go", "python"))

    found = transfer(table, ["x"], by="lang", cs=CS, samples=20)

    assert found["units"] == ["go", "python"]
    assert found["cells"]["python"]["go"]["within auroc"]["high"] < 0.1
    assert found["skipped"] == {}


def test_sets_that_only_teach_together_make_one_unit_where_all_are_there() -> None:
    sets = np.array(["a", "b", "c"])

    assert unit_names(sets, {"ab": ("a", "b")}).tolist() == ["ab", "ab", "c"]
    assert unit_names(sets, {"ad": ("a", "d")}).tolist() == ["a", "b", "c"]


def test_figures_are_rows_and_a_pair_that_cannot_be_measured_has_none() -> None:
    entry = {"value": 0.7, "low": 0.6, "high": 0.8, "groups": 9, "count": 30}
    row: dict[str, dict[str, Any]] = {"a": {"auroc": entry}, "b,c": {"auroc": None}}
    empty: dict[str, Any] = dict.fromkeys(METRICS)
    cells = {unit: {name: empty | row[name] for name in row} for unit in row}

    assert csv_rows({"lang": {"units": ["a", "b,c"], "cells": cells}}).splitlines() == [
        "by,metric,trained on,tested on,groups,value,value low,value high",
        "lang,auroc,a,a,9,0.700,0.600,0.800",
        'lang,auroc,"b,c",a,9,0.700,0.600,0.800',
    ]


def test_one_unit_that_cannot_be_fitted_is_named_and_the_others_are_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails_on_the_first(*args: Any, **more: Any) -> FitResult:
        if more["train_sets"] == ["unit 1"]:
            raise UsageError("the fit gave scores that are no numbers", fix="give more rows")
        return fit_stages(*args, **more)

    monkeypatch.setattr("research.transfer_measures.fit_stages", fails_on_the_first)
    found = transfer(opposed(), ["x"], cs=CS, samples=20)

    assert found["skipped"]["down"] == "the fit gave scores that are no numbers"
    assert set(found["cells"]) == {"up"}


def test_a_request_without_sense_is_refused() -> None:
    with pytest.raises(UsageError):
        transfer(opposed(), ["x"], cs=CS, boost={"y": 2.0})
