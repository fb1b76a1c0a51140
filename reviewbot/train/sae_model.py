"""The autoencoder: its configuration, its weights in torch, and how good it is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from reviewbot.arrays import Array
from reviewbot.scoring.sae import SparseCoder, decode, encode_normed
from reviewbot.train.states import States


@dataclass(frozen=True, slots=True, kw_only=True)
class SaeConfig:
    """How the autoencoder is trained."""

    features: int = 2048  # F; the paper has 128
    k: int = 32  # features kept per token
    tied: bool = False  # decoder = encoder transposed, as in the paper
    tokens: int = 300_000  # of the corpus to learn from, at most; line ends with line_ends_only
    epochs: int = 4  # how often each token is trained on, while its buffer is in memory
    buffer: int = 8  # text shards whose tokens are mixed
    batch: int = 4096  # tokens of all processes together
    learning_rate: float = 0.0  # 0: 2e-4 / sqrt(F / 2**14)
    aux: float = 1 / 32  # weight of AuxK: dead features learn to explain the residual
    contrast: float = 0.1  # weight of the hinge on (original, corrupted) line ends; 0: none
    margin: float = 1.0  # the hinge's epsilon, between codes of unit length
    cold_share: float = 0.4  # share of the run before the hinge starts
    dead_share: float = 0.05  # a feature that did not fire for this share of the run is dead
    line_ends_only: bool = False  # train on the token that ends a line, as the paper does
    plain_loss: bool = False  # normalised MSE, of corrupted line ends too; else the batch's FVU
    unit_rows: bool = True  # features of the decoder keep length 1
    unit_codes: bool = True  # the hinge compares codes of unit length; else codes as they are
    constant_rate: bool = False  # no warm-up, no decay of the rate
    decay: float = 0.0  # AdamW's; 0: Adam
    bf16: bool = False  # the encoder's product in bfloat16; sums and weights stay in float32
    seed: int = 0


class Autoencoder(torch.nn.Module):
    """Weights in training; states are layer-normed."""

    def __init__(self, config: SaeConfig, width: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(config.seed)
        rows_FD = torch.randn(config.features, width, generator=generator)
        rows_FD /= rows_FD.norm(dim=1, keepdim=True)
        self.k = config.k
        self.bf16 = config.bf16
        self.dec_FD = torch.nn.Parameter(rows_FD)
        self.enc_DF = None if config.tied else torch.nn.Parameter(rows_FD.T.clone())
        self.bias_F = torch.nn.Parameter(torch.zeros(config.features))
        self.bias_D = torch.nn.Parameter(torch.zeros(width))

    def start_at(self, mean_D: torch.Tensor) -> None:
        """Let b_dec begin as the mean state."""
        with torch.no_grad():
            self.bias_D.copy_(mean_D)

    def encoder(self) -> torch.Tensor:
        """Return enc_DF; if tied, the decoder's transpose."""
        return self.dec_FD.T if self.enc_DF is None else self.enc_DF

    def pre(self, normed_TD: torch.Tensor) -> torch.Tensor:
        """Return all features before TopK, (T, F)."""
        enc_DF = self.encoder()
        with torch.autocast(normed_TD.device.type, torch.bfloat16, enabled=self.bf16):
            product_TF = normed_TD @ enc_DF
        # (x - b_dec) @ enc would cost one more product of this size for the gradient of b_dec.
        return product_TF.float() + (self.bias_F - self.bias_D @ enc_DF)

    def strongest(self, pre_TF: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the k strongest features of each token, and their values >= 0; both (T, K)."""
        top = pre_TF.topk(self.k, dim=-1)
        return top.indices, top.values.relu()

    def decode(self, indices_TK: torch.Tensor, values_TK: torch.Tensor) -> torch.Tensor:
        """Return the sum of some features' rows of the decoder, without b_dec, (T, D)."""
        return torch.nn.functional.embedding_bag(
            indices_TK, self.dec_FD, per_sample_weights=values_TK, mode="sum"
        )

    def code(self, pre_TF: torch.Tensor) -> torch.Tensor:
        """Return the k strongest features of each token among zeros, (T, F)."""
        return torch.zeros_like(pre_TF).scatter(-1, *self.strongest(pre_TF))

    def coder(self) -> SparseCoder:
        """Return the weights for scoring."""

        def plain(tensor: torch.Tensor) -> Array:
            return np.ascontiguousarray(tensor.detach().cpu().numpy(), np.float32)

        return SparseCoder(
            enc_DF=plain(self.encoder()),
            dec_FD=plain(self.dec_FD),
            bias_F=plain(self.bias_F),
            bias_D=plain(self.bias_D),
            k=self.k,
        )


def measure(coder: SparseCoder, held_back: Sequence[States]) -> dict[str, float]:
    """Measure a coder on states that it was not trained on.

    fvu            sum of squared errors / sum of squared deviations from the mean, all tokens
    fvu_line_ends  the same over the tokens that end a line
    l0             features > 0 per token
    dead_share     share of features that fired nowhere
    pair_distance  mean distance of unit codes within (original, corrupted) pairs
    """
    states_TD = np.concatenate([shard.states_TD for shard in held_back])
    ends_T = np.concatenate([shard.line_end_T for shard in held_back]) > 0
    error_T, l0, fired_F = [], 0, np.zeros(coder.features, np.bool_)
    for start in range(0, len(states_TD), 4096):
        part_TD = states_TD[start : start + 4096]
        sparse = encode_normed(coder, part_TD)
        error_T.append(((decode(coder, sparse) - part_TD) ** 2).sum(axis=1))
        l0 += int((sparse.values_TK > 0).sum())
        fired_F[sparse.indices_TK[sparse.values_TK > 0]] = True
    errors_T = np.concatenate(error_T)
    spread_T = ((states_TD - states_TD.mean(axis=0)) ** 2).sum(axis=1)
    figures = {
        "tokens": float(len(states_TD)),
        "fvu": float(errors_T.sum() / spread_T.sum()),
        "fvu_line_ends": float(errors_T[ends_T].sum() / max(spread_T[ends_T].sum(), 1e-9)),
        "l0": l0 / len(states_TD),
        "dead_share": float(1 - fired_F.mean()),
    }
    right = np.concatenate([shard.right_PD for shard in held_back])
    wrong = np.concatenate([shard.wrong_PD for shard in held_back])
    if len(right):
        distance = np.linalg.norm(_unit_code(coder, right) - _unit_code(coder, wrong), axis=1)
        figures["pair_distance"] = float(distance.mean())
    return figures


def _unit_code(coder: SparseCoder, states_TD: Array) -> Array:
    sparse = encode_normed(coder, states_TD)
    dense_TF = np.zeros((len(states_TD), coder.features), np.float32)
    np.put_along_axis(dense_TF, sparse.indices_TK, sparse.values_TK, axis=1)
    norm_T1 = np.linalg.norm(dense_TF, axis=1, keepdims=True)
    return np.asarray(dense_TF / np.maximum(norm_T1, 1e-9), np.float32)
