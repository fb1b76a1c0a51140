"""Pre-train a TopK sparse autoencoder on states of unlabelled code, in one or many processes.

Scoring uses the weights through `scoring.sae.encode`; a test compares the two.
"""

import hashlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from reviewbot.errors import UsageError
from reviewbot.scoring.sae import SparseCoder
from reviewbot.train.ranks import Ranks
from reviewbot.train.sae_buffer import fill
from reviewbot.train.sae_checkpoint import resume, save_checkpoint
from reviewbot.train.sae_model import SaeConfig
from reviewbot.train.sae_replica import Cursor, Replica
from reviewbot.train.sae_step import train_step
from reviewbot.train.states import States

Progress = Callable[[int, int, str], None]  # tokens trained on, of how many, a text on the losses


class Read(Protocol):
    """Returns the states of a shard; equal arguments give equal states."""

    def __call__(self, number: int, visit: int) -> States:
        """number  of the shard; visit  how often it was read before"""


def fit(
    read: Read,
    shards: int,
    config: SaeConfig,
    checkpoint: Path,
    *,
    width: int,
    run: str,
    ranks: Ranks | None = None,
    progress: Progress = lambda _done, _of, _text: None,
) -> SparseCoder:
    """Train until `config.tokens` tokens were trained on `config.epochs` times each.

    read        called again with another `visit` where the shards hold too few tokens
    shards      how many there are
    checkpoint  file, written after every buffer by the first process; a run with the same config
                and `run` resumes from it, with any number of processes
    width       D of the states
    raises      ArtifactError where the checkpoint belongs to another run, UsageError where the
                shards hold no token, EnvironmentFailure where numbers are not finite, the disk is
                full or another process ended
    """
    ranks = ranks or Ranks()
    run = hashlib.sha256(f"{run} {config} {shards}".encode()).hexdigest()
    replica = Replica.untrained(config, width, ranks.device)
    resume(checkpoint, run, replica, ranks)
    cursor, total = replica.cursor, config.tokens * config.epochs
    progress(cursor.trained, total, "resumed" if cursor.trained else "new run")

    def read_next(number: int) -> States:
        progress(cursor.trained, total, f"reading shard {number + 1} of {shards}")
        return read(number, visit)

    while cursor.read < config.tokens:
        visit, first = divmod(cursor.shards, shards)
        chosen = range(first, min(first + _next_count(cursor, config), shards))
        left = config.tokens - cursor.read
        with ranks.watch.part("mixing"):
            buffer = fill(read_next, chosen, config, width, left, ranks)
            if cursor.shards == 0:
                replica.model.start_at(buffer.mean_D)
            for epoch in range(config.epochs if buffer.tokens.total else 0):
                order = np.random.default_rng((config.seed, cursor.shards, epoch))
                for part in buffer.parts(config.batch, order):
                    with ranks.watch.part("training"):
                        text = train_step(replica, part, buffer.variance, config, ranks)
                    progress(cursor.trained, total, text)
        cursor.read += buffer.tokens.total
        cursor.shards += len(chosen)
        if cursor.read == 0 and cursor.shards == shards:
            raise UsageError("the corpus holds no token to train on", fix="name a larger --corpus")
        if ranks.first:
            with ranks.watch.part("disk"):
                save_checkpoint(checkpoint, run, replica)
    return replica.model.coder()


def _next_count(cursor: Cursor, config: SaeConfig) -> int:
    """Return how many shards the next buffer needs; the last buffers share what is left evenly."""
    if not cursor.read:
        return config.buffer
    left = (config.tokens - cursor.read) * cursor.shards / cursor.read  # shards, as they were
    return min(config.buffer, math.ceil(left / math.ceil(left / config.buffer)))
