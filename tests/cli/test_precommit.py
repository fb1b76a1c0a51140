"""`.pre-commit-hooks.yaml`, read; tests/slow/cli/test_precommit.py lets pre-commit run it."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / ".pre-commit-hooks.yaml"


def hooks() -> list[dict[str, Any]]:
    yaml = pytest.importorskip("yaml", reason="PyYAML (of pre-commit) is not installed")
    found: list[dict[str, Any]] = yaml.safe_load(MANIFEST.read_text())
    return found


def test_each_hook_runs_once_and_is_given_no_file_names() -> None:
    found = {hook["id"]: hook for hook in hooks()}

    assert {name: hook["stages"] for name, hook in found.items()} == {
        "reviewbot": ["pre-push"],
        "reviewbot-staged": ["pre-commit"],
    }
    for hook in found.values():
        assert (hook["pass_filenames"], hook["require_serial"], hook["always_run"]) == (
            False,
            True,
            True,
        )


@pytest.mark.parametrize("at", [0, 1])
def test_code_in_the_repository_is_not_imported_whatever_pythonpath_says(
    tmp_path: Path, at: int
) -> None:
    for name in ("reviewbot.py", "click.py", "sitecustomize.py"):
        (tmp_path / name).write_text("open('imported', 'w')\n")
    program, *words = shlex.split(hooks()[at]["entry"])

    done = subprocess.run(
        [Path(sys.executable).with_name(program), *words, "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": ":."},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout
    assert not (tmp_path / "imported").exists()
