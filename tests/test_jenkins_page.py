"""The pipeline of docs/jenkins.md: `sh` runs its script in a workspace as Jenkins fetches one."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import click
import pytest

from reviewbot.cli import main
from tests.changes import git
from tests.forge_jobs import ROOT, STAND_IN, Checkout, checkout, executable

PAGE = (ROOT / "docs" / "jenkins.md").read_text(encoding="utf-8")
(BLOCK,) = re.findall(r"^```groovy\n(.*?)^```", PAGE, re.M | re.S)
(SCRIPT,) = re.findall(r"\bsh '''\n(.*?)'''", BLOCK, re.S)
REPORTS = {"reviewbot.xml", "reviewbot.log", "reviewbot.html"}
VENV = """#!/bin/sh
test "$1 $2 $#" = "-m venv 3" && mkdir -p "$3/bin" && cp "$STAND_INS"/* "$3/bin"
"""


def run(at: Checkout, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the script as Jenkins does, after Groovy has joined the lines that end in a backslash."""
    return at.run("sh", "set -xe\n" + SCRIPT.replace("\\\n", ""), CHANGE_TARGET="main", **more)


@pytest.fixture
def workspace(tmp_path: Path) -> Checkout:
    """A workspace that has fetched a pull request and nothing else."""
    at = checkout(tmp_path)
    stand_ins = tmp_path / "stand-ins"
    executable(stand_ins / "pip", '#!/bin/sh\ntest "$*" = "install reviewbot-risk"\n')
    executable(stand_ins / "reviewbot", STAND_IN)
    executable(at.bin / "python3", VENV)
    (at.bin / "reviewbot").unlink()
    top = tmp_path / "workspace"
    top.mkdir()
    git(top, "init")
    git(top, "remote", "add", "origin", str(at.top))
    git(top, "fetch", "origin", "+topic:refs/remotes/origin/PR-1", at.merged)
    git(top, "checkout", "--detach", at.head)
    (tmp_path / "report").write_text("a report\n")
    return replace(at, top=top, environ={**at.environ, "STAND_INS": str(stand_ins)})


def test_the_page_fits_and_its_steps_read_what_the_check_writes() -> None:
    assert len(PAGE.splitlines()) <= 60
    assert BLOCK.count("{") == BLOCK.count("}")
    assert set(re.findall(r"--also \w+=(\S+)", SCRIPT)) == REPORTS
    post = BLOCK.split("always {")[1]
    assert set(re.findall(r"'(reviewbot\.\w+)'", post)) == REPORTS
    assert "environment { CI = 'true' }" in BLOCK  # acknowledgements on the agent do not count
    # Without these a build that the gate blocks, or that has no report, shows nothing.
    assert "enabledForFailure: true" in post
    assert {"allowEmptyResults: true", "allowEmptyArchive: true"} <= set(
        re.findall(r"allow\w+: true", post)
    )


@pytest.mark.parametrize("code", [0, 1, 3])
def test_the_check_has_the_range_of_the_pull_request_and_its_code_counts(
    workspace: Checkout, code: int
) -> None:
    done = run(workspace, CODE=str(code))

    assert done.returncode == code, done.stderr
    assert workspace.checked == ["topic.py"]
    assert {path.name for path in workspace.top.glob("reviewbot.*")} == REPORTS
    check = main.get_command(click.Context(main), workspace.given[0])
    assert check
    check.make_context("check", workspace.given[1:])


def test_a_pull_request_that_jenkins_merged_first_has_the_same_range(workspace: Checkout) -> None:
    git(workspace.top, "checkout", "--detach", workspace.merged)

    assert run(workspace).returncode == 1
    assert workspace.checked == ["topic.py"]


def test_reports_of_an_earlier_build_do_not_stay(workspace: Checkout) -> None:
    run(workspace)

    assert run(workspace, CODE="4").returncode == 4
    assert list(workspace.top.glob("reviewbot.*")) == []


def test_a_target_that_cannot_be_fetched_fails_before_the_check(workspace: Checkout) -> None:
    git(workspace.top, "remote", "set-url", "origin", str(workspace.top / "gone"))

    assert run(workspace).returncode not in {0, 1}
    assert not Path(workspace.environ["ARGS"]).exists()
