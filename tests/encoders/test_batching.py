"""Which windows share a forward pass: everything once, nothing too large, little of it padding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.encoders.batching import WASTE, pack


def test_windows_of_like_length_are_read_together_the_longest_first() -> None:
    assert pack([10, 100, 9, 98], most=200) == [(1, 3), (0, 2)]


def test_a_full_batch_is_followed_by_another() -> None:
    assert pack([5, 5, 5, 5, 5], most=10) == [(0, 1), (2, 3), (4,)]


def test_a_window_that_is_larger_than_a_batch_is_read_alone() -> None:
    assert pack([3, 50, 3], most=10) == [(1,), (0, 2)]


def test_padding_counts_against_the_size_of_a_batch() -> None:
    assert pack([10, 9], most=19) == [(0,), (1,)]
    assert pack([10, 9], most=20) == [(0, 1)]


def test_no_windows_are_no_batches_and_an_empty_window_is_refused() -> None:
    assert pack([], most=10) == []
    with pytest.raises(ValueError, match="at least one token"):
        pack([4, 0], most=10)


@given(st.lists(st.integers(1, 3_000), max_size=60), st.integers(1, 10_000))
def test_every_window_comes_once_and_the_padding_is_bounded(lengths: list[int], most: int) -> None:
    batches = pack(lengths, most)

    assert sorted(row for rows in batches for row in rows) == list(range(len(lengths)))
    for rows in batches:
        padded = len(rows) * max(lengths[row] for row in rows)
        assert padded <= most or len(rows) == 1
        assert padded - sum(lengths[row] for row in rows) <= WASTE * padded
