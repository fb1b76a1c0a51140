"""What each process of a run has, all of them the same: weights, optimiser, counters."""

import math
from dataclasses import dataclass, field

import torch

from reviewbot.train.sae_model import Autoencoder, SaeConfig


@dataclass
class Cursor:
    """How far a run is.

    Random numbers need no state: they are drawn from the seed and these counts.
    """

    shards: int = 0  # done, in the order of the manifest; one that was read twice counts twice
    read: int = 0  # tokens of them
    trained: int = 0  # tokens, a token of several epochs several times
    fvu: float = 1.0  # of the last batch


@dataclass
class Replica:
    """A model in training."""

    model: Autoencoder
    optimiser: torch.optim.Optimizer
    rate: float  # of learning, before the schedule
    idle_F: torch.Tensor  # tokens since a feature fired
    cursor: Cursor = field(default_factory=Cursor)

    @staticmethod
    def untrained(config: SaeConfig, width: int, device: torch.device) -> "Replica":
        """Return random weights, the same for each process. width  D of the states"""
        model = Autoencoder(config, width).to(device)
        rate = config.learning_rate or 2e-4 / math.sqrt(config.features / 2**14)
        optimiser = torch.optim.AdamW(
            model.parameters(), lr=rate, eps=6.25e-10, weight_decay=config.decay
        )
        idle_F = torch.zeros(config.features, dtype=torch.int64, device=device)
        return Replica(model, optimiser, rate, idle_F)
