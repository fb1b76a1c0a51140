"""What ours is compared with, on which lines and pairs: the same folds, and without a leak."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from research.baseline_fit import Recipe, fitted
from research.baselines import BASELINES, Sources, choose, random_coder
from research.components import pca_scores
from reviewbot.encoders.encoder import Encoder, Tokens
from reviewbot.encoders.states import HiddenStates
from reviewbot.errors import UsageError
from reviewbot.scoring.sae import encode_normed
from reviewbot.train import metrics
from reviewbot.train.dataset import Table, assign_folds
from reviewbot.train.features import Reader, pooled
from reviewbot.train.labels import LabelRow
from reviewbot.train.prepare import Laid, lay_out
from tests import tiny
from tests.train.tables_made import label_row, made, planted

RECIPE = Recipe(corrections=True)


def sources(table: Table, rows: tuple[LabelRow, ...] = ()) -> Sources:
    """Return sources that know lines only: what needs a model fails."""
    laid = Laid(table, (), np.arange(len(table)))
    nothing = cast(Any, None)
    return Sources(
        laid=laid, rows=rows, reader=nothing, coder=nothing, cache=Path(), checkpoint=nothing
    )


def test_position_finds_a_place_in_the_snippet_that_is_always_wrong() -> None:
    table = planted(snippets=200)
    last = replace(table, y_L=table.place_L == 5)

    found = BASELINES["position"](sources(last), RECIPE)

    assert metrics.within_auroc(last.y_L, found.score_L, last.row_L) == 1.0
    assert found.fit is not None
    assert found.fit["cs"] == [1e-4, 1e-2, 1.0]


def growing(number: int) -> LabelRow:
    """Return a row whose correction says the same at more length."""
    lines = (f"v{number} = {number}", "w = a" + "b" * (number % 5), "x = 1")
    return label_row(f"p{number}", lines, (lines[0], lines[1] + " + cccc", lines[2]))


def test_tells_alone_find_the_longer_correction_and_pairs_turn_them_round() -> None:
    rows = tuple(growing(number) for number in range(20))
    laid = lay_out(rows)
    given = replace(sources(laid.table, rows), laid=laid)

    plain = Recipe(corrections=False)
    lines, by_pairs = (BASELINES[name](given, plain) for name in ("tells", "tells-pairs"))

    def wins(score_L: Any) -> float:
        wrong_P, right_P = (score_L[laid.table.pairs_P2[:, side]] for side in (0, 1))
        return float((wrong_P > right_P).mean())

    assert wins(lines.score_L) < 0.2  # the wrong line is the longest of its own version
    assert wins(by_pairs.score_L) > 0.8
    assert lines.fit is not None
    assert lines.fit["cs"] == [0.1]
    assert "characters" in lines.fit["groups"]
    assert "carriage return" not in lines.fit["groups"]  # it never varies


def test_components_are_found_without_the_lines_that_they_score() -> None:
    # Column 1 varies in one fold only, and hugely; elsewhere column 0 is all there is.
    base = planted(snippets=400)
    fold_L = assign_folds(base, 5, seed=0)
    noise = 1e3 * np.random.default_rng(1).normal(size=len(base)) * (fold_L == 0)
    columns = np.stack([base.columns_LN[:, 0], noise], axis=1).astype(np.float32)
    table = made({"x": columns}, base.y_L, base.group_L, base.set_L)

    found = pca_scores(table, RECIPE, cs=(1e-3,), components=1)

    def within(here_L: Any) -> float:
        return metrics.within_auroc(table.y_L[here_L], found.score_L[here_L], table.row_L[here_L])

    assert within(fold_L == 0) > 0.8
    assert within(fold_L != 0) < 0.65  # their axis is the noise of the fold that they trained on


def test_components_find_a_planted_signal_and_one_c_is_taken_by_the_criterion() -> None:
    found = pca_scores(planted(), RECIPE, cs=(1e-4, 1e-2), components=64)

    assert found.fit is not None
    assert found.fit["c"] in (1e-4, 1e-2)
    assert found.fit["criterion"] > 0.75


def test_a_random_autoencoder_has_the_shape_and_the_sparseness_of_the_trained_one() -> None:
    coder = tiny.coder()

    random = random_coder(coder, seed=3)
    states = np.random.default_rng(0).normal(size=(50, coder.width)).astype(np.float32)

    assert (random.enc_DF.shape, random.dec_FD.shape) == (coder.enc_DF.shape, coder.dec_FD.shape)
    assert encode_normed(random, states).indices_TK.shape == (50, coder.k)
    np.testing.assert_allclose(np.linalg.norm(random.dec_FD, axis=1), 1, rtol=1e-5)
    assert (random.enc_DF == random_coder(coder, seed=3).enc_DF).all()
    assert (random.enc_DF != random_coder(coder, seed=4).enc_DF).all()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", [name for name in BASELINES if name != "surprisal"]),
        ("raw-states, length", ["raw-states", "length"]),
    ],
)
def test_baselines_are_chosen_by_name(text: str, expected: list[str]) -> None:
    assert choose(text, surprisal=False) == expected


@pytest.mark.parametrize(("text", "words"), [("all,length", "'all'"), ("surprisal", "--full")])
def test_a_baseline_that_cannot_be_measured_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        choose(text, surprisal=False)


class Deaf:
    """An encoder that splits text and refuses to run the model."""

    def __init__(self, encoder: Encoder) -> None:
        self.width, self.dtype, self.engine = encoder.width, encoder.dtype, encoder.engine
        self._encoder = encoder

    def tokenize(self, text: str) -> Tokens:
        return self._encoder.tokenize(text)

    def states(self, *_args: object, **_more: object) -> HiddenStates:
        raise AssertionError("the model ran again")


def test_what_is_read_once_serves_every_baseline(tiny_model: Path, tmp_path: Path) -> None:
    rows = [
        label_row(
            f"p{i}",
            (f"def f{i}(n):", f"    x = n + {i}", "    return x"),
            (f"def f{i}(n):", f"    x = n - {i}", "    return x"),
        )
        for i in range(10)
    ]
    laid, coder = lay_out(rows), tiny.coder()
    reader = Reader(
        encoder=tiny.encoder(tiny_model, full=True),
        plan=tiny.PLAN,
        model_sha256=tiny.MODEL_SHA,
        layer=tiny.LAYER,
        full=True,
    )
    pooled(reader, laid.snippets, coder, "trained", ["sae_max"], tmp_path)
    given = Sources(
        laid=laid,
        rows=rows,
        reader=replace(reader, encoder=Deaf(reader.encoder)),
        coder=coder,
        cache=tmp_path,
        checkpoint=lambda: tiny_model,
    )

    for name, make in BASELINES.items():
        found = make(given, RECIPE)
        assert found.score_L.shape == (len(laid.table),), name
        assert np.isfinite(found.score_L).all(), name
    # Three lines of each version, of which the correction adds the one that it changes.
    assert len(laid.table) == 40
    assert laid.table.one_for_one_P.all()


def test_a_baseline_of_which_nothing_comes_says_so_and_is_not_measured() -> None:
    table = planted(snippets=40)
    one_class = replace(table, y_L=np.zeros(len(table), np.bool_))

    found = fitted(one_class, ["state"], RECIPE, (1e-3,))

    assert np.isnan(found.score_L).all()
    assert found.fit is not None
    assert "one class" in found.fit["failed"]


def test_a_boost_counts_beside_other_groups_and_not_alone() -> None:
    table, boosted = planted(snippets=200), replace(RECIPE, boost={"surface": 30.0, "other": 2.0})

    def change(*groups: str) -> float:
        plain, strong = (fitted(table, groups, recipe, (1e-4,)) for recipe in (RECIPE, boosted))
        return float(np.abs(plain.score_L - strong.score_L).max())

    assert change("surface") == 0
    assert change("state", "surface") > 0.01


def test_corrections_are_negatives_exactly_where_the_recipe_says_so() -> None:
    table = planted(snippets=200)
    fixed = replace(table, is_fixed_L=(table.place_L == 0) & ~table.y_L)

    with_them, without = (
        fitted(fixed, ["state"], Recipe(corrections=flag), (1e-3,)).score_L
        for flag in (True, False)
    )

    assert np.abs(with_them - without).max() > 0.01
