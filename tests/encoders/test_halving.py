"""Memory of a GPU that runs out."""

from collections.abc import Sequence

import pytest
import torch

from reviewbot.encoders.torch_batches import halving
from reviewbot.errors import EnvironmentFailure


class Small:
    """A device that holds so many tokens, padding included."""

    def __init__(self, room: int) -> None:
        self.room, self.passes, self.told = room, list[int](), list[int]()

    def read(self, windows: Sequence[Sequence[int]]) -> list[int]:
        self.passes.append(len(windows))
        if len(windows) * max(map(len, windows)) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return [sum(ids) for ids in windows]


def test_what_does_not_fit_is_read_half_by_half_in_the_same_order() -> None:
    small = Small(room=6)

    found = halving(small.read, [[n, n, n] for n in range(5)], small.told.append)

    assert found == [0, 3, 6, 9, 12]
    assert small.passes == [5, 2, 3, 1, 2]
    assert small.told == [15, 9]


def test_one_window_that_does_not_fit_is_an_error_of_two_lines() -> None:
    small = Small(room=6)

    with pytest.raises(EnvironmentFailure) as caught:
        halving(small.read, [[1] * 3, [1] * 7], small.told.append)

    what, fix = str(caught.value).split("\n")
    assert what == "nothing was scored: the GPU has no memory left for 7 tokens"
    assert fix.startswith("  fix: ")


def test_another_error_is_no_reason_to_try_again() -> None:
    def read(_windows: Sequence[Sequence[int]]) -> list[int]:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    with pytest.raises(RuntimeError, match="illegal"):
        halving(read, [[1], [2]], lambda _: None)
