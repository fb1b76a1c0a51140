"""A fresh repository, and an environment without settings or a workflow's event."""

import os
from pathlib import Path

import pytest

from tests.authorship.repos import Repo, repo_at


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("REVIEWBOT_", "GITHUB_")) or name == "CI":
            monkeypatch.delenv(name)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return repo_at(tmp_path / "repo")
