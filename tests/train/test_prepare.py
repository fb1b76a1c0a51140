"""Which lines and pairs take part, and whose columns are whose."""

import numpy as np
import pytest

from reviewbot.train.labels import normalised
from reviewbot.train.prepare import lay_out
from tests.train.tables_made import label_row


@pytest.mark.parametrize(
    ("fixed", "expected"),
    [
        (("a", "c", "", "d "), True),
        (("a", "    b", "", "d "), True),  # indentation is what a line says
        (("a", "c", "", "d"), False),  # a trailing blank less elsewhere
        (("a", "c ", "", "d "), False),  # a trailing blank more in the corrected line
        (("a", "b ", "", "d "), False),  # nothing but a trailing blank
        (("a", "c", "", "d ", ""), False),  # a blank line more at the end
        (("a", "c", "d "), False),  # a blank line less
        (("a", "", "", "d "), False),  # a line emptied
        (("a", "c", "", "e "), False),  # two lines
        (("a", "b", "", "d "), False),  # nothing
        (None, False),
    ],
)
def test_a_normalised_pair_differs_in_what_one_line_says_and_nothing_else(
    fixed: tuple[str, ...] | None, expected: bool
) -> None:
    assert normalised(label_row("r", ("a", "b", "", "d "), fixed)) is expected


def test_every_line_gets_its_own_columns_though_unchanged_corrected_lines_drop_out() -> None:
    rows = [
        label_row("one", ("a", "bb", "", "cccc"), ("a", "bbbbb", "", "cccc")),
        label_row("two", ("dddddd", "eeeeeee")),
        label_row("three", ("f" * 8, "g" * 9), ("h" * 10, "f" * 8, "g" * 11)),
    ]
    laid = lay_out(rows)
    lengths = [len(snippet.lines[i]) for snippet in laid.snippets for i in snippet.wanted]

    length_W1 = np.array(lengths, np.float32)[:, None]
    table = laid.with_columns({"zero": np.zeros((13, 2), np.float32), "length": length_W1})

    assert len(table) == 10 < len(lengths) == 13
    assert dict(table.groups) == {"zero": 2, "length": 1}
    assert table.columns_LN[:, 2].tolist() == table.length_L.tolist()
