"""The installed hooks, called by git itself; tests/slow/cli/test_hook_git.py lets them read."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.small import environ
from tests.git.test_changes import _own_configuration, commit, git

__all__ = ["_own_configuration"]
CODE = "def f(a, b):\n    if a[0] > b[1] and not a.x:\n        return g(a, *b)[2:]\n"
TINY = ("--artifact", "tiny", "--threads", "2")


@dataclass(frozen=True)
class Place:
    """A checkout, and the environment of its user."""

    root: Path
    env: dict[str, str]

    def git(self, *args: str) -> subprocess.CompletedProcess[str]:
        command = ["git", *args]
        return subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, text=True)

    def install(self, *args: str) -> None:
        command = [sys.executable, "-P", "-m", "reviewbot", "hook", "install", *args]
        subprocess.run(command, cwd=self.root, env=self.env, check=True, capture_output=True)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged model is converted once for all tests here."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def place(tmp_path: Path, cache: Path) -> Place:
    """A repository with a bare remote that has nothing of it yet, on main."""
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "there.git")
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    git(root, "remote", "add", "origin", "../there.git")
    commit(root, "one", f_py=CODE)
    kept = {key: val for key, val in environ().items() if not key.startswith("REVIEWBOT_")}
    return Place(root, {**kept, "REVIEWBOT_CACHE": str(cache)})


def has(place: Place, ref: str) -> bool:
    return bool(git(place.root, "ls-remote", "origin", ref))


def test_where_the_model_cannot_be_had_the_push_is_stopped(place: Place) -> None:
    place.install("--", *TINY)
    broken = Place(place.root, {**place.env, "REVIEWBOT_CACHE": "/dev/null/x"})

    stopped = broken.git("push", "origin", "main")

    assert stopped.returncode == 1
    assert "exit 4" in stopped.stderr
    assert "git push --no-verify" in stopped.stderr
    assert not has(place, "refs/heads/main")
