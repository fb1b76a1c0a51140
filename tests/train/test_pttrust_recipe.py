"""PtTrust-R's first stage: the preset, and what a flag does to it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from reviewbot.cli.train_sae import sae
from reviewbot.errors import UsageError
from reviewbot.scoring.sae import decode, encode_normed
from reviewbot.train.sae_fit import _normalised_error, fit
from reviewbot.train.sae_model import PTTRUST, Autoencoder, SaeConfig, recipe_config
from tests.train.test_sae import paths, shard, stay_on_one_thread  # noqa: F401 - fixtures


def test_the_preset_is_the_papers_and_what_is_given_wins_over_it() -> None:
    assert (PTTRUST.features, PTTRUST.k, PTTRUST.epochs, PTTRUST.learning_rate) == (
        128,
        32,
        10,
        2e-4,
    )
    assert PTTRUST.tied
    assert PTTRUST.line_ends_only
    assert recipe_config("pttrust", {}) == PTTRUST
    assert recipe_config("own", {"k": 5}) == SaeConfig(k=5)
    assert recipe_config("pttrust", {"contrast": 0.0}) == replace(PTTRUST, contrast=0.0)
    with pytest.raises(UsageError, match="no recipe"):
        recipe_config("theirs", {})


class Resolved(Exception):
    """The configuration that the command would have trained with."""


@pytest.fixture
def resolve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `train sae` up to the training itself, with nothing read."""

    class Reader:
        encoder = plan = None

    def stop(_paths: object, config: SaeConfig, checkpoint: Path, **_: object) -> None:
        raise Resolved(config, checkpoint.name)

    monkeypatch.setattr("reviewbot.cli.train_sae.open_reader", lambda **_: (Reader(), "tiny"))
    monkeypatch.setattr("reviewbot.cli.train_sae.shards_id", lambda *_: "0")
    monkeypatch.setattr("reviewbot.train.shards.write_shards", lambda *_, **__: [])
    monkeypatch.setattr("reviewbot.train.corpus.files", lambda *_: [])
    monkeypatch.setattr("reviewbot.train.sae_fit.fit", stop)
    monkeypatch.chdir(tmp_path)

    def run(*args: str) -> Result:
        needed = ("--corpus", "corpus", "--out", "out", "--work", "work")
        return CliRunner().invoke(sae, [*needed, *args], standalone_mode=False)

    return run


@pytest.mark.parametrize(
    ("flags", "config", "checkpoint"),
    [
        ((), SaeConfig(), "checkpoint.safetensors"),
        (("--k", "8", "--seed", "2"), SaeConfig(k=8, seed=2), "checkpoint.safetensors"),
        (("--recipe", "pttrust"), PTTRUST, "checkpoint-pttrust.safetensors"),
        (
            ("--recipe", "pttrust", "--seed", "4", "--epochs", "4", "--untied"),
            replace(PTTRUST, seed=4, epochs=4, tied=False),
            "checkpoint-pttrust.safetensors",
        ),
    ],
)
def test_a_flag_given_wins_over_the_recipe_and_a_default_does_not(
    resolve: Callable[..., Result], flags: tuple[str, ...], config: SaeConfig, checkpoint: str
) -> None:
    result = resolve(*flags)

    assert isinstance(result.exception, Resolved), result.output
    assert result.exception.args == (config, checkpoint)
    assert ("as you gave it: tied, epochs" in result.stderr) == ("--untied" in flags)


def test_the_recipe_refuses_to_do_without_pairs_unless_the_hinge_is_off(
    resolve: Callable[..., Result],
) -> None:
    refused = resolve("--recipe", "pttrust", "--pair-share", "0")
    allowed = resolve("--recipe", "pttrust", "--pair-share", "0", "--contrast", "0")

    assert "leaves no spoilt ones" in str(refused.exception)
    assert isinstance(allowed.exception, Resolved)


def test_the_recipe_trains_a_tied_coder_whose_hinge_keeps_pairs_apart(
    paths: list[Path],  # noqa: F811 - a fixture
    tmp_path: Path,
) -> None:
    # The first rate is the recipe's own; three tiny shards need a faster one.
    small = replace(PTTRUST, features=32, k=4, batch=64, learning_rate=1e-2, epochs=20)
    coder, with_hinge = fit(paths, small, tmp_path / "with.safetensors")
    _, without = fit(paths, replace(small, contrast=0), tmp_path / "without.safetensors")

    assert np.array_equal(coder.enc_DF, coder.dec_FD.T)
    assert np.ptp(np.linalg.norm(coder.dec_FD, axis=1)) > 0.01  # free, not held at 1
    assert without["fvu_line_ends"] < 0.5
    assert with_hinge["pair_distance"] > without["pair_distance"]
    assert torch.isfinite(torch.from_numpy(coder.dec_FD)).all()


def test_the_recipe_s_error_is_each_token_s_own_share_spoilt_lines_included() -> None:
    one = shard(0)
    small = replace(PTTRUST, features=32, k=4)
    model = Autoencoder(small, torch.zeros(one.states_TD.shape[1]))
    both_TD = np.concatenate([one.states_TD[:50], one.wrong_PD[:9] + 2])
    rebuilt_TD = decode(model.coder(), encode_normed(model.coder(), both_TD))
    share_T = ((both_TD - rebuilt_TD) ** 2).sum(axis=1) / (both_TD**2).sum(axis=1)
    with torch.no_grad():
        found = _normalised_error(
            model, torch.from_numpy(both_TD[:50]), torch.from_numpy(both_TD[50:])
        )

    assert found.item() == pytest.approx(share_T.mean(), rel=1e-4)
    assert abs(share_T.mean() - share_T[:50].mean()) > 1e-3  # the spoilt lines do show
