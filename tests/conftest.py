"""Fixtures that several modules share: a tiny model, its encoder, and an artifact for it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.changes import Check

# torch reads it where a test imports it: the tensors are tiny, and the cores have other work.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# An example may take longer than hypothesis allows where another worker has the core.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Use every core for the whole run (None), none but this one where paths are given (0).

    For a few files the workers would take longer to start than the tests to run.
    """
    return None if config.args_source is config.ArgsSource.TESTPATHS else 0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the golden files be written anew: look at what changed before you commit them."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with a golden file, or write that file where --update-golden is given."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        assert path.exists(), f"{path} is missing: run pytest --update-golden"
        assert text == path.read_bytes().decode(), f"{path} differs; see pytest --update-golden"

    return compare


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


@pytest.fixture(scope="session")
def check(tiny_model: Path, tiny_artifact: Path) -> "Check":
    """The pipeline with the tiny model and its artifact: `tests.changes.Check`."""
    from reviewbot.scoring.artifact import load_artifact
    from tests import tiny
    from tests.changes import Check

    return Check(tiny.encoder(tiny_model), load_artifact(tiny_artifact))
