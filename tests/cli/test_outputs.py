"""Where reports go: none overwrites another, and an empty diff is not passed without a word."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_check import DIFF, as_json, check, repo

__all__ = ["repo"]  # the fixture
EMPTY = "nothing to check: the diff is empty"


@pytest.mark.parametrize(
    "args",
    [
        ["--also=html=x", "--also=json=x"],
        ["--output=q", "--also=json=q"],
        ["--output=q", "--also=json=./sub/../q"],
        ["--output=q", "--also=json=link"],
        ["--also=json=-"],
        ["--output=-", "--also=json=-"],
        ["--output=q", "--also=json=-", "--also=html=-"],
    ],
)
def test_two_outputs_to_one_place_are_refused_before_anything_is_read(
    repo: Path, args: list[str]
) -> None:
    (repo / "sub").mkdir()
    (repo / "link").symlink_to("q")

    result = check("--diff=nowhere.diff", *args)  # which would be refused, too

    assert result.exit_code == 2
    assert "goes where another output goes" in result.stderr
    assert len(result.stderr.splitlines()) == 2
    assert {path.name for path in repo.iterdir()} == {".git", "a.py", "sub", "link"}


def test_what_goes_beside_the_report_may_go_to_stdout_where_that_is_free(repo: Path) -> None:
    (repo / "a.py").write_text("x = 1\ny = 2\n")

    result = check("--output=q", "--also=json=-", "--also=json=x")

    assert as_json(result) == json.loads((repo / "x").read_text())
    assert "\nPASS (exit 0)" in (repo / "q").read_text()
    assert not (repo / "-").exists()


@pytest.mark.parametrize("file", ["out", "/dev/stdout"])
def test_the_file_that_stdout_goes_to_is_taken(repo: Path, file: str) -> None:
    with (repo / "out").open("wb") as out:
        command = [sys.executable, "-m", "reviewbot", "check", f"--also=json={file}"]
        done = subprocess.run(command, cwd=repo, stdout=out, stderr=subprocess.PIPE, check=False)

    assert done.returncode == 2, done.stderr
    assert b"goes where another output goes" in done.stderr


def test_a_device_takes_any_number_of_outputs(repo: Path) -> None:
    null = os.devnull

    assert check(f"--output={null}", f"--also=json={null}").exit_code == 0


@pytest.mark.parametrize(("stdin", "empty"), [(b"", True), (b"\n", True), (DIFF.encode(), False)])
def test_an_empty_diff_is_told_in_the_report_and_on_stderr(
    repo: Path, stdin: bytes, empty: bool
) -> None:
    (repo / "a.py").write_text("x = 1\ny = 2\n")

    result = check("--diff=-", "--format=json", stdin=stdin)

    assert result.exit_code == 0
    assert (as_json(result)["verdict"]["reasons"] == [EMPTY]) == empty
    assert result.stderr == f"reviewbot: {EMPTY}\n" * empty
    assert (EMPTY in check("--diff=-", stdin=stdin).stdout) == empty
