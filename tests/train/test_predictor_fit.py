"""Folds that split no group, a solver that agrees with scikit-learn, and no leak."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn.functional import softplus

from reviewbot.arrays import Array
from reviewbot.errors import UsageError
from reviewbot.scoring.predictor import Predictor, log_odds
from reviewbot.train import metrics
from reviewbot.train.dataset import Table, assign_folds, set_weights
from reviewbot.train.logistic import Problem, Solution, solve
from reviewbot.train.predictor_fit import fit, shares
from tests.train.tables_made import SETS, made, planted, with_corrections


def within(table: Table, s_L: Array) -> float:
    return metrics.within_auroc(table.y_L, s_L, table.row_L)


@pytest.mark.parametrize("folds", [2, 5])
def test_a_group_is_never_split_even_across_sets(folds: int) -> None:
    table = planted()
    shared = replace(table, group_L=np.char.replace(table.group_L, "humaneval", "szz_ai_hu"))

    fold_L = assign_folds(shared, folds, seed=0)

    assert set(fold_L.tolist()) == set(range(folds))
    for group in np.unique(shared.group_L):
        assert len(np.unique(fold_L[shared.group_L == group])) == 1


def test_every_set_is_spread_over_the_folds_as_evenly_as_its_groups_allow() -> None:
    sets = ["small"] * 5 + ["big"] * 40
    groups = [f"s{i}" for i in range(5)] + [f"b{i % 20}" for i in range(40)]
    table = made({"x": np.zeros((45, 1), np.float32)}, np.zeros(45), groups, sets)

    fold_L = assign_folds(table, 5, seed=1)

    assert sorted(fold_L[:5].tolist()) == [0, 1, 2, 3, 4]
    assert np.bincount(fold_L[5:]).tolist() == [8] * 5


def test_more_folds_than_groups_are_refused() -> None:
    with pytest.raises(UsageError, match="folds"):
        assign_folds(planted(), 200, seed=0)


def test_sets_weigh_the_same_and_so_do_their_classes() -> None:
    table = made(
        {"x": np.zeros((6, 1), np.float32)}, [1, 0, 0, 0, 0, 0], range(6), ["a"] * 4 + ["b"] * 2
    )
    everything = np.ones(6, np.bool_)

    weights = set_weights(table, everything)

    assert weights == pytest.approx([1.5, 0.5, 0.5, 0.5, 1.5, 1.5])


def test_models_fitted_together_agree_with_scikit_learn_one_by_one() -> None:
    draw = np.random.default_rng(0)
    x = (draw.normal(size=(600, 12)) * draw.uniform(0.1, 9, 12) + 5).astype(np.float32)
    y = draw.random(600) < 1 / (1 + np.exp(-(x - x.mean(0)) @ draw.normal(size=12) / 9))
    w = draw.random((600, 3)).astype(np.float32)
    centre, scale, cs = x.mean(axis=0), x.std(axis=0), np.array([0.001, 0.05, 2.0])
    solution = solve(
        Problem(
            parts=(torch.from_numpy(x)[:, :5], torch.from_numpy(x)[:, 5:]),
            y_L=y,
            weight_LM=w,
            centre_NM=np.repeat(centre[:, None], 3, axis=1),
            scale_NM=np.repeat(scale[:, None], 3, axis=1),
            penalty_M=(1 / cs).astype(np.float32),
            pairs_P2=np.zeros((0, 2), np.intp),
            pair_PM=np.zeros((0, 3), np.float32),
        ),
        tolerance=1e-5,
    )

    assert solution.converged
    for m, c in enumerate(cs):
        peer = LogisticRegression(C=c, tol=1e-10, max_iter=5_000)
        peer.fit((x - centre) / scale, y, sample_weight=w[:, m])
        np.testing.assert_allclose(solution.weight_NM[:, m], peer.coef_[0], atol=2e-3)
        odds = peer.decision_function((x - centre) / scale)
        np.testing.assert_allclose(solution.score_LM[:, m], odds, atol=1e-2)


def test_no_step_away_from_the_solution_lowers_the_loss_pairs_included() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(80, 4)).astype(np.float32)
    problem = Problem(
        parts=(torch.from_numpy(x),),
        y_L=draw.random(80) < 0.4,
        weight_LM=np.full((80, 1), 1 / 80, np.float32),
        centre_NM=np.zeros((4, 1), np.float32),
        scale_NM=np.ones((4, 1), np.float32),
        penalty_M=np.full(1, 0.1, np.float32),
        pairs_P2=draw.integers(0, 80, (30, 2)),
        pair_PM=np.full((30, 1), 1 / 30, np.float32),
    )
    found = solve(problem, tolerance=1e-6)
    best = log_loss(problem, found)[0]

    for n, step in product(range(4), (-0.05, 0.05)):
        weight_NM, score_LM = found.weight_NM.copy(), found.score_LM.copy()
        weight_NM[n] += step
        score_LM[:, 0] += step * x[:, n]
        moved = replace(found, weight_NM=weight_NM, score_LM=score_LM)
        assert log_loss(problem, moved)[0] > best


def test_a_planted_signal_is_found_and_the_predictor_repeats_the_score() -> None:
    table = planted()

    result = fit(table, ["state"], corrections=True, cs=(1e-3, 1e-1))

    assert within(table, result.oof_L) > 0.85
    assert np.abs(result.predictor.weight_N).argmax() == 0
    assert result.predictor.groups == {"state": 8}
    again = log_odds(result.predictor, table.columns_LN[:, :8])
    assert np.corrcoef(again, result.oof_L)[0, 1] > 0.99
    assert result.report["converged"]


def test_shuffled_labels_give_one_half() -> None:
    table = planted(snippets=1_000)
    shuffled = replace(table, y_L=np.random.default_rng(0).permutation(table.y_L))

    result = fit(shuffled, ["state", "surface"], corrections=True)

    assert within(shuffled, result.oof_L) == pytest.approx(0.5, abs=0.04)
    assert metrics.auroc(shuffled.y_L, result.oof_L) == pytest.approx(0.5, abs=0.04)


def test_a_column_that_only_names_the_group_is_not_rewarded() -> None:
    draw = np.random.default_rng(0)
    group_L = np.repeat(np.arange(60), 30)
    rate_G = draw.permutation(np.linspace(0.02, 0.6, 60))
    y = draw.random(1_800) < rate_G[group_L]
    names = np.eye(60, dtype=np.float32)[group_L]
    table = made({"names": names}, y, group_L, ["a"] * 1_800)

    honest = fit(table, ["names"], corrections=True, cs=(1.0,)).oof_L
    split = replace(table, group_L=np.arange(1_800).astype(np.str_))
    leaking = fit(split, ["names"], corrections=True, cs=(1.0,)).oof_L

    assert metrics.auroc(y, leaking) > 0.7
    assert metrics.auroc(y, honest) < 0.6


def test_standardisation_never_sees_the_fold_left_out() -> None:
    table = planted()
    first = fit(table, ["state"], corrections=True, cs=(1e-2,))
    spoiled_L = first.fold_L == 0
    columns = table.columns_LN.copy()
    columns[spoiled_L] = 1e3 * columns[spoiled_L] + 500
    y = np.where(spoiled_L, ~table.y_L, table.y_L)

    second = fit(replace(table, columns_LN=columns, y_L=y), ["state"], corrections=True, cs=(1e-2,))

    # The model of fold 0 is the same, so its scores are the same function of the new columns.
    slope, *_ = np.polyfit(columns[spoiled_L, 0], second.oof_L[spoiled_L], 1)
    before, *_ = np.polyfit(table.columns_LN[spoiled_L, 0], first.oof_L[spoiled_L], 1)
    assert slope == pytest.approx(before, rel=0.05)


def test_a_feature_that_hardly_ever_fires_does_not_explode() -> None:
    table = planted()
    rare = np.zeros((len(table), 2), np.float32)
    rare[:, 0] = np.random.default_rng(0).normal(size=len(table))
    rare[7, 1] = 1.0
    lone = made({"sae": rare}, table.y_L, table.group_L, table.set_L)

    scale = fit(lone, ["sae"], corrections=True, cs=(1e-3,)).predictor.scale_N

    assert scale[1] > 0.05  # its own deviation is 0.02


def corrected(seed: int = 0) -> Table:
    """Column 0 says what kind of line it is, column 1 whether it is wrong: what a fix changes."""
    draw = np.random.default_rng(seed)
    snippets = 200
    wrong = draw.normal(size=(snippets * 6, 3)).astype(np.float32)
    y = np.arange(snippets * 6) % 6 == 2
    wrong[y, 0] += 3
    wrong[:, 1] *= 0.3
    fixed = wrong[y].copy()
    wrong[y, 1] += 0.5
    groups = [f"g{i // 6 % 40}" for i in range(len(y))]
    return with_corrections(made({"x": wrong}, y, groups, ["humaneval_llm"] * len(y)), fixed)


def test_corrections_and_pairs_teach_wrong_from_right() -> None:
    table = corrected()

    def ratio_of(**options: object) -> tuple[float, float]:
        result = fit(table, ["x"], cs=(1.0,), **options)  # type: ignore[arg-type]
        weights = np.abs(result.predictor.weight_N / result.predictor.scale_N)
        return float(weights[1] / weights[0]), result.report["by_c"][0]["paired"]

    without, _ = ratio_of(corrections=False)
    with_them, _ = ratio_of(corrections=True)
    paired, accuracy = ratio_of(corrections=True, pairwise=5.0)

    assert without < with_them < paired
    assert accuracy == 1.0


def test_sets_left_out_of_training_are_scored_but_teach_nothing() -> None:
    table = planted()
    upside_down = replace(table, y_L=np.where(table.set_L == "szz_ai_hunks", ~table.y_L, table.y_L))
    used = ["humaneval_llm", "humaneval_pass"]

    result = fit(upside_down, ["state"], corrections=True, cs=(1e-2,), train_sets=used)

    here_L = table.set_L == "szz_ai_hunks"
    assert metrics.auroc(table.y_L[here_L], result.oof_L[here_L]) > 0.85
    assert set(result.report["by_c"][0]["within auroc"]) == {"humaneval_llm"}


def test_the_report_says_what_chose_c() -> None:
    report = fit(planted(), ["state"], corrections=True, cs=(1e-6, 1e-2)).report

    assert report["c"] == 1e-2 or report["by_c"][0]["criterion"] >= report["by_c"][1]["criterion"]
    assert set(report["by_c"][0]["within auroc"]) == {"humaneval_llm", "szz_ai_hunks"}
    assert set(report["by_c"][0]["pooled auroc"]) == {"ai hunks"}
    assert len(report["choice_without_fold"]) == 5
    assert report["c_at_edge"] is True


@pytest.mark.parametrize(
    ("groups", "sets", "words"),
    [
        (["stat"], None, "no column group is named 'stat'"),
        (["state"], ["nothing"], "no set is named"),
        (["state"], [SETS[1]], "one class"),
    ],
)
def test_wrong_names_and_labels_of_one_class_are_usage_errors(
    groups: list[str], sets: list[str] | None, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        fit(planted(), groups, corrections=True, train_sets=sets)


def test_a_column_that_holds_nan_is_refused() -> None:
    table = planted(snippets=8)

    with pytest.raises(ValueError, match="NaN"):
        fit(replace(table, columns_LN=table.columns_LN * np.nan), ["state"], corrections=True)


def two_groups(state: float, surface: float) -> Predictor:
    """Weights on the first column of each group only; the order is not the table's."""
    weight_N = np.zeros(11, np.float32)
    weight_N[0], weight_N[3] = surface, 2 * state
    scale_N = np.ones(11, np.float32)
    scale_N[3] = 2
    return Predictor(
        groups={"surface": 3, "state": 8},
        centre_N=np.full(11, 5, np.float32),
        scale_N=scale_N,
        weight_N=weight_N,
        bias=7.0,
        slope=1.0,
        offset=0.0,
        reference_Q=np.zeros(1, np.float32),
    )


