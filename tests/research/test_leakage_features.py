"""Each tell sees its own habit of a version, and nothing of what the code does."""

import numpy as np
import pytest

from research.baseline_fit import with_columns
from research.leakage_features import COLUMNS, TELLS, tells_of
from tests.research.versions import laid, replayed, version


def differing(lines: list[str], fixed: list[str]) -> set[str]:
    """Return the tells whose columns differ between the last wanted lines of the versions."""
    found = [tells_of([version(one)])[-1] for one in (lines, fixed)]
    columns = {name for name, wrong, right in zip(COLUMNS, *found, strict=True) if wrong != right}
    return {tell for tell, names in TELLS.items() if columns & set(names)}


@pytest.mark.parametrize(
    ("fixed", "told"),
    [
        (["a = 1", "b = 2"], set()),
        (["a = 1", "b = 3"], set()),  # wrong or right is no tell
        (["a = 1", "b = 20"], {"line length"}),
        (["a = 1", "c = 4", "b = 2"], {"number of lines", "position", "operator spacing"}),
        (["a = 1", "", "b = 2"], {"number of lines", "blank lines", "position"}),
        (
            ["", "a = 1", "b = 2"],
            {"number of lines", "blank lines", "position", "first line blank"},
        ),
        (["a = 1", "b = 2", ""], {"number of lines", "blank lines", "position", "last line blank"}),
        (["a = 1 ", "b = 2"], {"trailing blanks"}),
        (["a = 1", "b = 2\r"], {"unusual signs", "trailing blanks"}),
        (["a = 1", "\tb = 2"], {"indentation"}),
        (["a = 1", "b=2"], {"operator spacing", "line length"}),
        (["a = 1", "é = 2"], {"unusual signs"}),
    ],
)
def test_each_habit_is_seen_by_its_own_tells(fixed: list[str], told: set[str]) -> None:
    found = differing(["a = 1", "b = 2"], fixed)

    # An added line moves averages too, so what a habit changes besides is let through there.
    slack = {"operator spacing", "line length"} if len(fixed) > 2 else set()
    assert told - slack <= found
    assert found <= told | slack


def test_quotes_and_comments_are_seen() -> None:
    assert differing(["a = 'x'"], ['a = "x"']) == {"quotes"}
    assert "comments" in differing(["a = 1"], ["a = 1  # one"])


def test_lines_of_one_version_share_what_is_counted_over_it() -> None:
    found_LN = tells_of([version(["", "a = 1", "b = 22  ", "c = '3'"])])

    names = [name for name in COLUMNS if "version" in name and "against" not in name]
    shared = [i for i, name in enumerate(COLUMNS) if name in names and "place" not in name]
    assert len(shared) >= 6
    assert len(found_LN) == 3
    assert (found_LN[:, shared] == found_LN[0, shared]).all()


def test_a_version_without_a_wanted_line_has_no_line_of_columns() -> None:
    assert tells_of([version(["", "{"])]).shape == (0, len(COLUMNS))


def test_every_column_belongs_to_one_tell() -> None:
    assert len(COLUMNS) == sum(map(len, TELLS.values()))


def test_tells_of_every_line_stand_at_its_place_in_the_table() -> None:
    made = laid(
        replayed("one", ("a", "bb", "", "cccc"), ("a", "bbbbb", "", "cccc")),
        replayed("two", ("dddddd", "eeeeeee")),
        replayed("three", ("f" * 8, "g" * 9), ("h" * 10, "f" * 8, "g" * 11)),
    )

    table = with_columns(made.table, {"tells": tells_of(file for file, _ in made.files)})

    assert np.rint(np.expm1(table.columns_LN[:, 0])).tolist() == table.length_L.tolist()
    # A change's corrected lines follow it.
    assert table.chars_L.tolist() == [11] * 3 + [14] + [15] * 2 + [19] * 2 + [32] * 2
