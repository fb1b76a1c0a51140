"""What ours is compared with, on the same folds, and which of it is measured."""

from dataclasses import replace

import numpy as np
import pytest

from reviewbot.errors import UsageError
from reviewbot.train.baseline_fit import Recipe, Sources, fitted
from reviewbot.train.baselines import BASELINES, chosen
from reviewbot.train.dataset import Table
from reviewbot.train.labels import LabelRow
from reviewbot.train.prepare import Laid
from tests.train.tables_made import planted

RECIPE = Recipe(corrections=True)


def sources(table: Table) -> Sources:
    """Return sources that know lines only."""
    return Sources(laid=Laid(table, (), np.arange(len(table))))


def test_random_is_a_tie_and_length_counts_characters() -> None:
    given = sources(planted(snippets=8))

    assert (BASELINES["random"](given, RECIPE).score_L == 0).all()
    assert (BASELINES["length"](given, RECIPE).score_L == given.laid.table.length_L).all()
    assert BASELINES["random"](given, RECIPE).fit is None


def test_a_baseline_of_which_nothing_comes_says_so_and_is_not_measured() -> None:
    table = planted(snippets=40)
    one_class = replace(table, y_L=np.zeros(len(table), np.bool_))

    found = fitted(one_class, ["state"], RECIPE)

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


@pytest.mark.parametrize(
    ("text", "surprisal", "expected"),
    [
        ("all", True, list(BASELINES)),
        ("all", False, [name for name in BASELINES if name != "surprisal"]),
        ("surface, length", False, ["surface", "length"]),
        ("surprisal,random", True, ["surprisal", "random"]),
    ],
)
def test_baselines_are_chosen_by_name(text: str, surprisal: bool, expected: list[str]) -> None:
    assert chosen(text, surprisal=surprisal) == expected


@pytest.mark.parametrize(
    ("text", "surprisal", "words"),
    [
        ("all,length", False, "'all'"),
        ("surprisal", False, "together"),
        ("length", True, "together"),
    ],
)
def test_a_choice_that_cannot_be_kept_is_refused(text: str, surprisal: bool, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        chosen(text, surprisal=surprisal)


def test_surprisal_without_the_whole_model_is_an_error() -> None:
    with pytest.raises(UsageError, match="whole model"):
        BASELINES["surprisal"](sources(planted(snippets=8)), RECIPE)


def row(lines: tuple[str, ...], fixed: tuple[str, ...] | None, *, name: str = "a") -> LabelRow:
    return LabelRow(
        id=name,
        set="mine",
        lang="python",
        author="llm",
        model="",
        group=name,
        lines=lines,
        risky=(1,),
        fixed=fixed,
        spec="",
        scope=None,
        mask=frozenset(),
        before=(),
        path=None,
        commit=None,
        license="",
        label="",
    )