def test_independent_parts_share_a_score_by_their_variance_without_corrected_lines() -> None:
    table = planted()
    wild_LN = table.columns_LN.copy()
    wild_LN[::2] *= 100
    half_L = np.arange(len(table)) % 2 == 0

    for one in (table, replace(table, columns_LN=wild_LN, is_fixed_L=half_L)):
        found = shares(one, two_groups(state=2.0, surface=1.0))
        assert list(found) == ["surface", "state"]
        assert sum(found.values()) == pytest.approx(1)
        assert found["state"] == pytest.approx(0.8, abs=0.03)
    assert shares(table, two_groups(0.0, 0.0)) == {"surface": 0.0, "state": 0.0}  # never changes


def log_loss(problem: Problem, solution: Solution) -> Array:
    """Return each model's loss with its penalty, (M,)."""
    sign_L1 = torch.as_tensor(np.where(problem.y_L, 1.0, -1.0))[:, None]
    score_LM = torch.as_tensor(solution.score_LM, dtype=torch.float64)
    loss_M = (torch.as_tensor(problem.weight_LM) * softplus(-sign_L1 * score_LM)).sum(dim=0)
    margin_PM = score_LM[problem.pairs_P2[:, 0]] - score_LM[problem.pairs_P2[:, 1]]
    loss_M = loss_M + (torch.as_tensor(problem.pair_PM) * softplus(-margin_PM)).sum(dim=0)
    squares_M = (solution.weight_NM.astype(np.float64) ** 2).sum(axis=0)
    return np.asarray(loss_M.numpy() + problem.penalty_M * squares_M / 2, np.float32)
