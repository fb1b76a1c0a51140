"""The gate is on; and a repository whose lines can be explained, by an artifact with evidence."""

import shutil
from pathlib import Path

import pytest

from reviewbot.encoders.encoder import Encoder
from tests import tiny
from tests.changes import CODE
from tests.cli.test_check import git
from tests.known import add_evidence, evidence

OTHER = "def other(a, b):\n    return [a, b]\n"


@pytest.fixture(autouse=True)
def _gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most tests ask when the gate blocks; by default it never does."""
    monkeypatch.setenv("REVIEWBOT_FAIL_ON", "critical")


@pytest.fixture
def tiny_encoder(tiny_model: Path) -> Encoder:
    return tiny.encoder(tiny_model)


@pytest.fixture
def explained(
    tmp_path: Path,
    tiny_artifact: Path,
    tiny_encoder: Encoder,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A repository whose working tree adds three files, and an artifact that holds evidence."""
    artifact = Path(shutil.copytree(tiny_artifact, tmp_path / "artifact"))
    found = [evidence(f"sae:{n}", label="") for n in range(tiny.FEATURES)]
    add_evidence(artifact, [*found, evidence("state", label="all", detects="go")])
    monkeypatch.setenv("REVIEWBOT_ARTIFACT", str(artifact))
    monkeypatch.setenv("REVIEWBOT_LINE_CACHE", "0")
    monkeypatch.setattr("reviewbot.app.check.load_model", lambda *_: tiny_encoder)
    where = tmp_path / "repo"
    (where / "src").mkdir(parents=True)
    git(where, "init", "-b", "main")
    (where / "old.py").write_text("first = 1\nsecond = 2\n\nthird = 3\n")
    (where / "README.md").write_text("Read.\n")
    git(where, "add", ".")
    git(where, "commit", "-m", "first")
    (where / "src" / "code.py").write_bytes(CODE)
    (where / "other.py").write_text(OTHER)
    (where / "old.py").write_text("first = 1\nsecond = 4\n\nthird = 3\n\n")
    git(where, "add", ".")
    monkeypatch.chdir(where)
    return where
