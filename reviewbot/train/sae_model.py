"""The autoencoder in training: its configuration and its weights in torch."""

from dataclasses import dataclass

import numpy as np
import torch

from reviewbot.arrays import Array
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
