"""Fixtures that several modules share: a tiny model, its encoder, and an artifact for it."""

from pathlib import Path

import pytest

REAL = "REVIEWBOT_CACHE"


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Keep torch on one core: the tests' tensors are tiny, and the machine may be busy."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint directory: Qwen2, 3 layers, width 32, random weights, a byte-level tokenizer."""
    from tests.tiny import write_model

    return write_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="session")
def tiny_artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artifact directory of random weights for `tiny_model`. Do not write into it."""
    from tests import tiny

    return tiny.tiny_artifact(tmp_path_factory.mktemp("tiny") / "artifact")
