"""What ours is compared with, on which lines and pairs: the same folds, and without a leak."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from research.baseline_fit import Recipe, fitted
from research.baselines import BASELINES, Sources, choose
from reviewbot.errors import UsageError
from reviewbot.scoring.pooling import group_sizes
from reviewbot.train import metrics
from reviewbot.train.prepare import Laid
from reviewbot.train.reader import Reader
from reviewbot.train.replay import Replayed
from tests import tiny
from tests.research.versions import laid, replayed
from tests.train.tables_made import planted

RECIPE = Recipe(corrections=True)


def sources(given: Laid) -> Sources:
    """Return sources that know lines only: what needs a model fails."""
    return Sources(laid=given, reader=cast(Any, None))


def test_position_finds_a_place_in_the_snippet_that_is_always_wrong() -> None:
    table = planted(snippets=200)
    last = replace(table, y_L=table.place_L == 5)

    found = BASELINES["position"](sources(Laid(last, ())), RECIPE)

    assert metrics.within_auroc(last.y_L, found.score_L, last.row_L) == 1.0
    assert found.fit is not None
    assert found.fit["cs"] == [1e-4, 1e-2, 1.0]


def growing(number: int) -> Replayed:
    """Return a change whose correction says the same at more length."""
    lines = (f"v{number} = {number}", "w = a" + "b" * (number % 5), "x = 1")
    return replayed(f"p{number}", lines, (lines[0], lines[1] + " + cccc", lines[2]))


def test_tells_alone_find_the_longer_correction_and_pairs_turn_them_round() -> None:
    given = laid(*map(growing, range(20)))

    plain = Recipe(corrections=False)
    lines, by_pairs = (BASELINES[name](sources(given), plain) for name in ("tells", "tells-pairs"))

    def wins(score_L: Any) -> float:
        wrong_P, right_P = (score_L[given.table.pairs_P2[:, side]] for side in (0, 1))
        return float((wrong_P > right_P).mean())

    assert wins(lines.score_L) < 0.2  # the wrong line is the longest of its own version
    assert wins(by_pairs.score_L) > 0.8
    assert lines.fit is not None
    assert lines.fit["cs"] == [0.1]
    assert "characters" in lines.fit["groups"]
    assert "carriage return" not in lines.fit["groups"]  # it never varies


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


def test_what_is_read_once_serves_every_baseline(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = laid(
        *(
            replayed(
                f"p{i}",
                (f"def f{i}(n):", f"    x = n + {i}", "    return x"),
                (f"def f{i}(n):", f"    x = n - {i}", "    return x"),
            )
            for i in range(10)
        )
    )
    reader = Reader(
        encoder=tiny.encoder(tiny_model, full=True),
        plan=tiny.PLAN,
        model_sha256=tiny.MODEL_SHA,
        layer=tiny.LAYER,
        full=True,
    )
    known = group_sizes(tiny.WIDTH, tiny.FEATURES)
    sizes = {name: known[name] for name in ("state_mean", "state_last", "surface", "surprisal")}
    made = Sources(laid=given, reader=reader.features(None, "", sizes, tmp_path))
    made.read(["state_mean"])

    def reads(_encoder: object, readings: list[object]) -> list[object]:
        assert not readings, "the model ran again"
        return []

    monkeypatch.setattr("reviewbot.scoring.line_features.read", reads)
    for name, make in BASELINES.items():
        found = make(made, RECIPE)
        assert found.score_L.shape == (len(given.table),), name
        assert np.isfinite(found.score_L).all(), name
    # Three lines of each version, of which the correction adds the one that it changes.
    assert len(given.table) == 40
    assert given.table.one_for_one_P.all()


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
