"""The branches in tests/trials as git repositories, for the tests and for the screenshots."""

import os
import shutil
import subprocess
from pathlib import Path

TRIALS = Path(__file__).parents[1] / "tests" / "trials"
MESSAGE = "Add what the service needs\n\nCo-Authored-By: Claude <noreply@anthropic.com>"
WHEN = "2026-01-05T09:00:00Z"  # commits have the same names each time


def branch(language: str, root: Path) -> None:
    """Make the repository `root`, which must not exist, with `main` and, checked out, `feature`.

    language  a folder of tests/trials
    raises    CalledProcessError, OSError
    """
    shutil.copytree(TRIALS / language / "base", root)
    _git(root, "init", "-q", "-b", "main")
    for key, value in {"user.name": "A", "user.email": "a@example.com"}.items():
        _git(root, "config", key, value)
    _git(root, "add", "-A")
    _git(root, "commit", "-qm", "Start")
    _git(root, "checkout", "-qb", "feature")
    shutil.copytree(TRIALS / language / "head", root, dirs_exist_ok=True)
    _git(root, "add", "-A")
    _git(root, "commit", "-qm", MESSAGE)


def _git(root: Path, *args: str) -> None:
    dates = {"GIT_AUTHOR_DATE": WHEN, "GIT_COMMITTER_DATE": WHEN}
    subprocess.run(["git", *args], cwd=root, env={**os.environ, **dates}, check=True)
