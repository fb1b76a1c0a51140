"""What was written together counts as one block."""

import pytest

from reviewbot.diff.model import blocks_of


@pytest.mark.parametrize(
    ("added", "wanted", "blocks"),
    [
        ([], [], []),
        ([0], [0], [1]),
        ([3, 4, 5], [3, 5], [1, 1]),  # a blank line between them was added too
        ([3, 5], [3, 5], [1, 2]),
        ([0, 1, 7, 8, 9, 20], [1, 9, 20], [1, 2, 3]),
    ],
)
def test_a_block_ends_where_a_line_was_there_before(
    added: list[int], wanted: list[int], blocks: list[int]
) -> None:
    assert blocks_of(added, wanted) == blocks
