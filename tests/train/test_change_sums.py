"""The sums of risks of labelled changes."""

from dataclasses import replace

import numpy as np
import pytest

from reviewbot.scoring.change_reference import change_reference_from_json
from reviewbot.train.change_sums import change_sums
from reviewbot.train.dataset import Table
from tests.train.test_evaluate import small


def changes(count: int) -> Table:
    """Two lines each; every second change survived, the first line of the others is wrong."""
    y = [int(n % 4 == 0) for n in range(2 * count)]
    table = small(y, "ab" * count, ["s"] * (2 * count))
    row_L = np.arange(2 * count) // 2
    return replace(table, row_L=row_L, survived_L=row_L % 2 == 1)


def test_the_entry_has_quantiles_of_what_survived_and_counts_what_was_fixed() -> None:
    table = changes(400)
    risk_L = table.row_L / 1000.0  # so the sum of a change is twice its number / 1000

    entry = change_sums(table, risk_L)

    assert entry is not None
    reference = change_reference_from_json(entry)
    assert reference.survived[0] == pytest.approx(0.002)
    assert reference.survived[-1] == pytest.approx(0.798)
    assert [(row.changes, row.fixed) for row in reference.labelled] == [(50, 25)] * 8
    assert reference.percentile(0.4) in (49, 50)


def test_without_all_lines_or_enough_changes_there_is_no_entry() -> None:
    table = changes(400)
    risk_L = table.row_L / 1000.0

    assert change_sums(replace(table, drawn=0.5), risk_L) is None
    assert change_sums(replace(table, survived_L=table.row_L < 0), risk_L) is None
    assert change_sums(changes(100), changes(100).row_L / 1000.0) is None
