"""PtTrust-R's first stage: the paper's settings, and what they train."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from research.pttrust.autoencoder import PTTRUST, autoencoder
from reviewbot.scoring.sae import decode, encode_normed
from reviewbot.train.sae_model import Autoencoder, measure
from reviewbot.train.sae_step import _normalised_error
from tests.train.test_sae import HELD_BACK, shard, stay_on_one_thread, train  # noqa: F401


def test_the_command_trains_with_the_papers_settings(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(
        "research.pttrust.autoencoder.train_autoencoder",
        lambda config, **flags: given.update(flags, config=config),
    )
    needed = ("--corpus", "corpus", "--out", "out", "--work", "work", "--seed", "4")

    result = CliRunner().invoke(autoencoder, needed)

    assert result.exit_code == 0, result.stderr
    assert given["config"] == PTTRUST
    assert (given["recipe"], given["seed"]) == ("pttrust", 4)
    config = given["config"]
    assert (config.features, config.k, config.epochs, config.learning_rate) == (128, 32, 10, 2e-4)
    assert config.tied
    assert config.line_ends_only


def test_the_recipe_trains_a_tied_coder_whose_hinge_keeps_pairs_apart(
    tmp_path: Path,
) -> None:
    # The first rate is the recipe's own; three tiny shards need a faster one.
    small = replace(PTTRUST, features=32, k=4, batch=64, learning_rate=1e-2, epochs=20, tokens=400)
    coder = train(small, tmp_path / "with.safetensors")
    plain = train(replace(small, contrast=0), tmp_path / "without.safetensors")
    with_hinge, without = measure(coder, HELD_BACK), measure(plain, HELD_BACK)

    assert np.array_equal(coder.enc_DF, coder.dec_FD.T)
    assert np.ptp(np.linalg.norm(coder.dec_FD, axis=1)) > 0.01  # free, not held at 1
    assert without["fvu_line_ends"] < 0.5
    assert with_hinge["pair_distance"] > without["pair_distance"]
    assert torch.isfinite(torch.from_numpy(coder.dec_FD)).all()


def test_the_recipe_s_error_is_each_token_s_own_share_spoilt_lines_included() -> None:
    one = shard(0)
    small = replace(PTTRUST, features=32, k=4)
    model = Autoencoder(small, one.states_TD.shape[1])
    both_TD = np.concatenate([one.states_TD[:50], one.wrong_PD[:9] + 2])
    rebuilt_TD = decode(model.coder(), encode_normed(model.coder(), both_TD))
    share_T = ((both_TD - rebuilt_TD) ** 2).sum(axis=1) / (both_TD**2).sum(axis=1)
    with torch.no_grad():
        found = _normalised_error(model, torch.from_numpy(both_TD))

    assert found.item() == pytest.approx(share_T.sum(), rel=1e-4)
    assert abs(share_T.mean() - share_T[:50].mean()) > 1e-3  # the spoilt lines do show
