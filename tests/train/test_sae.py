"""Pre-training the sparse autoencoder on states that one can explain."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from reviewbot.encoders.states import layer_norm
from reviewbot.errors import ArtifactError
from reviewbot.scoring.sae import SparseCoder, encode_normed
from reviewbot.train.sae_data import mean_state
from reviewbot.train.sae_fit import fit
from reviewbot.train.sae_model import Autoencoder, SaeConfig, measure
from reviewbot.train.shards import Shard, _save, read_shard

WIDTH, HIDDEN = 16, 12
CONFIG = SaeConfig(features=32, k=4, epochs=6, batch=256, learning_rate=5e-3, seed=1)


@pytest.fixture(autouse=True)
def stay_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """`fit` would take every core of a machine that others use."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0})


def shard(seed: int, tokens: int = 1_024) -> Shard:
    """Sums of two or three of twelve directions, the same directions in every shard."""
    directions_HD = np.random.default_rng(99).normal(size=(HIDDEN, WIDTH))
    rng = np.random.default_rng(seed)
    strength_TH = rng.uniform(1, 2, (tokens, HIDDEN)) * (rng.random((tokens, HIDDEN)) < 0.2)
    noise_TD = 0.05 * rng.normal(size=(tokens, WIDTH))
    states_TD = layer_norm((strength_TH @ directions_HD + noise_TD).astype(np.float32))
    right_PD, wrong_PD = states_TD[:64], layer_norm(states_TD[:64] + 0.3 * states_TD[64:128])
    return Shard(states_TD, right_PD, wrong_PD, (np.arange(tokens) % 7 == 0).astype(np.float32))


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    made = [tmp_path / f"shard-{n:05d}.safetensors" for n in range(4)]
    for seed, path in enumerate(made):
        _save(shard(seed), path)
    return made


def weights(coder: SparseCoder) -> list[bytes]:
    return [getattr(coder, name).tobytes() for name in ("enc_DF", "dec_FD", "bias_F", "bias_D")]


def untrained(paths: list[Path], config: SaeConfig) -> SparseCoder:
    return Autoencoder(config, mean_state(paths, config)).coder()


@pytest.mark.parametrize("tied", [False, True])
def test_training_explains_far_more_than_random_weights(
    paths: list[Path], tmp_path: Path, tied: bool
) -> None:
    config = replace(CONFIG, tied=tied)
    before = measure(untrained(paths, config), [read_shard(paths[-1])])
    coder, figures = fit(paths, config, tmp_path / "run.safetensors")

    assert figures["fvu"] < 0.4 * before["fvu"]
    assert figures["fvu"] < 0.25
    assert figures["l0"] <= config.k
    assert figures["tokens"] == 1_024  # of the shard held back, and only of it
    np.testing.assert_allclose(np.linalg.norm(coder.dec_FD, axis=1), 1, atol=1e-5)
    assert np.array_equal(coder.enc_DF, coder.dec_FD.T) == tied


def test_the_hinge_pushes_a_line_and_its_corrupted_copy_apart(
    paths: list[Path], tmp_path: Path
) -> None:
    without, strong = (
        fit(paths, replace(CONFIG, contrast=weight), tmp_path / f"{weight}.safetensors")[1]
        for weight in (0.0, 3.0)
    )

    assert strong["pair_distance"] > without["pair_distance"] + 0.02


class Stopped(Exception):
    """Somebody pulled the plug."""


