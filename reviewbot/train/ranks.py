"""The processes of a training run. `torchrun` starts them; without it there is one."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import torch
from torch import distributed

from reviewbot.encoders.gpu_encoder import require_gpu
from reviewbot.encoders.processor import usable_cores
from reviewbot.errors import EnvironmentFailure

PATIENCE = timedelta(hours=1)  # for the slowest process; the first one packs the corpus


@dataclass
class Stopwatch:
    """Seconds by kind of work. Work inside other work counts as the inner kind only."""

    seconds: Counter[str] = field(default_factory=Counter)
    _inside: list[str] = field(default_factory=lambda: ["other"])
    _since: float = field(default_factory=time.perf_counter)

    @contextmanager
    def part(self, kind: str) -> Iterator[None]:
        """Charge the time inside the `with` block to a kind of work."""
        self._charge()
        self._inside.append(kind)
        try:
            yield
        finally:
            self._charge()
            self._inside.pop()

    def _charge(self) -> None:
        now = time.perf_counter()
        self.seconds[self._inside[-1]] += now - self._since  # type: ignore[assignment]
        self._since = now


@dataclass(frozen=True)
class Ranks:
    """This process among those of the run."""

    rank: int = 0
    world: int = 1  # processes
    local_world: int = 1  # of them, those on this machine
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    watch: Stopwatch = field(default_factory=Stopwatch)

    @property
    def first(self) -> bool:
        """Return True for the process that writes files and progress."""
        return self.rank == 0

    def set_threads(self, wanted: int) -> int:
        """Let torch use `wanted` CPU threads, 0: this process's share of the cores; return them."""
        threads = wanted or max(1, usable_cores() // self.local_world)
        torch.set_num_threads(threads)
        return threads

    def wait(self) -> None:
        """Wait until every process is here."""
        self.sum(torch.zeros(1))

    def sum(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return the sum over all processes, on the tensor's own device; all must call it.

        raises  EnvironmentFailure where another process has ended or does not answer
        """
        if self.world == 1:
            return tensor
        with self.watch.part("communication"):
            total = tensor.to(self.device, copy=True)
            with _talking():
                distributed.all_reduce(total)
            return total.to(tensor.device)


@contextmanager
def join(device: str) -> Iterator[Ranks]:
    """Join the processes that `torchrun` started, if it did.

    device  "cuda": nccl, one GPU per process; "cpu": gloo
    raises  EnvironmentFailure without a GPU, or where the others cannot be reached
    """
    if "RANK" not in os.environ:
        yield Ranks(device=torch.device(device))
        return
    local = int(os.environ["LOCAL_RANK"])
    if device == "cuda":
        require_gpu()
        if local >= (gpus := torch.cuda.device_count()):
            raise EnvironmentFailure(
                f"nothing was trained: process {local} of this machine has no GPU of its own, "
                f"torch sees {gpus}",
                fix=f"torchrun --nproc-per-node {gpus}",
            )
        torch.cuda.set_device(local)
    with _talking():
        distributed.init_process_group("nccl" if device == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield Ranks(
            rank=distributed.get_rank(),
            world=distributed.get_world_size(),
            local_world=int(os.environ["LOCAL_WORLD_SIZE"]),
            device=torch.device(device),
        )
    finally:
        distributed.destroy_process_group()


@contextmanager
def _talking() -> Iterator[None]:
    """Turn a failure to reach the others into one that a user understands."""
    try:
        yield
    except RuntimeError as exc:  # of gloo; nccl's errors derive from it
        raise EnvironmentFailure(
            "another process of the run ended or does not answer, so training stopped: "
            f"{str(exc)[:200]}",
            fix="read its message, then run the same command again: it resumes",
        ) from exc
