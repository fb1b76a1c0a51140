"""PtTrust-R's ranker, on lines with a planted signal."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from research.pttrust.ranker import Lesson, RankerConfig, predict, train
from research.pttrust.scores import codes, lessons, relevance, scores
from reviewbot.arrays import Array, Indices
from reviewbot.errors import ArtifactError, UsageError
from reviewbot.scoring.sae import SparseCoder
from reviewbot.train import metrics
from reviewbot.train.dataset import Table, assign_folds
from tests.train.tables_made import made
from tests.train.test_sae import stay_on_one_thread  # noqa: F401 - a fixture

# No faster: at a rate of 1e-2, rounding grows until inputs changed by 3e-7 move a score by 0.99.
QUICK = RankerConfig(epochs=12, batch=8, learning_rate=1e-3)


def programs(*, shuffled: bool = False, seed: int = 0, snippets: int = 120) -> tuple[Array, Table]:
    """Six lines each, one of them wrong: the one with most of feature 3. Twenty groups."""
    draw = np.random.default_rng(seed)
    code_LF = (draw.random((6 * snippets, 16)) * 4).astype(np.float32)
    y_RL = np.zeros((snippets, 6), np.bool_)
    told = draw.random((snippets, 6)) if shuffled else code_LF[:, 3].reshape(snippets, 6)
    y_RL[np.arange(snippets), told.argmax(axis=1)] = True
    groups = np.repeat([f"g{i % 20}" for i in range(snippets)], 6)
    table = made({"none": np.zeros((6 * snippets, 1), np.float32)}, y_RL.ravel(), groups, "mine")
    return code_LF, replace(table, set_L=np.full(len(table), "mine"))


def within(table: Table, score_L: Array) -> float:
    return metrics.within_auroc(table.y_L, score_L, table.row_L)


def test_a_planted_direction_is_found_on_groups_held_back() -> None:
    code_LF, table = programs()
    score_L = scores(code_LF, table, assign_folds(table, 3, 0), config=QUICK)

    assert within(table, score_L) > 0.85
    assert 0 <= score_L.min() < score_L.max() <= 1


def test_shuffled_labels_give_chance() -> None:
    code_LF, table = programs(shuffled=True)
    score_L = scores(code_LF, table, assign_folds(table, 3, 0), config=QUICK)

    assert 0.4 < within(table, score_L) < 0.6  # 120 snippets: two deviations are about 0.06


def test_a_line_is_scored_by_a_model_that_never_saw_its_fold() -> None:
    code_LF, table = programs(snippets=40)
    fold_L = assign_folds(table, 2, 0)
    before_L = scores(code_LF, table, fold_L, config=QUICK)
    flipped_L = np.where(fold_L == 0, np.roll(table.y_L, 1), table.y_L)
    after_L = scores(code_LF, replace(table, y_L=flipped_L), fold_L, config=QUICK)

    np.testing.assert_allclose(after_L[fold_L == 0], before_L[fold_L == 0], atol=1e-4)
    assert np.abs(after_L - before_L)[fold_L == 1].max() > 0.01


def test_the_same_seed_gives_the_same_scores_and_another_seed_others() -> None:
    code_LF, table = programs(snippets=40)
    fold_L = assign_folds(table, 2, 0)
    first_L, again_L, other_L = (
        scores(code_LF, table, fold_L, seed=seed, config=QUICK) for seed in (3, 3, 4)
    )

    assert first_L.tobytes() == again_L.tobytes()
    assert first_L.tobytes() != other_L.tobytes()


def test_corrections_and_sound_programs_are_scored_but_teach_nothing() -> None:
    code_LF, table = programs(snippets=40)
    fold_L = assign_folds(table, 2, 0)
    idle_L = table.row_L >= 30
    sound = replace(table, y_L=table.y_L & ~idle_L)
    fixed = replace(table, y_L=table.y_L & ~idle_L, is_fixed_L=idle_L)
    other_LF = np.where(idle_L[:, None], code_LF[::-1], code_LF)
    sound_L, fixed_L, other_L = (
        scores(code, made_of, fold_L, config=QUICK)
        for code, made_of in ((code_LF, sound), (code_LF, fixed), (other_LF, sound))
    )

    assert sound_L.tobytes() == fixed_L.tobytes()
    assert np.ptp(sound_L[idle_L]) > 0.01
    assert sound_L[~idle_L].tobytes() == other_L[~idle_L].tobytes()
    assert lessons(sound, idle_L, table.length_L) == []


def test_models_side_by_side_learn_what_each_would_learn_alone() -> None:
    code_LF, table = programs(snippets=30)
    every = lessons(table, np.ones(len(table), np.bool_), table.length_L)
    # Later, rounding grows by a hundred: at epoch 12 to 5e-6 with AVX-512 and 4e-4 with AVX2.
    config = replace(QUICK, epochs=6)
    both = train(code_LF, [every, every[:7]], config=config)
    alone = train(code_LF, [every], config=config)

    np.testing.assert_allclose(
        predict([part[:1] for part in both], code_LF), predict(alone, code_LF), atol=1e-5
    )
    short = predict([part[1:] for part in both], code_LF)
    assert np.abs(short - predict(alone, code_LF)).max() > 0.01


@pytest.mark.parametrize(
    ("prior", "expected"),
    [(True, [0, 11 / 12, 0, 1, 10 / 12]), (False, [0, 1, 0, 1, 1])],
)
def test_longer_wrong_lines_are_more_relevant_unless_the_prior_is_off(
    prior: bool, expected: list[float]
) -> None:
    y_L, tokens_L = np.array([0, 1, 0, 1, 1], np.bool_), np.array([50, 9, 1, 30, 2])

    np.testing.assert_allclose(relevance(y_L, tokens_L, length_prior=prior), expected)


def test_a_snippet_whose_lines_are_all_equally_wrong_teaches_nothing() -> None:
    _, table = programs(snippets=4)
    table = replace(table, y_L=table.y_L | (table.row_L == 2))
    every_L = np.ones(len(table), np.bool_)

    kept = [
        len(lessons(table, every_L, table.length_L, length_prior=prior)) for prior in (True, False)
    ]
    assert kept == [4, 3]


def test_only_the_sets_named_are_learned_from() -> None:
    code_LF, table = programs(snippets=40)
    table = replace(table, set_L=np.where(table.row_L % 2 == 1, "other", "mine"))
    fold_L = assign_folds(table, 2, 0)
    flipped = replace(table, y_L=np.where(table.set_L == "other", ~table.y_L, table.y_L))
    first_L, second_L, all_L = (
        scores(code_LF, found, fold_L, train_sets=sets, config=QUICK)
        for found, sets in ((table, ["mine"]), (flipped, ["mine"]), (flipped, None))
    )

    assert first_L.tobytes() == second_L.tobytes()
    assert first_L.tobytes() != all_L.tobytes()


Spoil = Callable[[Table, Indices], dict[str, Any]]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda _t, fold: {"train_sets": ["nope"], "fold_L": fold}, "no set is named 'nope'"),
        (lambda t, _f: {"fold_L": np.arange(len(t)) % 2}, "a group is in two folds"),
        (lambda t, _f: {"fold_L": np.zeros(len(t), np.intp)}, "no wrong program"),
    ],
)
def test_what_cannot_be_split_is_refused(spoil: Spoil, words: str) -> None:
    code_LF, table = programs(snippets=20)
    with pytest.raises(UsageError, match=words):
        scores(code_LF, table, config=QUICK, **spoil(table, assign_folds(table, 2, 0)))


def test_codes_that_do_not_fit_the_table_are_refused() -> None:
    code_LF, table = programs(snippets=20)
    fold_L = assign_folds(table, 2, 0)
    with pytest.raises(ValueError, match="other codes"):
        scores(code_LF[1:], table, fold_L)
    code_LF[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        scores(code_LF, table, fold_L)


def test_a_code_holds_the_strongest_features_and_an_empty_line_none() -> None:
    zeros_D = np.zeros(3, np.float32)
    coder = SparseCoder(
        np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32), zeros_D + 1, zeros_D, k=2
    )
    found_LF = codes(np.array([[5, 1, 2], [-3, -4, -5], [0, 0, 0]], np.float32), coder)

    assert found_LF.tolist() == [[6, 0, 3], [0, 0, 0], [0, 0, 0]]
    with pytest.raises(ArtifactError, match="width 3"):
        codes(np.ones((1, 4), np.float32), coder)


def test_snippets_of_like_length_are_learnt_from_together_and_nothing_changes_by_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code_LF, table = programs(snippets=24)
    lines = np.split(np.arange(len(table)), np.cumsum([4, 30, 5, 60, 6, 3]))[:-1]
    taught = []
    for part in lines:
        y_L = np.arange(len(part)) == 2
        taught.append(Lesson(part, relevance(y_L, np.ones(len(part), np.intp))))
    found = []
    for padding in (0, 10**9):
        monkeypatch.setattr("research.pttrust.ranker.PADDING", padding)
        model = train(code_LF, [taught, taught[:2]], config=replace(QUICK, batch=6))
        found.append(predict([part[:1] for part in model], code_LF))

    np.testing.assert_allclose(found[0], found[1], atol=1e-4)
    assert np.ptp(found[0]) > 0.01
