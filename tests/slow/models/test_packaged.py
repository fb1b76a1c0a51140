"""The model inside the package as it is: ready with no network and an empty cache."""

import os
import socket
from pathlib import Path

import pytest

from reviewbot.encoders.encoder import EncoderSpec, load_encoder
from reviewbot.encoders.states import sinks
from reviewbot.models.cache import cache_dir, official_path
from reviewbot.models.ensure import ReadyModel, ensure_model
from reviewbot.models.packaged import packaged_engine
from reviewbot.models.registry import SMOL, SMOL_CUT
from tests import tiny
from tests.encoders.test_onnx_encoder import close
from tests.models.test_packaged import run
from tests.models.trunks import encoder

CACHED = official_path(cache_dir(None, os.environ), SMOL)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("empty") / "cache"


@pytest.fixture(scope="module")
def found(cache: Path) -> ReadyModel:
    """The checkpoint for torch, made in an empty cache while every connection is refused."""
    asked: list[object] = []

    def refuse(*args: object, **kwargs: object) -> None:
        asked.append(args)
        raise OSError("there is no network")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        made = ensure_model(SMOL_CUT.name, environ={"REVIEWBOT_CACHE": str(cache)})
    assert asked == []
    return made


def engine_is_close(checkpoint: ReadyModel, least: float) -> None:
    """The packaged engine gives the states that torch gives with this checkpoint."""
    engine = encoder(packaged_engine(SMOL_CUT), 8)
    torch = load_encoder(EncoderSpec(directory=checkpoint.directory, layer=8, threads=1))
    tokens = engine.tokenize(tiny.TEXT)
    right_TD = torch.states(tokens.ids).values_TD
    sink_T = sinks(right_TD)

    assert tokens == torch.tokenize(tiny.TEXT)
    close(engine.states(tokens.ids).values_TD[~sink_T], right_TD[~sink_T], least)


def test_torch_reads_code_with_its_weights_as_the_engine_does(found: ReadyModel) -> None:
    assert (found.sha256, found.layers, found.width) == (SMOL_CUT.sha256, 8, 576)
    engine_is_close(found, 0.97)


@pytest.mark.skipif(not CACHED.exists(), reason="smollm2-135m is not in the cache")
def test_it_reads_code_as_the_official_model_does(found: ReadyModel) -> None:
    official = ensure_model(SMOL.name, environ={**os.environ, "HF_HUB_OFFLINE": "1"})

    engine_is_close(official, 0.95)


def test_pull_says_that_nothing_needs_fetching(found: ReadyModel, cache: Path) -> None:
    result = run("pull", SMOL_CUT.name, "--engine=torch", cache=cache)

    assert result.stdout.strip() == str(found.directory)
    assert result.stderr == "smollm2-135m-8 is part of the package: nothing needs fetching\n"
