"""Pre-training the sparse autoencoder on states that one can explain."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from reviewbot.encoders.states import layer_norm
from reviewbot.errors import ArtifactError, EnvironmentFailure, UsageError
from reviewbot.scoring.sae import SparseCoder, encode_normed
from reviewbot.train.ranks import Ranks
from reviewbot.train.sae_buffer import fill
from reviewbot.train.sae_fit import Progress, fit
from reviewbot.train.sae_model import Autoencoder, SaeConfig, measure
from reviewbot.train.states import States

WIDTH, HIDDEN, SHARDS, TOKENS = 16, 12, 3, 1_024
CONFIG = SaeConfig(
    features=32,
    k=4,
    tokens=SHARDS * TOKENS,
    epochs=6,
    buffer=2,
    batch=256,
    learning_rate=5e-3,
    seed=1,
)


@pytest.fixture(autouse=True)
def stay_on_one_thread() -> None:
    """Torch would take every core of a machine that others use."""
    torch.set_num_threads(1)


def shard(number: int, visit: int = 0) -> States:
    """Sums of two or three of twelve directions, the same directions in every shard."""
    directions_HD = np.random.default_rng(99).normal(size=(HIDDEN, WIDTH))
    rng = np.random.default_rng((number, visit))
    tokens = TOKENS - 100 * (number % 2)  # shards are not equally long
    strength_TH = rng.uniform(1, 2, (tokens, HIDDEN)) * (rng.random((tokens, HIDDEN)) < 0.2)
    noise_TD = 0.05 * rng.normal(size=(tokens, WIDTH))
    states_TD = layer_norm((strength_TH @ directions_HD + noise_TD).astype(np.float32))
    right_PD, wrong_PD = states_TD[:64], layer_norm(states_TD[:64] + 0.3 * states_TD[64:128])
    return States(states_TD, right_PD, wrong_PD, (np.arange(tokens) % 7 == 0).astype(np.float32))


HELD_BACK = [shard(SHARDS)]


def train(
    config: SaeConfig,
    checkpoint: Path,
    ranks: Ranks | None = None,
    progress: Progress = lambda _done, _of, _text: None,
) -> SparseCoder:
    return fit(
        shard, SHARDS, config, checkpoint, width=WIDTH, run="", ranks=ranks, progress=progress
    )


def weights(coder: SparseCoder) -> list[bytes]:
    return [getattr(coder, name).tobytes() for name in ("enc_DF", "dec_FD", "bias_F", "bias_D")]


@pytest.mark.parametrize("tied", [False, True])
def test_training_explains_far_more_than_random_weights(tmp_path: Path, tied: bool) -> None:
    config = replace(CONFIG, tied=tied)
    before = measure(Autoencoder(config, WIDTH).coder(), HELD_BACK)
    coder = train(config, tmp_path / "run.safetensors")
    figures = measure(coder, HELD_BACK)

    assert figures["fvu"] < 0.4 * before["fvu"]
    assert figures["fvu"] < 0.25
    assert figures["l0"] <= config.k
    np.testing.assert_allclose(np.linalg.norm(coder.dec_FD, axis=1), 1, atol=1e-5)
    assert np.array_equal(coder.enc_DF, coder.dec_FD.T) == tied


def test_training_in_bf16_explains_nearly_as_much(tmp_path: Path) -> None:
    plain, half = (
        measure(train(replace(CONFIG, bf16=bf16), tmp_path / f"{bf16}.safetensors"), HELD_BACK)
        for bf16 in (False, True)
    )

    assert half["fvu"] == pytest.approx(plain["fvu"], rel=0.1)
    assert half["fvu"] != plain["fvu"]


def test_the_hinge_pushes_a_line_and_its_corrupted_copy_apart(tmp_path: Path) -> None:
    without, strong = (
        measure(train(replace(CONFIG, contrast=weight), tmp_path / f"{weight}"), HELD_BACK)
        for weight in (0.0, 3.0)
    )

    assert strong["pair_distance"] > without["pair_distance"] + 0.02


class Stopped(Exception):
    """Somebody pulled the plug."""


MANY_DIE = replace(CONFIG, features=256, k=2, epochs=2, batch=512)  # AuxK matters


@pytest.mark.parametrize("tied", [False, True])
def test_a_run_stopped_at_any_step_goes_on_to_bitwise_the_same_weights(
    tmp_path: Path, tied: bool
) -> None:
    config = replace(MANY_DIE, tied=tied)
    steps: list[tuple[int, str]] = []
    whole = tmp_path / "whole.safetensors"
    train(config, whole, progress=lambda done, _of, text: steps.append((done, text)))

    assert any("dead 0" not in text for _, text in steps[1:])
    for stop in range(len(steps)):
        stopped = tmp_path / f"{stop}.safetensors"

        def plug(done: int, _of: int, _text: str, stop: int = stop) -> None:
            if done == steps[stop][0]:
                raise Stopped

        with pytest.raises(Stopped):
            train(config, stopped, progress=plug)
        train(config, stopped)
        assert stopped.read_bytes() == whole.read_bytes()
    assert not list(tmp_path.glob("*.tmp"))


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    checkpoint = tmp_path / "run.safetensors"
    coder = train(CONFIG, checkpoint)
    steps: list[int] = []
    again = train(CONFIG, checkpoint, progress=lambda done, _of, _text: steps.append(done))

    assert steps == [CONFIG.tokens * CONFIG.epochs]
    assert weights(again) == weights(coder)


def test_shards_with_too_few_tokens_are_read_again_but_otherwise(tmp_path: Path) -> None:
    visits: list[tuple[int, int]] = []

    def read(number: int, visit: int) -> States:
        visits.append((number, visit))
        return shard(number, visit)

    config = replace(CONFIG, tokens=SHARDS * TOKENS, epochs=1)  # one shard is 100 tokens short
    done: list[int] = []
    fit(
        read,
        SHARDS,
        config,
        tmp_path / "run",
        width=WIDTH,
        run="",
        progress=lambda tokens, _of, _text: done.append(tokens),
    )

    assert visits == [(0, 0), (1, 0), (2, 0), (0, 1)]
    assert done[-1] == config.tokens


def test_the_last_buffers_share_what_is_left_evenly(tmp_path: Path) -> None:
    read: list[int] = []

    def reading(done: int, _of: int, text: str) -> None:
        if text.startswith("reading"):
            read.append(done)

    def equal(number: int, visit: int) -> States:
        return shard(0)

    config = replace(CONFIG, tokens=9 * TOKENS, epochs=1, buffer=4)
    fit(equal, 20, config, tmp_path / "run", width=WIDTH, run="", progress=reading)

    assert read == [0] * 4 + [4 * TOKENS] * 3 + [7 * TOKENS] * 2  # 4, 3 and 2 shards


def test_a_buffer_holds_the_first_tokens_of_its_shards_up_to_the_limit() -> None:
    limit = TOKENS + 10
    buffer = fill(shard, range(SHARDS), CONFIG, WIDTH, limit, Ranks())
    expected_TD = np.concatenate([shard(0).states_TD, shard(1).states_TD[:10]])
    parts = list(buffer.parts(300, np.random.default_rng(0)))
    batch_TD = torch.cat([part.states_TD for part in parts]).numpy()

    np.testing.assert_allclose(buffer.states_TD, expected_TD, atol=1e-2)
    np.testing.assert_allclose(buffer.mean_D.numpy(), expected_TD.mean(axis=0), atol=1e-3)
    spread_TD = expected_TD - expected_TD.mean(axis=0)
    assert buffer.variance == pytest.approx((spread_TD**2).sum(axis=1).mean(), rel=1e-3)
    assert [part.tokens for part in parts] == [345, 345, 344]
    assert not np.array_equal(batch_TD, buffer.states_TD)
    assert sorted(map(bytes, batch_TD.astype(np.float16))) == sorted(map(bytes, buffer.states_TD))
    assert sum(part.pairs for part in parts) == round(3 * 64 * limit / (3 * TOKENS - 100))


def test_a_corpus_without_tokens_is_refused(tmp_path: Path) -> None:
    empty = States(*(np.zeros((0, WIDTH), np.float32),) * 3, np.zeros(0, np.float32))
    with pytest.raises(UsageError, match="no token"):
        fit(lambda *_, **__: empty, 3, CONFIG, tmp_path / "run", width=WIDTH, run="")


def test_weights_that_are_not_finite_stop_the_run_and_no_checkpoint_is_written(
    tmp_path: Path,
) -> None:
    checkpoint = tmp_path / "run.safetensors"
    with pytest.raises(EnvironmentFailure, match="not finite"):
        train(replace(CONFIG, learning_rate=1e30, unit_rows=False), checkpoint)
    assert not checkpoint.exists()


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    config, checkpoint = replace(CONFIG, epochs=1), tmp_path / "run.safetensors"
    train(config, checkpoint)
    before = checkpoint.read_bytes()

    with pytest.raises(ArtifactError, match="another run"):
        train(replace(config, seed=9), checkpoint)
    with pytest.raises(ArtifactError, match="another run"):
        fit(shard, SHARDS, config, checkpoint, width=WIDTH, run="another corpus")
    assert checkpoint.read_bytes() == before


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    checkpoint = tmp_path / "run.safetensors"
    checkpoint.write_bytes(b"\xff" * 50)
    with pytest.raises(ArtifactError, match="damaged"):
        train(CONFIG, checkpoint)


def test_training_and_scoring_agree_on_the_code() -> None:
    states_TD = shard(0).states_TD
    model = Autoencoder(CONFIG, WIDTH)
    model.start_at(torch.from_numpy(states_TD.mean(axis=0)))
    with torch.no_grad():
        model.bias_F.add_(torch.linspace(-0.5, 0.5, CONFIG.features))
        code_TF = model.code(model.pre(torch.from_numpy(states_TD))).numpy()
    sparse = encode_normed(model.coder(), states_TD)
    dense_TF = np.zeros_like(code_TF)
    np.put_along_axis(dense_TF, sparse.indices_TK, sparse.values_TK, axis=1)

    np.testing.assert_allclose(dense_TF, code_TF, atol=1e-5)
    assert (dense_TF > 0).sum() > len(states_TD)


def test_a_run_on_line_ends_sees_only_those(tmp_path: Path) -> None:
    config = replace(CONFIG, line_ends_only=True, epochs=1, batch=32, tokens=300)
    buffer = fill(shard, [0], config, WIDTH, 10**9, Ranks())
    figures = measure(train(config, tmp_path / "run.safetensors"), HELD_BACK)

    ends_TD = shard(0).states_TD[shard(0).line_end_T > 0]
    np.testing.assert_allclose(buffer.states_TD, ends_TD, atol=1e-2)
    assert 0 < figures["fvu_line_ends"] < 2


def test_a_coder_that_copies_its_input_leaves_nothing_unexplained() -> None:
    eye, zeros = np.eye(WIDTH, dtype=np.float32), np.zeros(WIDTH, np.float32)
    both = np.concatenate([eye, -eye], axis=1)
    copying = SparseCoder(both, both.T.copy(), np.zeros(2 * WIDTH, np.float32), zeros, k=WIDTH)
    figures = measure(copying, [shard(0), shard(1)])

    assert figures["fvu"] == pytest.approx(0, abs=1e-6)
    assert figures["fvu_line_ends"] == pytest.approx(0, abs=1e-6)
    assert figures["dead_share"] == 0
    assert figures["l0"] == pytest.approx(WIDTH, abs=0.1)
    assert figures["tokens"] == 2 * TOKENS - 100
