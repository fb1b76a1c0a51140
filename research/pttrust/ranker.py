"""PtTrust's ranker: a small network, many trained side by side, one per fold left out.

One matrix product serves all models; none sees another's lines. Snippets of a step are parted by
length before their scores are sorted softly, since padding costs the square of the longest.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from research.pttrust.neural_ndcg import neural_ndcg
from reviewbot.arrays import Array, Indices
from reviewbot.train.dataset import Scores

PADDING = 60_000  # cells of padding in a step that cost as much as another pass of Sinkhorn rounds


@dataclass(frozen=True, slots=True, kw_only=True)
class RankerConfig:
    """How the ranker is trained; the defaults are the paper's."""

    width: int = 32
    layers: int = 5  # linear layers of that width, before the one that gives the score
    epochs: int = 20
    batch: int = 2  # snippets
    learning_rate: float = 1e-4
    decay: float = 1e-5  # Adam's L2
    temperature: float = 1.0


PAPER = RankerConfig()


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A wrong program to learn from."""

    lines: Indices  # rows of the table
    relevance: Scores  # of these lines, 0 to 1


Model = list[torch.Tensor]  # weights (M, in, out) and biases (M, 1, out) in turn, of M models


def train(
    code_LF: Array,
    taught: Sequence[Sequence[Lesson]],
    *,
    seed: int = 0,
    config: RankerConfig = PAPER,
) -> Model:
    """Train one ranker on each list of lessons; none of the lists may be empty.

    Every model starts from the same weights and ends after its own last step, whatever the others'
    number of lessons.
    """
    code = torch.from_numpy(np.ascontiguousarray(code_LF, np.float32))
    models = range(len(taught))
    model = _start(code.shape[1], len(taught), seed, config)
    optimiser = torch.optim.Adam(model, lr=config.learning_rate, weight_decay=config.decay)
    per_epoch = [math.ceil(len(found) / config.batch) for found in taught]
    done: dict[int, Model] = {}
    batches = [_batches(taught[m], config, np.random.default_rng((seed, m))) for m in models]
    for step in range(config.epochs * max(per_epoch)):
        # A model that is done repeats a lesson: its weights are kept and it touches no other's.
        now = [next(batches[m], list(taught[m][:1])) for m in models]
        _step(model, optimiser, code, now, config)
        for m in models:
            if step + 1 == config.epochs * per_epoch[m]:
                done[m] = [part[m].detach().clone() for part in model]
    return [torch.stack([done[m][i] for m in models]) for i in range(len(model))]


def predict(model: Sequence[torch.Tensor], code_LF: Array) -> Array:
    """Return the scores of L lines by a single model."""
    code_MLF = torch.from_numpy(np.ascontiguousarray(code_LF, np.float32))[None]
    with torch.no_grad():
        return np.asarray(_forward(model, code_MLF)[0].numpy(), np.float32)


def _start(features: int, models: int, seed: int, config: RankerConfig) -> Model:
    """Draw torch's own start of a linear layer, the same for each model."""
    generator = torch.Generator().manual_seed(seed)
    widths = [features, *[config.width] * config.layers, 1]
    parts = []
    for fan_in, fan_out in pairwise(widths):
        for rows in (fan_in, 1):
            part = (2 * torch.rand(rows, fan_out, generator=generator) - 1) / math.sqrt(fan_in)
            parts.append(part.repeat(models, 1, 1).requires_grad_())
    return parts


def _forward(model: Sequence[torch.Tensor], code_MLF: torch.Tensor) -> torch.Tensor:
    """Return the scores, (M, L)."""
    value = code_MLF
    for i in range(0, len(model) - 2, 2):
        value = torch.baddbmm(model[i + 1], value, model[i]).relu()
    return torch.baddbmm(model[-1], value, model[-2]).sigmoid().squeeze(-1)


def _batches(
    found: Sequence[Lesson], config: RankerConfig, draw: np.random.Generator
) -> Iterator[list[Lesson]]:
    for _ in range(config.epochs):
        order = draw.permutation(len(found))
        for start in range(0, len(order), config.batch):
            yield [found[i] for i in order[start : start + config.batch]]


def _step(
    model: Model,
    optimiser: torch.optim.Optimizer,
    code: torch.Tensor,
    now: Sequence[Sequence[Lesson]],
    config: RankerConfig,
) -> None:
    """Lay each model's lines side by side, padded to the most, and learn from their snippets."""
    most = max(sum(len(lesson.lines) for lesson in batch) for batch in now)
    line_ML = np.zeros((len(now), most), np.int64)
    placed: list[_Placed] = []
    for m, batch in enumerate(now):
        at = 0
        for lesson in batch:
            line_ML[m, at : at + len(lesson.lines)] = lesson.lines
            placed.append(_Placed(m * most + at, lesson.relevance, 1 / len(batch)))
            at += len(lesson.lines)
    score_X = _forward(model, code[torch.from_numpy(line_ML)]).reshape(-1)
    loss = torch.zeros(())
    for alike in _alike(placed):
        longest = len(alike[0].relevance)
        at_SN = np.array([one.start for one in alike])[:, None] + np.arange(longest)
        real_SN = np.arange(longest) < np.array([len(one.relevance) for one in alike])[:, None]
        target_SN = np.zeros(real_SN.shape, np.float32)
        target_SN[real_SN] = np.concatenate([one.relevance for one in alike])
        value_S = neural_ndcg(
            score_X[torch.from_numpy(np.where(real_SN, at_SN, 0))],
            torch.from_numpy(target_SN),
            torch.from_numpy(real_SN),
            temperature=config.temperature,
        )
        loss = loss - (value_S * torch.tensor([one.share for one in alike])).sum()
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """A snippet of a step: where its lines' scores start, their targets, its share of the loss."""

    start: int
    relevance: Scores
    share: float


def _alike(placed: Sequence[_Placed]) -> Iterator[list[_Placed]]:
    """Part the snippets of a step, the longest first, where padding would cost more than a part."""
    falling = sorted(placed, key=lambda one: -len(one.relevance))
    part: list[_Placed] = []
    for number, one in enumerate(falling):
        rest = len(falling) - number
        if part and rest * (len(part[0].relevance) ** 2 - len(one.relevance) ** 2) > PADDING:
            yield part
            part = []
        part.append(one)
    yield part
