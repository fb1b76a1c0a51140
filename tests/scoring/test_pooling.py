"""Tokens to lines, by hand."""

import numpy as np

from reviewbot.encoders.spans import Span
from reviewbot.encoders.states import layer_norm
from reviewbot.scoring.pooling import (
    STATE_GROUPS,
    SURPRISAL_NAMES,
    LineTokens,
    columns,
    group_sizes,
    line_tokens,
    pool,
    pool_surprisal,
)
from reviewbot.scoring.sae import SparseCoder
from reviewbot.scoring.surface import SURFACE_NAMES, surface
from tests import tiny

# Three tokens of width 3, already normed; the first line has two of them.
TOKENS_TD = np.array([[4.0, 0.0, 1.0], [2.0, 3.0, 0.0], [0.0, 0.0, 6.0]], np.float32)


def identity(k: int) -> SparseCoder:
    eye, zeros = np.eye(3, dtype=np.float32), np.zeros(3, np.float32)
    return SparseCoder(enc_DF=eye, dec_FD=eye, bias_F=zeros, bias_D=zeros, k=k)


def test_a_line_s_tokens_are_pooled_to_their_greatest_their_mean_and_their_last() -> None:
    groups = pool(LineTokens(TOKENS_TD, np.array([2, 1], np.intp)), identity(1))

    assert groups["sae_max"].tolist() == [[4, 3, 0], [0, 0, 6]]
    assert groups["sae_mean"].tolist() == [[2, 1.5, 0], [0, 0, 6]]
    assert groups["state_mean"].tolist() == [[3, 1.5, 0.5], [0, 0, 6]]
    assert groups["state_last"].tolist() == [[2, 3, 0], [0, 0, 6]]


def test_sinks_are_left_out_and_a_line_of_sinks_pools_to_zeros() -> None:
    values_TD = np.random.default_rng(0).normal(size=(8, tiny.WIDTH)).astype(np.float32)
    values_TD[[0, 3]] *= 1_000
    tokens = line_tokens(values_TD, [Span(0, 1), Span(2, 5)])
    groups = pool(tokens, tiny.coder())
    only_sinks = LineTokens(np.zeros((0, tiny.WIDTH), np.float32), np.zeros(2, np.intp))
    sizes = group_sizes(tiny.WIDTH, tiny.FEATURES)

    assert {name: part.shape for name, part in groups.items()} == {
        name: (2, sizes[name]) for name in STATE_GROUPS
    }
    assert not any(part.any() for part in pool(only_sinks, tiny.coder()).values())
    assert sorted(pool(tokens, None)) == ["state_last", "state_mean"]
    assert tokens.counts_L.tolist() == [0, 2]
    np.testing.assert_allclose(tokens.normed_TD, layer_norm(values_TD[[2, 4]]))
    assert all((array[0] == 0).all() for array in groups.values())
    assert all((array[1] != 0).any() for array in groups.values())


def test_a_token_on_two_lines_counts_for_both() -> None:
    values_TD = np.eye(4, tiny.WIDTH, dtype=np.float32)
    tokens = line_tokens(values_TD, [Span(0, 3), Span(2, 4)])

    assert tokens.counts_L.tolist() == [3, 2]


def test_columns_stand_in_the_order_that_was_asked_for() -> None:
    groups = {"a": np.ones((2, 1), np.float32), "b": np.full((2, 2), 5, np.float32)}
    lines = ["x = f(1)", "y"]
    found_LN = columns(groups, ["b", "surface", "a"], lines, [False] * len(lines))

    assert found_LN[0, :2].tolist() == [5, 5]
    assert found_LN[:, 2:-1].tolist() == surface(lines, [False] * len(lines)).tolist()
    assert found_LN[0, -1:].tolist() == [1]


def test_surprisal_is_summed_averaged_and_its_greatest_named() -> None:
    signals_TS = np.array([[1, 4, 9, 9], [2, 0, 1, 0], [6, 2, 5, 1]], np.float32)
    (row,) = pool_surprisal(signals_TS, [Span(1, 3)])

    assert dict(zip(SURPRISAL_NAMES, row.tolist(), strict=True)) == {
        "surprisal, sum": 8,
        "surprisal, mean": 4,
        "surprisal, greatest": 6,
        "entropy, mean": 1,
        "entropy, greatest": 2,
        "margin, mean": 3,
        "margin, greatest": 5,
        "rank, mean": 0.5,
        "rank, greatest": 1,
    }


def test_the_surface_of_a_line_is_counted_and_squeezed() -> None:
    (row_N,) = surface(["    if a[i] == f(b, 10):  "], [False])
    said = dict(zip(SURFACE_NAMES, np.expm1(row_N).round(3).tolist(), strict=True))

    assert said["line length"] == 20
    assert said["indentation"] == 4
    assert said["calls"] == said["comparisons"] == said["numbers"] == said["keyword: branch"] == 1
    assert said["assignment"] == said["comment"] == 0
    assert said["ends with an opening sign"] == said["deepest bracket"] == 1


def test_the_surface_of_a_line_does_not_depend_on_its_neighbours() -> None:
    lines = ["a = 1", "", "\x0c\u2028(((", "x" * 100_000]

    assert surface(lines, [False] * len(lines)).tolist() == [
        surface([line], [False])[0].tolist() for line in lines
    ]
    assert np.isfinite(surface(lines, [True] * len(lines))).all()
    assert surface([], []).shape == (0, len(SURFACE_NAMES))


def test_in_prose_only_length_indentation_and_words_are_counted() -> None:
    (row_N,) = surface(["    for x in range(3): return"], [True])
    told = {name: value for name, value in zip(SURFACE_NAMES, row_N.tolist(), strict=True) if value}

    assert set(told) == {"line length", "indentation", "words", "comment or docstring"}
