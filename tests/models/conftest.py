"""A tiny official file, written once for all tests of the store."""

import shutil
from pathlib import Path

import pytest

from reviewbot.models.cache import official_path
from reviewbot.models.registry import MODELS, ModelSpec
from tests.models.tiny import spec_of, write_gguf


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A qwen2 model of 4 layers as GGUF."""
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    write_gguf(path, "qwen2")
    return path


@pytest.fixture
def tiny(tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> ModelSpec:
    """Its row, in the table of models."""
    spec = spec_of(tiny_gguf.read_bytes())
    monkeypatch.setitem(MODELS, spec.name, spec)
    return spec


@pytest.fixture
def environ(tmp_path: Path, tiny: ModelSpec, tiny_gguf: Path) -> dict[str, str]:
    """A cache that holds the tiny official file, a copy outside it, and no network."""
    final = official_path(tmp_path / "c", tiny)
    final.parent.mkdir(parents=True)
    shutil.copy(tiny_gguf, final)
    return {
        "REVIEWBOT_CACHE": str(tmp_path / "c"),
        "REVIEWBOT_MODEL_PATH": str(tiny_gguf),
        "HF_HUB_OFFLINE": "1",
    }
