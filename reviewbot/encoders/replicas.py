"""One copy of a model per device, a thread for each, and what to do where its memory runs out."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Generic, TypeVar

import torch

from reviewbot.core.errors import EnvironmentFailure

R = TypeVar("R")
T = TypeVar("T")
S = TypeVar("S")


class Replicas(Generic[R]):
    """Copies of one thing; each serves one thread at a time, whoever calls from wherever."""

    def __init__(self, copies: Sequence[R]) -> None:
        self._free: SimpleQueue[R] = SimpleQueue()
        for copy in copies:
            self._free.put(copy)
        self._pool = ThreadPoolExecutor(len(copies), thread_name_prefix="replica")

    def map(self, work: Callable[[R, T], S], tasks: Iterable[T]) -> list[S]:
        """Do each task with whichever copy is free; results are in the order of the tasks.

        raises  what the first task that failed raised; tasks that had not begun are dropped
        """

        def borrow(task: T) -> S:
            copy = self._free.get()
            try:
                return work(copy, task)
            finally:
                self._free.put(copy)

        return list(self._pool.map(borrow, tasks))


def halving(
    read: Callable[[Sequence[Sequence[int]]], list[S]],
    windows: Sequence[Sequence[int]],
    too_many: Callable[[int], None],
) -> list[S]:
    """Read windows at once or, where the device's memory does not hold them, half by half.

    too_many  is told how many tokens, padding included, did not fit
    raises    EnvironmentFailure where one window alone does not fit
    """
    try:
        return read(windows)
    except torch.OutOfMemoryError as exc:
        if len(windows) == 1:
            raise EnvironmentFailure(
                f"nothing was scored: the GPU has no memory left for {len(windows[0])} tokens",
                fix="end what else runs on it, set `quantize`, choose a smaller model or the CPU",
            ) from exc
    # Not in the except clause: while the error lives, so do the tensors its frames hold.
    torch.cuda.empty_cache()  # does nothing where CUDA was never started
    too_many(len(windows) * max(map(len, windows)))
    middle = len(windows) // 2
    return [
        *halving(read, windows[:middle], too_many),
        *halving(read, windows[middle:], too_many),
    ]
