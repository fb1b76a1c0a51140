"""Label rows and their columns -> one table."""

import numpy as np
import pytest

from reviewbot.errors import UsageError
from reviewbot.train.dataset import RowColumns, assemble
from tests.train.tables_made import label_row

ROWS = [
    label_row("plain", ("a", "}", "b"), risky=(2,)),
    label_row("fixed", ("a", "b", "c"), ("a", "right", "c")),
]


def column(*values: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array(values, np.float32)[:, None]


COLUMNS = [RowColumns(column(1, 2)), RowColumns(column(3, 4, 5), column(6, 7, 8))]


def test_lines_pairs_and_the_changed_lines_of_corrections_keep_their_columns() -> None:
    table = assemble(ROWS, COLUMNS, {"x": 1})

    assert table.columns_LN[:, 0].tolist() == [1, 2, 3, 4, 5, 7]
    assert table.y_L.tolist() == [False, True, False, True, False, False]
    assert table.is_fixed_L.tolist() == [False] * 5 + [True]
    assert table.row_L.tolist() == [0, 0, 1, 1, 1, 1]
    assert table.place_L.tolist() == [0, 2, 0, 1, 2, 1]
    assert table.pairs_P2.tolist() == [[3, 5]]
    assert table.one_for_one_P.tolist() == [True]


def test_columns_that_do_not_fit_their_row_are_refused() -> None:
    with pytest.raises(ValueError, match="'plain'"):
        assemble(ROWS[:1], [RowColumns(column(1))], {"x": 1})
    with pytest.raises(ValueError, match="columns"):
        assemble(ROWS, COLUMNS, {"x": 2})
    with pytest.raises(UsageError, match="no line"):
        assemble([], [], {"x": 1})
