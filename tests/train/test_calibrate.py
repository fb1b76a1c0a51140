"""Probabilities that mean what they say, and thresholds that keep their promise."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from reviewbot.core.errors import UsageError
from reviewbot.core.predictor import percentile, risks
from reviewbot.train import metrics
from reviewbot.train.calibrate import by_language, calibrate, calibrated
from reviewbot.train.calibrators import (
    by_beta,
    by_platt,
    platt,
    recalibrated,
    recalibrated_in_context,
)
from reviewbot.train.dataset import Scores, Table
from reviewbot.train.operating import threshold_for
from reviewbot.train.predictor_fit import FitResult, fit
from reviewbot.train.suites import Suites, default_suites
from tests.train.tables_made import made, planted


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
    assert report["not_measured"] == []
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
        return replace(default_suites(), clean=kinds)

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


def languages(rates: dict[str, float], *, groups: int = 30) -> tuple[FitResult, Table]:
    """Six sets of lines per language, all scored alike; risky as often as the language says."""
    draw = np.random.default_rng(0)
    lang = np.repeat(list(rates), groups * 60)
    s = draw.normal(size=len(lang))
    base = np.log([rates[name] / (1 - rates[name]) for name in lang.tolist()])
    y = draw.random(len(lang)) < 1 / (1 + np.exp(-(s + base)))
    group = np.arange(len(lang)) // 60
    blank = {"state": np.zeros((len(lang), 1), np.float32)}
    table = replace(made(blank, y, group.astype(str), ["szz_ai_hunks"] * len(lang)), lang_L=lang)
    predictor = fit(planted(), ["state"], corrections=True, cs=(1e-2,)).predictor
    return FitResult(predictor, s.astype(np.float32), group % 5, 1e-2, {}), table


def test_an_offset_per_language_helps_where_base_rates_differ_and_is_shrunk() -> None:
    result, table = languages({"python": 0.3, "rust": 0.05})

    found = by_language(table, result, samples=200)

    assert found.helps
    assert found.extra["python"] > 0.3
    assert found.extra["rust"] < -0.3
    assert (
        found.extra["python"] - found.extra["rust"] < np.log(0.3 / 0.7) - np.log(0.05 / 0.95) + 0.2
    )
    ece = found.report["languages"]["rust"]["ece"]
    assert ece["by language"] < ece["all"] / 2


def test_where_languages_do_not_differ_no_offset_is_used_and_rare_ones_have_none() -> None:
    result, table = languages({"python": 0.1, "java": 0.1, "zig": 0.005})

    found = by_language(table, result, samples=200)
    same, alike = languages({"python": 0.1, "java": 0.1})

    assert set(found.extra) == {"python", "java"}  # zig has some nine risky lines
    assert not by_language(alike, same, samples=200).helps


@pytest.mark.parametrize("above", [0.5, 0.0])
def test_beta_calibration_bends_where_platt_scaling_cannot_and_never_reorders(above: float) -> None:
    draw = np.random.default_rng(0)
    s = draw.normal(size=20_000) * 3
    # Rising up to a score of 0, then less, or not at all (there one of the two slopes is left out).
    y = draw.random(len(s)) < 1 / (1 + np.exp(-np.where(s < 0, 2 * s, above * s)))
    none = np.full(len(s), "")

    beta, straight = (learn(y, s, none)(s, none) for learn in (by_beta, by_platt))

    assert metrics.ece(y, beta) < metrics.ece(y, straight) / 2
    assert (np.diff(beta[np.argsort(s)]) >= 0).all()


def test_beta_calibration_of_a_falling_score_is_the_base_rate() -> None:
    s, none = np.linspace(-3, 3, 100), np.full(100, "")
    y = s < -1

    assert by_beta(y, s, none)(s, none) == pytest.approx(np.full(100, y.mean()), abs=0.01)


def in_snippets(spread: float) -> tuple[np.ndarray, Scores, np.ndarray]:
    """2,000 snippets of 6 lines; how risky a snippet is shows in the mean of its scores only."""
    draw = np.random.default_rng(0)
    row = np.repeat(np.arange(2_000), 6)
    level = spread * draw.normal(size=2_000)[row]
    s = level + draw.normal(size=len(row))
    y = draw.random(len(row)) < 1 / (1 + np.exp(-(3 * level + s - level - 2)))
    return y, s, row


def test_the_rest_of_the_snippet_sharpens_a_probability_only_where_it_tells_something() -> None:
    gains = []
    for spread in (1.0, 0.0):
        y, s, row = in_snippets(spread)
        fold = row % 5
        straight = metrics.brier_skill(y, recalibrated(y, s, fold))
        gains.append(metrics.brier_skill(y, recalibrated_in_context(y, s, row, fold)) - straight)

    assert gains[0] > 0.03
    assert abs(gains[1]) < 0.005


def test_a_probability_in_context_does_not_depend_on_labels_of_its_own_fold() -> None:
    y, s, row = in_snippets(1.0)
    fold = row % 5
    first = fold == 0

    before = recalibrated_in_context(y, s, row, fold, size=True)
    after = recalibrated_in_context(np.where(first, ~y, y), s, row, fold, size=True)

    assert (before[first] == after[first]).all()
    assert (before[~first] != after[~first]).any()
    assert np.isfinite(recalibrated_in_context(np.zeros_like(y), s, row, fold)).all()
