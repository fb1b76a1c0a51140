"""The mixing buffer: tokens of several shards, in batches that do not depend on the processes.

The processes share out a buffer's shards. A token stays with the process that read it, but its
number among all tokens, the order and the batches are the same however many processes there are.
A batch is spread over them unevenly, and a process may have none of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from reviewbot.errors import EnvironmentFailure, ReviewbotError
from reviewbot.train.ranks import Ranks
from reviewbot.train.sae_model import SaeConfig
from reviewbot.train.states import States

Numbers = npt.NDArray[np.int64]
Half = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Part:
    """This process's rows of a batch, and how many all processes have."""

    states_TD: torch.Tensor
    right_PD: torch.Tensor
    wrong_PD: torch.Tensor
    tokens: int  # of all processes
    pairs: int  # of all processes


@dataclass(frozen=True, slots=True)
class Rows:
    """This process's rows of an array that all processes have together."""

    number_R: Numbers  # among all rows
    total: int

    def batches(self, count: int, order: np.random.Generator) -> list[tuple[Numbers, int]]:
        """Mix all rows and cut them into `count` batches: own rows of each, and how many in all."""
        own = np.full(self.total, -1)
        own[self.number_R] = np.arange(len(self.number_R))
        parts = np.array_split(own[order.permutation(self.total)], count)
        return [(part[part >= 0], len(part)) for part in parts]


@dataclass(frozen=True, slots=True)
class Buffer:
    """Tokens and pairs of some shards. float16, to hold twice as many."""

    states_TD: Half
    right_PD: Half
    wrong_PD: Half
    tokens: Rows
    pairs: Rows
    mean_D: torch.Tensor  # of all tokens
    variance: float  # mean squared distance of a token from `mean_D`

    def parts(self, batch: int, order: np.random.Generator) -> Iterator[Part]:
        """Yield each token and each pair once, in batches of about `batch` tokens."""
        count = max(1, round(self.tokens.total / batch))
        tokens, pairs = self.tokens.batches(count, order), self.pairs.batches(count, order)
        for (token_T, token_count), (pair_P, pair_count) in zip(tokens, pairs, strict=True):
            yield Part(
                _float32(self.states_TD[token_T]),
                _float32(self.right_PD[pair_P]),
                _float32(self.wrong_PD[pair_P]),
                token_count,
                pair_count,
            )


def fill(
    read: Callable[[int], States],
    shards: Sequence[int],
    config: SaeConfig,
    width: int,
    limit: int,
    ranks: Ranks,
) -> Buffer:
    """Read every shard in one of the processes.

    read    returns the states of a shard by its number
    limit   tokens that are kept, in the order of the shards
    raises  what `read` raises; EnvironmentFailure where another process could not read
    """
    own = range(ranks.rank, len(shards), ranks.world)  # places in `shards`
    counts_S3 = torch.zeros(len(shards), 3, dtype=torch.int64)  # tokens, pairs, failures
    parts: list[tuple[Half, Half, Half]] = []
    failure: ReviewbotError | None = None
    try:
        for place in own:
            part = _kept(read(shards[place]), config)
            parts.append(part)
            counts_S3[place] = torch.tensor([len(part[0]), len(part[1]), 0])
    except ReviewbotError as exc:
        failure, counts_S3[own[len(parts)], 2] = exc, 1
    counts_S3 = ranks.sum(counts_S3)  # also with a failure: the others wait here
    if failure:
        raise failure
    if int(counts_S3[:, 2].sum()):
        raise EnvironmentFailure(
            "another process could not read its shards, so training stopped",
            fix="read its message, then run the same command again: it resumes",
        )
    found = int(counts_S3[:, 0].sum())
    share = min(1.0, limit / max(found, 1))
    tokens = _rows(counts_S3[:, 0].tolist(), own, min(found, limit))
    pairs = _rows(counts_S3[:, 1].tolist(), own, round(share * int(counts_S3[:, 1].sum())))
    none_TD = np.zeros((0, width), np.float16)
    states_TD, right_PD, wrong_PD = (
        np.concatenate([none_TD, *(part[side] for part in parts)])[: len(rows.number_R)]
        for side, rows in enumerate((tokens, pairs, pairs))
    )
    sums = np.zeros(width + 1)  # of the states, and of their squares
    for start in range(0, len(states_TD), 4096):
        chunk_TD = states_TD[start : start + 4096].astype(np.float64)
        sums += [*chunk_TD.sum(axis=0), np.square(chunk_TD).sum()]
    means = ranks.sum(torch.from_numpy(sums)) / max(tokens.total, 1)
    variance = float(means[-1] - means[:-1].square().sum())
    return Buffer(
        states_TD, right_PD, wrong_PD, tokens, pairs, means[:-1].float(), max(variance, 1e-9)
    )


def _float32(part_RD: Half) -> torch.Tensor:
    return torch.from_numpy(part_RD.astype(np.float32))


def _kept(states: States, config: SaeConfig) -> tuple[Half, Half, Half]:
    kept_TD = states.states_TD
    if config.line_ends_only:
        kept_TD = kept_TD[states.line_end_T > 0]
    sides = (kept_TD, states.right_PD, states.wrong_PD)
    half_TD, right_PD, wrong_PD = (side.astype(np.float16) for side in sides)
    return half_TD, right_PD, wrong_PD


def _rows(counts: Sequence[int], own: Sequence[int], limit: int) -> Rows:
    """Number the rows of all shards, and return those of one's own below the limit."""
    ends = np.cumsum(counts)
    numbers = [np.arange(ends[place] - counts[place], ends[place]) for place in own]
    own_R = np.concatenate([np.zeros(0, np.int64), *numbers])
    return Rows(own_R[own_R < limit], limit)
