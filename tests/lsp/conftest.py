"""An editor on a real repository; the model is small, and the risk of a line is its length."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.authorship.repos import Repo, repo_at
from tests.cli.small import environ, write_artifact
from tests.lsp.client import Editor

# More than 20 letters are high, more than 26 or so critical.
SMALL = """
from reviewbot.app import warm
from reviewbot.cli import main
from tests.cli.small import ByteEncoder
warm.load_model = lambda *_: ByteEncoder()
"""
Start = Callable[..., Editor]
OLD = "one = 1\ntwo = 2\nthree = 3\n"  # as `repo_at` commits it
RISKY = "a_long_name = another + one\n"  # critical
NOTED = "a_name = other + one1\n"  # high
SHORT = "four = 4\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return repo_at(tmp_path / "repo")


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """The environment of the server: no settings but the small artifact, no cache but its own."""
    kept = {k: v for k, v in environ().items() if not k.startswith(("REVIEWBOT_", "GIT_"))}
    artifact = write_artifact(tmp_path / "artifact")
    return kept | {
        "REVIEWBOT_ARTIFACT": str(artifact),
        "REVIEWBOT_CACHE": str(tmp_path / "cache"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }


@pytest.fixture
def start(repo: Repo, variables: dict[str, str]) -> Iterator[Start]:
    """Start editors, and leave none behind."""
    started: list[Editor] = []

    def begin(*args: str, code: str = SMALL, env: Any = None, **other: Any) -> Editor:
        command = (sys.executable, "-c", code + "main()", "lsp")
        told = variables | (env or {})
        editor = Editor(*args, cwd=repo.root, env=told, command=command, **other)
        started.append(editor)
        return editor

    yield begin
    for editor in started:
        editor.kill()
