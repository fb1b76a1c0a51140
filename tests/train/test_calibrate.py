"""Probabilities that mean what they say, and thresholds that keep their promise."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from reviewbot.errors import UsageError
from reviewbot.scoring.predictor import percentile, risks
from reviewbot.train import metrics
from reviewbot.train.calibrate import calibrate, calibrated, platt, recalibrated
from reviewbot.train.operating import threshold_for
from reviewbot.train.predictor_fit import fit
from reviewbot.train.suites import Suites, chosen_suites
from tests.train.tables_made import planted


def test_platt_scaling_agrees_with_unpenalised_logistic_regression_on_many_lines() -> None:
    draw = np.random.default_rng(0)
    s = draw.normal(size=20_000) * 3 + 7
    y = draw.random(20_000) < 1 / (1 + np.exp(-(0.5 * s - 5)))
    peer = LogisticRegression(C=np.inf).fit(s[:, None], y)

    slope, offset = platt(y, s)

    assert slope == pytest.approx(peer.coef_[0, 0], rel=0.01)
    assert offset == pytest.approx(peer.intercept_[0], rel=0.01)


def test_scores_that_separate_the_classes_keep_a_finite_slope() -> None:
    slope, offset = platt(np.arange(10) > 6, np.arange(10.0))

    assert 0 < slope < 100
    assert np.isfinite(offset)


def test_blamed_lines_that_nobody_read_count_by_their_probability() -> None:
    table = planted(snippets=1_200)
    unread = replace(
        table, read_L=~table.y_L, weight_L=np.where(table.y_L, 0.3, 1.0).astype(np.float32)
    )
    _, read = calibrate(table, fit(table, ["state"], corrections=True, cs=(1e-2,)))
    result = fit(unread, ["state"], corrections=True, cs=(1e-2,))
    predictor, report = calibrate(unread, result)

    assert (read["platt"]["read"], report["platt"]["read"]) == (True, False)
    assert report["platt"]["base_rate"] == pytest.approx(0.3 * read["platt"]["base_rate"])
    hunks_L = np.isin(table.set_L, ["szz_ai_hunks", "clean_ai_hunks"])
    mean = calibrated(predictor, result.oof_L)[hunks_L].mean()
    assert mean == pytest.approx(0.3 * table.y_L[hunks_L].mean(), rel=0.1)


def test_a_threshold_lets_through_no_more_than_its_rate_even_with_ties() -> None:
    p = np.array([0.9, 0.8, 0.8, 0.1] + [0.05] * 96)

    assert threshold_for(p, 0.01) == 0.8
    assert threshold_for(p, 0.001) == 0.9
    for rate in (0.001, 0.01, 0.02, 0.03, 0.5, 1.0):
        assert (p > threshold_for(p, rate)).mean() <= rate


def test_the_predictor_is_completed_and_its_thresholds_hold_on_every_kind_of_clean_code() -> None:
    table = planted(snippets=1_200)
    result = fit(table, ["state"], corrections=True, cs=(1e-2,))

    predictor, report = calibrate(table, result)

    assert predictor.slope > 0
    assert len(predictor.reference_Q) == 1_001
    assert (np.diff(predictor.reference_Q) >= 0).all()
    risk_L = calibrated(predictor, result.oof_L)
    hunks_L = np.isin(table.set_L, ["szz_ai_hunks", "clean_ai_hunks"])
    assert risk_L[hunks_L].mean() == pytest.approx(table.y_L[hunks_L].mean(), abs=0.01)
    assert metrics.ece(table.y_L[hunks_L], risk_L[hunks_L]) < 0.03
    assert percentile(predictor, float(np.median(risk_L[hunks_L]))) == pytest.approx(50, abs=0.5)
    for name, rate in (("show", 0.01), ("gate", 0.001)):
        threshold = report["thresholds"][name]["risk"]
        for clean in ("clean_ai_hunks", "humaneval_pass"):
            assert (risk_L[table.set_L == clean] > threshold).mean() <= rate
    assert report["thresholds"]["gate"]["risk"] >= report["thresholds"]["show"]["risk"]
    assert report["not_measured"] == ["survived changes"]
    # The shipped predictor works on columns, as scoring will use it.
    assert risks(predictor, table.columns_LN[:, :8]).shape == (len(table),)


def test_a_score_that_falls_with_the_label_is_not_shipped() -> None:
    table = planted()
    result = fit(table, ["state"], corrections=True, cs=(1e-2,))

    with pytest.raises(UsageError, match="does not rise"):
        calibrate(table, replace(result, oof_L=-result.oof_L))


def test_missing_clean_code_is_an_error_and_a_missing_kind_is_named() -> None:
    table = planted()
    result = fit(table, ["state"], corrections=True, cs=(1e-2,))

    def clean(**kinds: tuple[str, ...]) -> Suites:
        return replace(chosen_suites(table), clean=kinds)

    _, report = calibrate(table, result, suites=clean(a=("clean_ai_hunks",), b=("absent",)))
    assert report["not_measured"] == ["b"]
    with pytest.raises(UsageError, match="clean code"):
        calibrate(table, result, suites=clean(b=("absent",)))


def test_what_is_shipped_is_the_bounded_threshold_unless_no_confidence_is_asked_for() -> None:
    table = planted(snippets=1_200)
    result = fit(table, ["state"], corrections=True, cs=(1e-2,))

    _, bounded = calibrate(table, result, confidence=0.9)
    _, plain = calibrate(table, result)

    show = bounded["thresholds"]["show"]
    assert show["risk"] > show["quantile"] == plain["thresholds"]["show"]["risk"]
    assert not show["stated"]  # 20 groups per kind
    assert (bounded["rule"][:7], plain["rule"][:14]) == ("bounded", "plain quantile")
    assert bounded["suites"]["inferred"] == ()
    json.dumps(bounded, allow_nan=False)


def test_sets_of_other_names_are_calibrated_on_and_the_report_says_what_was_guessed() -> None:
    table = planted(snippets=1_200)
    mine = replace(table, set_L=np.char.add("my_", table.set_L))
    result = fit(mine, ["state"], corrections=True, cs=(1e-2,))

    _, report = calibrate(mine, result)

    assert report["suites"]["inferred"] == ("hunks", "clean")
    assert report["platt"]["lines"] == len(mine)
    assert set(report["thresholds"]["show"]["by_kind"]) == {
        "my_clean_ai_hunks",
        "my_humaneval_pass",
    }


def test_recalibration_of_noise_has_no_skill_and_of_a_signal_has() -> None:
    table = planted(snippets=1_000)
    here_L = table.set_L == "humaneval_llm"
    y, fold = table.y_L[here_L], np.arange(here_L.sum()) % 5
    noise = np.random.default_rng(0).normal(size=len(y))

    assert metrics.brier_skill(y, recalibrated(y, noise, fold)) < 0.01
    assert metrics.brier_skill(y, recalibrated(y, table.columns_LN[here_L, 0], fold)) > 0.2
