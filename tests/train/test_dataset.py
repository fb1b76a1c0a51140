"""Replayed changes -> one table: which lines and pairs are in it, and with which columns."""

from pathlib import Path

import numpy as np
import pytest

from reviewbot.errors import UsageError
from reviewbot.train.dataset import Table, assign_folds
from reviewbot.train.prepare import columns_of, prepare
from tests.train.changes_made import Row, file, label, piece, read, whole

CODE = "a = 1\nb = 2\nc = 3\nd = 4\n}\ne = 5\n"


def table(directory: Path, *rows: Row, related: float = 0.0) -> Table:
    """Lay rows out, with the columns of the surface."""
    laid = prepare(read(directory, *rows), related=related)
    return columns_of(laid, None, {"surface": 29})


def test_a_verdict_decides_class_weight_and_part_in_the_metrics(tmp_path: Path) -> None:
    labels = [
        label(1, "wrong", "x.py", becomes="a = 9"),
        label(2, "related", "x.py"),
        label(3, "unclear", "x.py"),
        label(4, None, "x.py", probability=0.25),
    ]
    rows = [
        whole("1", files=[file("x.py", CODE)], faulty=labels[:3], visible="repo"),
        whole("2", files=[file("x.py", CODE)], faulty=labels),
        whole("3", files=[file("x.py", CODE)], faulty=[], status="clean"),
    ]
    found = table(tmp_path, *rows, related=0.5)

    def of(row: int) -> dict[str, list[object]]:
        here_L = (found.row_L == row) & ~found.is_fixed_L
        names = ("y_L", "blamed_L", "weight_L", "survived_L", "read_L")
        values = {name: getattr(found, name)[here_L].tolist() for name in names}
        return values | {"clear": found.clear()[here_L].tolist()}

    yes, no = [True] * 5, [False] * 5
    assert of(0) == {
        "y_L": [True, False, False, False, False],
        "blamed_L": [True, True, True, False, False],
        "weight_L": [1, 0.5, 0, 1, 1],
        "survived_L": no,
        "read_L": yes,
        "clear": [True, False, False, True, True],
    }
    assert of(1) == {
        "y_L": [True, False, False, True, False],
        "blamed_L": [True, True, True, True, False],
        "weight_L": [1, 0.5, 0, 0.25, 1],
        "survived_L": no,
        "read_L": no,
        "clear": no,
    }
    assert (of(2)["survived_L"], of(2)["clear"], of(2)["blamed_L"]) == (yes, yes, no)
    assert found.place_L[:5].tolist() == [0, 1, 2, 3, 5]
    assert set(found.visible_L[found.row_L == 0]) == {"repo"}
    assert not table(tmp_path, *rows).weight_L[1]  # related lines are left out unless asked for


def test_lines_pairs_and_the_changed_lines_of_corrections_keep_their_columns(
    tmp_path: Path,
) -> None:
    rows = [
        piece("one", "a", "bb", "}", "cccc", fixed=["a", "bbbbb", "}", "cccc"]),
        piece("two", "dddddd", "eeeeeee"),
        piece(
            "three",
            *("f" * 8, "g" * 9, "h" * 10),
            fixed=["i" * 11, "f" * 8, "g" * 12, "h" * 10],
            mask=[2],
        ),
    ]
    found = table(tmp_path, *rows)

    assert found.length_L.tolist() == [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    assert found.row_L.tolist() == [0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2]
    assert found.is_fixed_L.tolist() == [*[False] * 3, True, *[False] * 5, True, True]
    assert found.y_L.tolist() == [False, True, False, False, False, True, False, True, *[False] * 3]
    assert found.blamed_L.tolist() == found.y_L.tolist()  # the masked line is not
    assert found.weight_L.tolist() == [1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1]
    assert found.pairs_P2.tolist() == [[1, 3], [7, 10]]
    assert found.one_for_one_P.tolist() == [True, False]
    # The longer a line, the larger its column of the length; equal lines have equal columns.
    length_L = found.columns_LN[:, 0]
    assert (np.diff(length_L) > 0).all()


def test_without_a_line_that_check_would_read_there_is_no_table(tmp_path: Path) -> None:
    rows = [piece("1", "}", "{"), whole("2", files=[file("a.md", "words\n")], faulty=[])]

    with pytest.raises(UsageError, match="no line of the labels can be scored"):
        table(tmp_path, *rows)


def test_one_repository_cannot_be_split(tmp_path: Path) -> None:
    found = table(tmp_path, whole("1"), whole("2"))

    with pytest.raises(UsageError, match="1 groups"):
        assign_folds(found, 2, 0)