@pytest.mark.parametrize("tied", [False, True])
def test_a_stopped_run_goes_on_to_bitwise_the_same_weights(
    paths: list[Path], tmp_path: Path, tied: bool
) -> None:
    config = replace(CONFIG, tied=tied, epochs=4, features=256, k=2)  # many die: AuxK matters
    whole, figures = fit(paths, config, tmp_path / "whole.safetensors")
    stopped = tmp_path / "stopped.safetensors"
    seen: list[int] = []

    def plug(step: int, steps: int, _text: str) -> None:
        seen.append(step)
        if len(seen) == 1 + 2 * steps // 3:
            raise Stopped

    with pytest.raises(Stopped):
        fit(paths, config, stopped, progress=plug)
    steps: list[int] = []
    again, again_figures = fit(
        paths, config, stopped, progress=lambda step, _of, _text: steps.append(step)
    )

    assert steps[0] > 1  # it did go on, and not begin anew
    assert weights(again) == weights(whole)
    assert again_figures == figures
    assert sorted(p.name for p in tmp_path.glob("*.tmp")) == []
    steps.clear()
    finished, _ = fit(paths, config, stopped, progress=lambda step, _of, _text: steps.append(step))
    assert steps == []  # a finished run is not trained again
    assert weights(finished) == weights(whole)


def test_a_checkpoint_of_another_run_is_refused(paths: list[Path], tmp_path: Path) -> None:
    config, checkpoint = replace(CONFIG, epochs=1), tmp_path / "run.safetensors"
    fit(paths, config, checkpoint)
    before = checkpoint.read_bytes()

    with pytest.raises(ArtifactError, match="another run"):
        fit(paths, replace(config, seed=9), checkpoint)
    with pytest.raises(ArtifactError, match="another run"):
        fit(paths[1:], config, checkpoint)
    assert checkpoint.read_bytes() == before


def test_a_damaged_checkpoint_and_too_few_shards_are_refused(
    paths: list[Path], tmp_path: Path
) -> None:
    checkpoint = tmp_path / "run.safetensors"
    with pytest.raises(ArtifactError, match="too few"):
        fit(paths[:1], CONFIG, checkpoint)
    checkpoint.write_bytes(b"\xff" * 50)
    with pytest.raises(ArtifactError, match="damaged"):
        fit(paths, CONFIG, checkpoint)


def test_training_and_scoring_agree_on_the_code(paths: list[Path]) -> None:
    states_TD = read_shard(paths[0]).states_TD
    model = Autoencoder(CONFIG, mean_state(paths, CONFIG))
    with torch.no_grad():
        model.bias_F.add_(torch.linspace(-0.5, 0.5, CONFIG.features))
        code_TF = model.code(model.pre(torch.from_numpy(states_TD))).numpy()
    sparse = encode_normed(model.coder(), states_TD)
    dense_TF = np.zeros_like(code_TF)
    np.put_along_axis(dense_TF, sparse.indices_TK, sparse.values_TK, axis=1)

    np.testing.assert_allclose(dense_TF, code_TF, atol=1e-5)
    assert (dense_TF > 0).sum() > len(states_TD)


def test_a_run_on_line_ends_sees_only_those(paths: list[Path], tmp_path: Path) -> None:
    config = replace(CONFIG, line_ends_only=True, epochs=1, batch=32)
    whole = shard(0)
    ends_TD = whole.states_TD[whole.line_end_T > 0]

    np.testing.assert_allclose(
        mean_state(paths[:1], config).numpy(), ends_TD.mean(axis=0), atol=1e-3
    )
    _, figures = fit(paths, config, tmp_path / "run.safetensors")
    assert 0 < figures["fvu_line_ends"] < 2


def test_a_coder_that_copies_its_input_leaves_nothing_unexplained(paths: list[Path]) -> None:
    eye, zeros = np.eye(WIDTH, dtype=np.float32), np.zeros(WIDTH, np.float32)
    both = np.concatenate([eye, -eye], axis=1)
    copying = SparseCoder(both, both.T.copy(), np.zeros(2 * WIDTH, np.float32), zeros, k=WIDTH)
    figures = measure(copying, [read_shard(path) for path in paths[:2]])

    assert figures["fvu"] == pytest.approx(0, abs=1e-6)
    assert figures["fvu_line_ends"] == pytest.approx(0, abs=1e-6)
    assert figures["dead_share"] == 0
    assert figures["l0"] == pytest.approx(WIDTH, abs=0.1)
    assert figures["tokens"] == 2_048
