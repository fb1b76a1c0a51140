"""What is shipped is worth what it does on folds that it did not see."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reviewbot.arrays import Array
from reviewbot.errors import UsageError
from reviewbot.train.bootstrap import calibration, figure, resample
from reviewbot.train.dataset import Table, assign_folds
from reviewbot.train.nested import nested
from reviewbot.train.operating import threshold_for
from reviewbot.train.suites import chosen_suites
from tests.train.tables_made import made

CURVE = (0.01, 0.05, 0.2)
SETS = ["szz_ai_hunks", "clean_ai_hunks", "humaneval_pass"]


def scored(seed: int = 0) -> tuple[Table, Array]:
    """60 groups per set; scores tell risky lines from others, more or less."""
    draw = np.random.default_rng(seed)
    sets = np.repeat(SETS, 60 * 30)
    group = np.char.add(np.char.add(sets, "-"), (np.arange(len(sets)) // 30).astype(str))
    s = draw.normal(size=len(sets)).astype(np.float32)
    y = (draw.random(len(sets)) < 1 / (1 + np.exp(-(2 * s - 2)))) & (sets == "szz_ai_hunks")
    return made({"state": s[:, None]}, y, group, sets), s


def test_a_fold_whose_clean_lines_stand_out_moves_every_threshold_but_its_own() -> None:
    table, s = scored()
    fold = assign_folds(table, 5, 0)
    odd = (fold == 2) & (table.set_L == "humaneval_pass")
    leaked = np.where(odd, s + 50, s)

    options: dict[str, Any] = {"confidence": 0.9, "samples": 20}
    plain, _ = nested(table, s, fold, chosen_suites(table), **options)
    found, _ = nested(table, leaked, fold, chosen_suites(table), **options)

    for name in ("show", "gate", "show, quantile", "gate, quantile"):
        before, after = (each["points"][name]["risk by fold"] for each in (plain, found))
        assert after[2] == before[2]
        assert all(after[k] > before[k] for k in (0, 1, 3, 4))
    # A threshold that had seen the fold would let hardly any of its lines through.
    assert threshold_for(leaked[table.set_L == "humaneval_pass"], 0.01) > 45
    alarms = found["points"]["show"]["false alarms per 100"]["passing programs"]["value"]
    assert alarms == pytest.approx(100 * odd.sum() / (table.set_L == "humaneval_pass").sum(), abs=1)


def test_labels_of_a_fold_change_what_is_learnt_for_all_folds_but_its_own() -> None:
    table, s = scored()
    fold = assign_folds(table, 5, 0)
    turned_L = (fold == 0) & (table.set_L == SETS[0])
    turned = replace(table, y_L=np.where(turned_L, ~table.y_L, table.y_L))

    plain, found = (
        nested(each, s, fold, chosen_suites(table), samples=20)[0] for each in (table, turned)
    )

    before, after = (each["points"]["show"]["risk by fold"] for each in (plain, found))
    assert after[0] == before[0]
    assert all(after[k] != before[k] for k in (1, 2, 3, 4))


def test_a_telling_score_finds_lines_at_few_false_alarms_and_everything_is_json() -> None:
    table, s = scored()

    found, p_L = nested(
        table, s, assign_folds(table, 5, 0), chosen_suites(table), curve=CURVE, samples=100
    )

    json.dumps(found, allow_nan=False)
    recalls = [entry["recall"]["ai hunks"]["value"] for entry in found["curve"].values()]
    assert recalls == sorted(recalls)
    assert recalls[-1] > 0.5
    one = found["curve"]["0.01"]
    assert 0 < one["false alarms per 100"]["passing programs"]["value"] < 2
    assert one["precision"]["szz_ai_hunks"]["value"] > 0.8
    assert found["unstated"]["gate"]  # 48 groups are too few for it
    hunks_L = table.set_L != "humaneval_pass"
    draws = resample(table.group_L[hunks_L], samples=100)
    values = calibration(draws, table.group_L[hunks_L], table.y_L[hunks_L], p_L[hunks_L])
    skill, ece = (figure(draws, *values[name]) for name in ("brier skill", "ece"))
    assert skill["low"] is not None
    assert skill["low"] > 0.05
    assert ece["value"] is not None
    assert ece["value"] < 0.05


def test_without_a_clean_line_outside_some_fold_nothing_can_be_measured() -> None:
    table, s = scored()
    fold = np.where(table.y_L | (table.set_L == SETS[0]), 0, 1)

    with pytest.raises(UsageError, match="without fold 1 no line"):
        nested(table, s, fold, chosen_suites(table))


def test_the_rule_that_ships_is_the_one_measured_and_a_bound_is_never_below_the_quantile() -> None:
    table, s = scored()
    fold = assign_folds(table, 5, 0)

    plain, bounded = (
        nested(
            table, s, fold, chosen_suites(table), samples=20, confidence=confidence, curve=CURVE
        )[0]
        for confidence in (None, 0.9)
    )

    assert set(plain["points"]) == {"show", "gate"}
    quantiles = bounded["points"]["show, quantile"]
    assert plain["points"]["show"] == quantiles
    bounds = bounded["points"]["show"]["risk by fold"]
    assert all(b > q for b, q in zip(bounds, quantiles["risk by fold"], strict=True))
    assert [quantiles["rate"], plain["curve"]["0.05"]["rate"]] == [0.01, 0.05]
