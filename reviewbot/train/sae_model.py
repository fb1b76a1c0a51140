"""The autoencoder in training: its configuration and its weights in torch."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from reviewbot.arrays import Array
from reviewbot.errors import UsageError
from reviewbot.scoring.sae import SparseCoder


@dataclass(frozen=True, slots=True, kw_only=True)
class SaeConfig:
    """How the autoencoder is trained."""

    features: int = 2048  # F; the paper has 128
    k: int = 32  # features kept per token
    tied: bool = False  # decoder = encoder transposed, as in the paper
    epochs: int = 4
    batch: int = 4096  # tokens
    learning_rate: float = 0.0  # 0: 2e-4 / sqrt(F / 2**14)
    aux: float = 1 / 32  # weight of AuxK: dead features learn to explain the residual
    contrast: float = 0.1  # weight of the hinge on (original, spoilt) line ends; 0: none
    margin: float = 1.0  # the hinge's epsilon, between codes of unit length
    cold_share: float = 0.4  # share of the run before the hinge sets in
    dead_share: float = 0.05  # a feature that did not fire for this share of the run is dead
    line_ends_only: bool = False  # train on the token that ends a line, as the paper does
    plain_loss: bool = False  # normalised MSE, of spoilt line ends too; else the batch's FVU
    unit_rows: bool = True  # features of the decoder keep length 1
    unit_codes: bool = True  # the hinge compares codes of unit length; else codes as they are
    constant_rate: bool = False  # no warming up, no falling
    decay: float = 0.0  # AdamW's; 0: Adam
    seed: int = 0


# PtTrust's first stage (arXiv:2504.14640), as far as paper and published configuration tell.
#
# As they have it: the token that ends a line, layer-normed; tied TopK 128/32 and ReLU; normalised
# MSE of original and spoilt lines + max(0, margin - |f(x) - f(x')|) ** 2 of each pair, codes as
# they are, off for the first 40 %; AdamW with 2e-4 and eps 6.25e-10, 10 epochs, gradients clipped
# at 1, no schedule.
#
# Not as they have it. Corpus: theirs is LeetCode, DebugBench and HumanEvalPack, the latter two with
# labelled bugs; ours is unlabelled code, and far less. Pairs: their code takes one distance between
# two whole batches, whose hinge cannot switch off; the formula is per pair. The margin is their
# code's. A spoilt copy gives us its spoilt lines only, and the prompt's end none. Errors are
# measured on layer-normed states. Not told, so chosen: weight 1 of the hinge, torch's default
# decay, rows of length 1 at the start and free afterwards, b_dec from the mean state.
PTTRUST = SaeConfig(
    features=128,
    k=32,
    tied=True,
    epochs=10,
    batch=400,  # 16 snippets; a solution of LeetCode has about 25 lines
    learning_rate=2e-4,
    aux=0.0,
    contrast=1.0,
    margin=2.0,
    cold_share=0.4,
    line_ends_only=True,
    plain_loss=True,
    unit_rows=False,
    unit_codes=False,
    constant_rate=True,
    decay=0.01,
)
RECIPES = {"own": SaeConfig(), "pttrust": PTTRUST}


def recipe_config(recipe: str, given: Mapping[str, Any]) -> SaeConfig:
    """Return a recipe's configuration with what the user gave in its place.

    given   fields of `SaeConfig` by name; they win over the recipe
    raises  UsageError for a recipe that is not known
    """
    if recipe not in RECIPES:
        raise UsageError(
            f"no recipe is named {recipe!r}, nothing was trained",
            fix=f"use one of: {', '.join(RECIPES)}",
        )
    return replace(RECIPES[recipe], **given)


class Autoencoder(torch.nn.Module):
    """Weights in training; states come layer-normed."""

    def __init__(self, config: SaeConfig, mean_D: torch.Tensor) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(config.seed)
        rows_FD = torch.randn(config.features, len(mean_D), generator=generator)
        rows_FD /= rows_FD.norm(dim=1, keepdim=True)
        self.k = config.k
        self.dec_FD = torch.nn.Parameter(rows_FD)
        self.enc_DF = None if config.tied else torch.nn.Parameter(rows_FD.T.clone())
        self.bias_F = torch.nn.Parameter(torch.zeros(config.features))
        self.bias_D = torch.nn.Parameter(mean_D.clone())

    def encoder(self) -> torch.Tensor:
        """Return enc_DF, the decoder's transpose where the two are tied."""
        return self.dec_FD.T if self.enc_DF is None else self.enc_DF

    def pre(self, normed_TD: torch.Tensor) -> torch.Tensor:
        """Return the features before the choice of the strongest, (T, F)."""
        return (normed_TD - self.bias_D) @ self.encoder() + self.bias_F

    def code(self, pre_TF: torch.Tensor) -> torch.Tensor:
        """Keep the k strongest of each token, never below 0, (T, F)."""
        top = pre_TF.topk(self.k, dim=-1)
        return torch.zeros_like(pre_TF).scatter(-1, top.indices, top.values.relu())

    def coder(self) -> SparseCoder:
        """Return the weights as scoring uses them."""

        def plain(tensor: torch.Tensor) -> Array:
            return np.ascontiguousarray(tensor.detach().numpy(), np.float32)

        return SparseCoder(
            enc_DF=plain(self.encoder()),
            dec_FD=plain(self.dec_FD),
            bias_F=plain(self.bias_F),
            bias_D=plain(self.bias_D),
            k=self.k,
        )
