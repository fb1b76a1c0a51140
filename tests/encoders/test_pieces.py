"""The added lines of a file, cut into pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.encoders.pieces import JOIN, pieces
from reviewbot.encoders.spans import Span

LINES = st.lists(st.sampled_from(["", "a", "    b", "        c", "\t"]), min_size=1, max_size=60)


@given(LINES, st.data(), st.integers(2, 12), st.integers(0, 5))
def test_the_pieces_cover_the_added_lines_once_and_are_never_longer_than_allowed(
    lines: list[str], data: st.DataObject, longest: int, join: int
) -> None:
    places = st.sets(st.integers(0, len(lines) - 1))
    added = sorted(data.draw(places))

    found = pieces(lines, added, longest, join)

    covered = [line for piece in found for line in range(*piece)]
    assert covered == sorted(set(covered))
    assert set(added) <= set(covered)
    assert all(1 <= piece.end - piece.start <= longest for piece in found)
    # Nothing is read for nothing: a line that is not added lies between two that are, and near.
    between = set(covered) - set(added)
    assert all(any(line - k in added for k in range(1, join + 1)) for line in between)


@pytest.mark.parametrize(
    ("added", "expected"),
    [([], []), ([0], [(0, 1)]), ([1, 5], [(1, 6)]), ([1, 6], [(1, 2), (6, 7)])],
)
def test_runs_that_are_near_are_read_as_one(
    added: list[int], expected: list[tuple[int, int]]
) -> None:
    assert pieces(["x"] * 9, added, 9, JOIN) == expected


@pytest.mark.parametrize(
    ("lines", "first"),
    [
        (["a", "b", "c", "", "d", "e", "f"], 4),  # behind the blank line
        (["a", "  b", "  c", "d", "  e", "  f", "  g"], 3),  # where a block begins
        (["a", "b", "c", "d", "e", "f", "g"], 5),  # as many as fit
    ],
)
def test_a_long_run_is_cut_where_a_block_ends(lines: list[str], first: int) -> None:
    assert pieces(lines, range(7), 5, JOIN)[0] == Span(0, first)
