"""`.pre-commit-hooks.yaml`, by pre-commit (the framework) itself: a real environment, real git."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.small import environ
from tests.git.test_changes import _own_configuration, commit, git

__all__ = ["_own_configuration"]
ROOT = Path(__file__).parents[3]
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
OFFLINE = "No matching distribution|Temporary failure|establish a new connection|Name or service"
CODE = "def f(a, b):\n    if a[0] > b[1] and not a.x:\n        return g(a, *b)[2:]\n"
CONFIG = """\
repos:
- repo: {repo}
  rev: {rev}
  hooks:
  - id: reviewbot
    verbose: true
  - id: reviewbot-staged
    verbose: true
"""


def framework(cwd: Path, home: Path, *args: str) -> subprocess.CompletedProcess[str]:
    if importlib.util.find_spec("pre_commit") is None:
        pytest.skip("pre-commit is not installed (pip install -e '.[dev]')")
    return subprocess.run(
        [sys.executable, "-P", "-m", "pre_commit", *args],
        cwd=cwd,
        env=clean(home),
        capture_output=True,
        text=True,
    )


def clean(home: Path) -> dict[str, str]:
    """The environment without our package on its path: the hook has to bring its own."""
    kept = {
        key: val
        for key, val in environ().items()
        if not key.startswith(("REVIEWBOT_", "PYTHONPATH"))
    }
    return {**kept, "PRE_COMMIT_HOME": str(home), "REVIEWBOT_CACHE": str(home / "models")}


def test_the_manifest_is_valid(tmp_path: Path) -> None:
    done = framework(tmp_path, tmp_path, "validate-manifest", str(MANIFEST))

    assert done.returncode == 0, done.stdout + done.stderr


def snapshot(where: Path) -> str:
    """Commit this working tree, as it is, to a new repository; return the commit."""
    where.mkdir()
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("tests", "research")):
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, where / name)
    git(where, "init", "-q")
    return commit(where, "as it is")


def test_it_installs_and_checks_what_is_staged_and_what_is_pushed(tmp_path: Path) -> None:
    home, root = tmp_path / "home", tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    rev = snapshot(tmp_path / "tool")
    (root / ".pre-commit-config.yaml").write_text(CONFIG.format(repo=tmp_path / "tool", rev=rev))
    git(root, "add", ".")
    made = framework(root, home, "install", "-t", "pre-push", "-t", "pre-commit", "--install-hooks")
    if made.returncode and re.search(OFFLINE, made.stdout + made.stderr):
        pytest.skip("no package index can be reached, so pre-commit cannot make its environment")
    assert made.returncode == 0, made.stdout + made.stderr
    git(tmp_path, "init", "-q", "--bare", "there.git")
    git(root, "remote", "add", "origin", "../there.git")

    def run(*args: str) -> str:
        done = subprocess.run(
            ["git", *args], cwd=root, env=clean(home), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    (root / "f.py").write_text(CODE)
    git(root, "add", "f.py")
    committed = run("commit", "-m", "one")
    first = run("push", "origin", "main")
    (root / "f.py").write_text(CODE + "x = 1\n")
    second = run("commit", "-am", "two") + run("push", "origin", "main")

    assert "reviewbot (what is staged)" in committed
    assert "lines added = 3 scored" in committed
    assert "main: 1 commit, all of its history" in first
    assert "1 line added = 1 scored" in second.partition("what is pushed")[0]
    assert "refs/heads/main: 1 commit\n" in second.partition("what is pushed")[2]
    assert "1 line added = 1 scored" in second.partition("what is pushed")[2]
    assert os.listdir(home / "models")  # noqa: PTH208 - the hook's own cache was used
