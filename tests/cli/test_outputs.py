"""Where reports go: none overwrites another, and an empty diff is not passed without a word."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_check import DIFF, as_json, check, git, repo

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


def test_on_github_the_summary_and_the_page_name_repository_and_commit(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "octo/app")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-02-03T23:30:00-05:00")
    (repo / "a.py").write_text("x = 1\ny = 2\n" + "z = 3\n" * 20)
    git(repo, "checkout", "-qb", "topic")
    git(repo, "commit", "-qam", "change")
    base, head = subprocess.check_output(["git", "rev-parse", "main", "HEAD"], text=True).split()

    ranged = check("main..topic", "--top=2", "--format=markdown", "--also=html=page.html")
    page = (repo / "page.html").read_text()
    monkeypatch.setenv("GITHUB_REPOSITORY", "octo/app) [x](http://e.vil")
    elsewhere = check("main..topic", "--format=markdown").stdout

    assert ranged.stdout.count(f"](https://github.com/octo/app/blob/{head}/a.py#L") == 2
    assert (
        f">github.com/octo/app, from {base[:10]} to {head[:10]}, committed on 2026-02-03<" in page
    )
    assert "](" not in elsewhere
    assert "](" not in check("--staged", "--format=markdown").stdout


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
