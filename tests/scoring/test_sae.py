"""The sparse autoencoder's encoder, on weights that one can read."""

import numpy as np
import pytest

from reviewbot.errors import ArtifactError
from reviewbot.scoring.sae import SparseCoder, decode, encode, encode_normed
from tests import tiny


def identity(width: int, k: int) -> SparseCoder:
    eye, zeros = np.eye(width, dtype=np.float32), np.zeros(width, np.float32)
    return SparseCoder(enc_DF=eye, dec_FD=eye, bias_F=zeros, bias_D=zeros, k=k)


@pytest.mark.parametrize(
    ("state", "indices", "values"),
    [
        ([0.0, 2.0, 5.0], [2, 1], [5.0, 2.0]),
        ([-3.0, 4.0, -1.0], [1, 2], [4.0, 0.0]),  # below 0 counts as 0
        ([7.0, 7.0, 7.0], [0, 1], [7.0, 7.0]),  # ties go to the first
    ],
)
def test_an_identity_coder_reports_the_strongest_coordinates_first(
    state: list[float], indices: list[int], values: list[float]
) -> None:
    features = encode_normed(identity(3, 2), np.array([state], np.float32))

    assert (features.indices_TK.tolist(), features.values_TK.tolist()) == ([indices], [values])


def test_the_scale_of_a_state_does_not_change_its_features() -> None:
    values_TD = np.random.default_rng(0).normal(size=(20, tiny.WIDTH)).astype(np.float32)
    one, other = encode(tiny.coder(), values_TD), encode(tiny.coder(), values_TD * 7.5)

    assert one.indices_TK.tolist() == other.indices_TK.tolist()
    np.testing.assert_allclose(one.values_TK, other.values_TK, atol=1e-4)
    assert encode(tiny.coder(), values_TD[:0]).values_TK.shape == (0, 4)


def test_the_bias_is_taken_off_before_and_added_behind() -> None:
    bias_D = np.array([1.0, 2.0, 3.0], np.float32)
    plain = identity(3, 3)
    coder = SparseCoder(plain.enc_DF, plain.dec_FD, plain.bias_F, bias_D, 3)
    values_TD = np.array([[2.0, 4.0, 3.5]], np.float32)
    features = encode_normed(coder, values_TD)

    assert features.values_TK.tolist() == [[2.0, 1.0, 0.5]]
    assert decode(coder, features).tolist() == values_TD.tolist()


@pytest.mark.parametrize("shape", [(4, tiny.WIDTH + 1), (tiny.WIDTH,)])
def test_states_of_another_width_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ArtifactError, match="width 32"):
        encode_normed(tiny.coder(), np.zeros(shape, np.float32))
