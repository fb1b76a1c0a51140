"""The sparse autoencoder's encoder: states in, a few strong features out."""

from dataclasses import dataclass

import numpy as np

from reviewbot.arrays import Array, Indices
from reviewbot.encoders.states import layer_norm
from reviewbot.errors import ArtifactError


@dataclass(frozen=True, slots=True)
class SparseCoder:
    """Weights of a TopK autoencoder on layer-normed states.

    In SAELens' terms: topk, layer_norm, b_dec applied to the input.
    """

    enc_DF: Array
    dec_FD: Array
    bias_F: Array
    bias_D: Array  # b_dec: subtracted from the input, added to the output
    k: int

    @property
    def width(self) -> int:
        """D, the width of the states it reads."""
        return int(self.enc_DF.shape[0])

    @property
    def features(self) -> int:
        """F, the number of features."""
        return int(self.enc_DF.shape[1])


@dataclass(frozen=True, slots=True)
class SparseFeatures:
    """The K strongest features of each token, strongest first."""

    indices_TK: Indices
    values_TK: Array  # >= 0; 0 if fewer than K were positive


def encode(coder: SparseCoder, hidden_TD: Array) -> SparseFeatures:
    """Keep the `coder.k` strongest features of each token.

    hidden_TD  float32, the residual stream the coder was trained on, not normalised
    raises     ArtifactError if D is not the coder's width
    source     TopK autoencoder, Gao et al. 2024, arXiv:2406.04093; PtTrust, arXiv:2504.14640
    """
    return encode_normed(coder, layer_norm(_checked(coder, hidden_TD)))


def encode_normed(coder: SparseCoder, normed_TD: Array) -> SparseFeatures:
    """Encode states that are already layer-normed."""
    pre_TF = np.asarray((_checked(coder, normed_TD) - coder.bias_D) @ coder.enc_DF, np.float32)
    pre_TF += coder.bias_F
    top_TK = _strongest(pre_TF, coder.k)
    values_TK = np.take_along_axis(pre_TF, top_TK, axis=1)
    order_TK = np.argsort(-values_TK, axis=1, kind="stable")
    indices_TK = np.take_along_axis(top_TK, order_TK, axis=1)
    values_TK = np.take_along_axis(values_TK, order_TK, axis=1)
    return SparseFeatures(indices_TK, np.maximum(values_TK, 0).astype(np.float32))


def _strongest(pre_TF: Array, k: int) -> Indices:
    """Return the indices of the k greatest values of each row, ascending; ties go to the first.

    Partitioning values is several times faster than argpartition. Rows with a tie for the k-th
    place, or with NaN, fall back to a stable sort.
    """
    least_T1 = np.partition(pre_TF, pre_TF.shape[1] - k, axis=1)[:, -k, None]
    token_N, place_N = np.divmod(np.flatnonzero(pre_TF >= least_T1), pre_TF.shape[1])
    plain_T = np.bincount(token_N, minlength=len(pre_TF)) == k
    top_TK = np.empty((len(pre_TF), k), np.intp)
    top_TK[plain_T] = place_N[plain_T[token_N]].reshape(-1, k)
    if not plain_T.all():
        top_TK[~plain_T] = np.sort(np.argsort(-pre_TF[~plain_T], axis=1, kind="stable")[:, :k])
    return top_TK


def decode(coder: SparseCoder, features: SparseFeatures) -> Array:
    """Return the layer-normed states (T, D) that the features stand for."""
    dense_TF = np.zeros((len(features.indices_TK), coder.features), np.float32)
    np.put_along_axis(dense_TF, features.indices_TK, features.values_TK, axis=1)
    return np.asarray(dense_TF @ coder.dec_FD + coder.bias_D, np.float32)


def _checked(coder: SparseCoder, values_TD: Array) -> Array:
    if values_TD.ndim != 2 or values_TD.shape[1] != coder.width:
        raise ArtifactError(
            f"nothing was scored: the artifact expects states of width {coder.width}, "
            f"the model gives {values_TD.shape[-1]}",
            fix="choose the artifact that was trained on this model",
        )
    return values_TD
