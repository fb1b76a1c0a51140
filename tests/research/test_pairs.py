"""A balanced paired figure pays nothing for knowing which version is the longer one."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from research.evaluate_measures import evaluate
from research.pairs import LEAST, PAIRED, STRATA, balanced, counts, measured, strata
from reviewbot.arrays import Array
from reviewbot.train.bootstrap import resample
from reviewbot.train.dataset import Table
from tests.research.versions import laid, replayed
from tests.train.tables_made import made


def paired(shorter: int, longer: int, equal: int = 0) -> Table:
    """One wrong line and one corrected line per snippet and group; columns: a line's version."""
    total = shorter + longer + equal
    gap = np.repeat([-4, 4, 0], [shorter, longer, equal])
    lines = np.arange(2 * total)
    fixed_L = lines >= total
    groups = [f"g{i % total}" for i in lines]
    chars_L = np.where(fixed_L, 100, 100 + np.tile(gap, 2))
    table = made({"x": chars_L[:, None].astype(np.float32)}, ~fixed_L, groups, ["s"] * 2 * total)
    return replace(
        table,
        row_L=lines % total,
        is_fixed_L=fixed_L,
        chars_L=chars_L,
        pairs_P2=np.stack([np.arange(total), total + np.arange(total)], axis=1),
        block_P=np.arange(total),
        one_for_one_P=np.ones(total, np.bool_),
    )


def figures(table: Table, s_L: Array) -> dict[str, Any]:
    draws = resample(table.group_L, samples=400)
    return measured(table, s_L, np.ones(len(table.pairs_P2), np.bool_), table.group_L, draws)


@pytest.mark.parametrize(("sign", "plain"), [(-1, 0.75), (1, 0.25)])
def test_a_length_of_either_sign_gets_exactly_one_half(sign: int, plain: float) -> None:
    table = paired(30, 10)

    found = figures(table, sign * table.columns_LN[:, 0])

    assert found[PAIRED[1]][0] == plain
    assert found[PAIRED[2]][0] == 0.5
    assert set(found[PAIRED[2]][1].tolist()) == {0.5}  # in every resample too


def test_both_strata_weigh_the_same_however_many_pairs_they_have() -> None:
    table = paired(30, 10, equal=7)
    # All of the shorter ones right, half of the longer ones, none of those of equal length.
    right_P = np.repeat([1, 1, 0, 0], [30, 5, 5, 7])
    s_L = np.append(right_P, np.full(47, 0.5)).astype(np.float32)

    value, values_B = figures(table, s_L)[PAIRED[2]]

    assert value == (1 + 0.5) / 2
    assert values_B.mean() == pytest.approx(value, abs=0.02)
    assert values_B.std() == pytest.approx(np.sqrt(0.25 / 10) / 2, rel=0.15)  # of the longer ones


def test_both_strata_are_drawn_together_by_their_groups() -> None:
    # Each group holds a pair of both strata, right or wrong together: resamples move both at once.
    table = paired(20, 20)
    group_L = np.array([f"g{i % 20}" for i in range(len(table))])
    table = replace(table, group_L=group_L)
    right_P = np.tile(np.arange(20) % 2, 2)
    s_L = np.append(right_P, np.full(40, 0.5)).astype(np.float32)

    values_B = figures(table, s_L)[PAIRED[2]][1]

    assert values_B.std() == pytest.approx(np.sqrt(0.25 / 20), rel=0.15)  # apart: a factor 0.71


def test_with_few_pairs_of_a_stratum_nothing_is_measured() -> None:
    table = paired(40, LEAST - 1)
    draws = resample(table.group_L, samples=20)

    found = figures(table, table.columns_LN[:, 0])
    value, values_B = balanced(
        table, table.columns_LN[:, 0], np.ones(49, np.bool_), table.group_L, draws
    )

    assert set(found) == set(PAIRED[:2])
    assert np.isnan(value)
    assert np.isnan(values_B).all()


def test_only_normalised_pairs_are_in_a_stratum_and_both_are_counted() -> None:
    table = paired(12, 11, equal=5)
    table = replace(table, one_for_one_P=np.arange(28) > 1)

    found = counts(table, np.arange(28) < 25)

    assert found == {PAIRED[0]: 25, PAIRED[1]: 23, STRATA[0]: 10, STRATA[1]: 11}
    assert [mask_P.sum() for mask_P in strata(table).values()] == [10, 11]


def test_the_normalised_figure_counts_normalised_pairs_only() -> None:
    table = laid(
        replayed("kept", ("a", "b", "d"), ("a", "c", "d")),
        replayed("trailing", ("a", "b", "d"), ("a", "c  ", "d")),
        replayed("longer", ("a", "b", "d"), ("a", "c", "x", "d")),
    ).table
    s_L = np.where(table.is_fixed_L, 1.0, 0.0)
    s_L[table.row_L == 0] *= -1

    suite = evaluate(table, {"ours": s_L}, fold_L=table.row_L, samples=20)["suites"]

    assert suite["mine"]["pairs"] == {
        "paired": 3,
        "paired, normalised": 1,
        "wrong shorter": 0,
        "wrong longer": 0,
    }
    assert suite["mine"]["scores"]["ours"]["paired"]["value"] == pytest.approx(1 / 3)
    assert suite["mine"]["scores"]["ours"]["paired, normalised"]["value"] == 1.0
