"""The fast hot paths against the plain loops of `plain.py`: not one bit may differ."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.arrays import Array
from reviewbot.encoders import spans
from reviewbot.encoders.spans import Span
from reviewbot.scoring import pooling, predictor, reasons, sae
from reviewbot.scoring.reasons import FeatureNote
from reviewbot.scoring.sae import SparseCoder
from tests import tiny
from tests.scoring import plain

WIDTH, FEATURES = 64, 512
SEEDS = st.integers(0, 2**32 - 1)


def coder(k: int = 16, seed: int = 0) -> SparseCoder:
    made = tiny.coder(seed, width=WIDTH, features=FEATURES)
    return SparseCoder(made.enc_DF, made.dec_FD, made.bias_F, made.bias_D, k)


def some_states(rng: np.random.Generator, tokens: int) -> Array:
    states_TD = rng.normal(size=(tokens, WIDTH)).astype(np.float32)
    states_TD[rng.random(tokens) < 0.1] *= 500  # attention sinks
    return states_TD


def some_spans(rng: np.random.Generator, tokens: int) -> list[Span]:
    cuts = np.sort(rng.integers(0, tokens + 1, 30)).tolist()
    # A token that crosses a line end belongs to both; some lines have no token.
    return [Span(max(start - 1, 0), end) for start, end in pairwise(cuts)]


def same(left: dict[str, Array], right: dict[str, Array]) -> None:
    assert left.keys() == right.keys()
    for name, array in left.items():
        assert array.dtype == right[name].dtype
        assert array.shape == right[name].shape
        assert array.tobytes() == right[name].tobytes(), name


def kept(found: sae.SparseFeatures) -> dict[str, Array]:
    return {"indices": found.indices_TK.astype(np.float32), "values": found.values_TK}


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from([1, 2, 16, FEATURES]), st.booleans())
def test_the_strongest_features_are_those_of_the_plain_loop(seed: int, k: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    states_TD = some_states(rng, int(rng.integers(0, 200)))
    made = coder(k, seed % 5)
    if ties:  # whole numbers: the k-th greatest nearly always has equals
        states_TD, enc_DF = np.round(states_TD), np.round(made.enc_DF * 3)
        made = SparseCoder(enc_DF, made.dec_FD, np.round(made.bias_F), np.round(made.bias_D), k)

    same(kept(sae.encode_normed(made, states_TD)), kept(plain.encode_normed(made, states_TD)))


def test_rows_that_are_no_numbers_do_not_disturb_their_neighbours() -> None:
    states_TD = some_states(np.random.default_rng(5), 50)
    states_TD[[3, 4, 49]] = np.nan
    good = np.isfinite(states_TD[:, 0])
    fast, slow = (
        kept(sae.encode_normed(coder(), states_TD)),
        plain.encode_normed(coder(), states_TD),
    )

    same(
        {name: part[good] for name, part in fast.items()},
        {name: part[good] for name, part in kept(slow).items()},
    )
    assert np.isnan(fast["values"][~good]).all()


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_pooled_lines_are_those_of_the_plain_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tokens = int(rng.integers(1, 300))
    hidden_TD, token_spans = some_states(rng, tokens), some_spans(rng, tokens)
    lines = pooling.line_tokens(hidden_TD, token_spans)
    names = ("sae_max", "sae_mean")
    same(pooling.pool(lines, coder(), names), plain.pool_sparse(coder(), lines))


def test_only_the_groups_asked_for_are_pooled_and_they_are_the_same() -> None:
    rng = np.random.default_rng(1)
    hidden_TD, token_spans = some_states(rng, 90), some_spans(rng, 90)
    tokens = pooling.line_tokens(hidden_TD, token_spans)
    whole = pooling.pool(tokens, coder())

    assert sorted(whole) == sorted(pooling.STATE_GROUPS)
    for name in pooling.STATE_GROUPS:
        same(pooling.pool(tokens, coder(), [name, "surface"]), {name: whole[name]})


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.text("ab \n", max_size=80))
def test_line_spans_are_those_of_the_plain_loop(seed: int, text: str) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(0, 20))
    starts = np.sort(rng.integers(0, len(text) + 1, size))
    ends = np.maximum.accumulate(np.minimum(starts + rng.integers(0, 4, size), len(text)))
    offsets = [Span(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]

    assert spans.line_spans(offsets, text) == plain.line_spans(offsets, text)


@settings(max_examples=60, deadline=None)
@given(
    SEEDS,
    st.sampled_from(
        [("sae_max", "surface"), ("sae_max", "sae_mean", "state_mean", "surface"), ("state_last",)]
    ),
    st.booleans(),
)
def test_reasons_are_those_of_the_plain_loop(
    seed: int, groups: tuple[str, ...], ties: bool
) -> None:
    rng = np.random.default_rng(seed)
    made = tiny.predictor(groups, seed % 7)
    columns_N = np.maximum(rng.normal(size=len(made.weight_N)), 0).astype(np.float32)
    parts_N = predictor.contributions(made, columns_N[None])[0]
    if ties:
        parts_N = np.round(parts_N * 4)
    odd = rng.random(len(parts_N)) < 0.02 * (seed % 2)
    parts_N[odd] = rng.choice(
        np.array([np.nan, np.inf, -np.inf, -0.0, 1e-40], np.float32), odd.sum()
    )
    notes = {n: FeatureNote(f"note {n}", float(n % 3), 0.1) for n in range(0, tiny.FEATURES, 2)}

    fast = reasons.explain(made, parts_N, columns_N, notes)
    assert repr(fast) == repr(plain.explain(made, parts_N, columns_N, notes))  # NaN is not equal


@pytest.mark.parametrize("groups", [("sae_max",), ("sae_max", "sae_mean")])
def test_a_line_in_which_nothing_fires_has_no_reason(groups: tuple[str, ...]) -> None:
    made = tiny.predictor(groups)
    columns_N = np.zeros(len(made.weight_N), np.float32)
    parts_N = predictor.contributions(made, columns_N[None])[0]

    assert reasons.explain(made, parts_N, columns_N, {}) == ()
