"""Attention sinks and the normalisation of states."""

import numpy as np

from reviewbot.encoders.states import layer_norm, sinks


def test_a_token_with_a_norm_far_above_the_median_is_a_sink() -> None:
    values_TD = np.ones((5, 4), np.float32)
    values_TD[0] *= 10.5
    values_TD[2] *= 9.5

    assert sinks(values_TD).tolist() == [True, False, False, False, False]
    assert sinks(values_TD[:0]).tolist() == []


def test_a_normed_state_has_mean_0_and_unbiased_deviation_1() -> None:
    (normed_D,) = layer_norm(np.array([[1.0, 2.0, 3.0]], np.float32))

    np.testing.assert_allclose(normed_D, [-1, 0, 1], atol=1e-4)
    assert layer_norm(np.full((1, 8), 3, np.float32)).tolist() == [[0.0] * 8]
