"""The model inside the package as it is: ready with no network and an empty cache."""

import os
import socket

import numpy as np
import pytest

from reviewbot.encoders.encoder import EncoderSpec, load_encoder
from reviewbot.models.cache import cache_dir, official_path, sha256_of
from reviewbot.models.ensure import ReadyModel, ensure_model
from reviewbot.models.registry import SMOL, SMOL_CUT
from reviewbot.models.verify import MANIFEST, read_json
from tests.models.test_packaged import run

TEXT = "def add(a, b):\n    return a - b\n"
# What `model pull smollm2-135m` converts the official file's embedding and first 8 blocks to.
OFFICIAL_WEIGHTS = "b493197bf5cf5eb564303dc56c48937241c162e8d737978ee9586e67433a4b81"
CACHED = official_path(cache_dir(None, os.environ), SMOL)


def states(found: ReadyModel) -> np.ndarray:
    spec = EncoderSpec(directory=found.directory, layer=found.layers, threads=1)
    encoder = load_encoder(spec)
    return np.asarray(encoder.states(encoder.tokenize(TEXT).ids).values_TD)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> ReadyModel:
    """The real file, made ready in an empty cache while every connection is refused."""
    asked: list[object] = []

    def refuse(*args: object, **kwargs: object) -> None:
        asked.append(args)
        raise OSError("there is no network")

    environ = {"REVIEWBOT_CACHE": str(tmp_path_factory.mktemp("empty") / "cache")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        made = ensure_model(SMOL_CUT.name, environ=environ)
    assert asked == []
    return made


def test_the_packaged_model_is_ready_without_network_and_gives_states(found: ReadyModel) -> None:
    states_TD = states(found)

    assert (found.sha256, found.layers, found.width) == (SMOL_CUT.sha256, 8, 576)
    assert states_TD.shape[1] == 576
    assert np.isfinite(states_TD).all()


def test_its_weights_are_byte_for_byte_what_the_official_file_converts_to(
    found: ReadyModel,
) -> None:
    assert sha256_of(found.directory / "model.safetensors") == OFFICIAL_WEIGHTS


@pytest.mark.skipif(not CACHED.exists(), reason="smollm2-135m is not in the cache")
def test_its_files_and_its_states_are_those_of_the_official_model(found: ReadyModel) -> None:
    official = ensure_model(SMOL.name, environ={**os.environ, "HF_HUB_OFFLINE": "1"})
    ours, theirs = (read_json(m.directory / MANIFEST)["files"] for m in (found, official))

    assert official.directory != found.directory
    assert ours == theirs
    assert np.array_equal(states(found), states(official))


def test_pull_says_that_nothing_needs_fetching(found: ReadyModel) -> None:
    result = run("pull", SMOL_CUT.name, "--engine=torch", cache=found.directory.parents[1])

    assert result.stdout.strip() == str(found.directory)
    assert result.stderr == "smollm2-135m-8 is part of the package: nothing needs fetching\n"
