"""The action in a simulated runner: event file, environment, output files, a GitHub that is strict.

The same process as on a runner, and the packaged model.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reviewbot.models.cache import cache_dir
from tests.authorship.repos import CLAUDE, ROOT
from tests.cli.small import environ
from tests.github.conftest import World, pauses, world

__all__ = ["pauses", "world"]  # the fixtures
DEMO = ROOT / "examples" / "demo"


@pytest.fixture
def runner(world: World) -> World:
    """A pull request with the demo's code, and a runner's environment for its event."""
    files = {str(path.relative_to(DEMO)): path.read_text() for path in DEMO.rglob("*.py")}
    world.push(files, f"Add billing\n\n{CLAUDE}")
    world.event()
    (world.folder / "temp").mkdir()
    names = {"GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary", "RUNNER_TEMP": "temp"}
    del world.environ["REVIEWBOT_ARTIFACT"], world.environ["GITHUB_TOKEN"]
    world.environ |= {name: str(world.folder / file) for name, file in names.items()}
    world.environ |= {
        "REVIEWBOT_CACHE": str(cache_dir(None, os.environ)),
        "INPUT_GITHUB_TOKEN": world.github.token,
    }
    return world


def run(runner: World, **inputs: str) -> tuple[int, dict[str, str], str]:
    """Run the action; return its exit code, its outputs and its log."""
    # Isolated as in action.yml, except that the package is found beside the script.
    code = (
        "import runpy, sys; from action import main as m; from reviewbot import cli\n"
        "m.REVIEWBOT = (sys.executable, '-m', 'reviewbot')\n"
        "import os; sys.exit(m.main(os.environ, m.REVIEWBOT))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=runner.repo.root,
        env=environ() | runner.environ | inputs,
        capture_output=True,
        text=True,
    )
    text = (runner.folder / "output").read_text()
    outputs = re.findall(r"^([\w-]+)<<(\w{32})\n(.*?)\n\2\n", text, re.M | re.S)
    log = done.stdout + done.stderr
    return done.returncode, {name: value for name, _, value in outputs}, log


@pytest.mark.real_model
def test_the_action_reviews_a_pull_request_with_the_packaged_model(
    runner: World,
) -> None:
    github, step_summary = runner.github, runner.folder / "summary"

    code, outputs, log = run(runner, INPUT_MAX_RISK="0.03", INPUT_CHECK_RUN="reviewbot")

    assert code == 1, log
    assert outputs["verdict"] == "block"
    assert float(outputs["coverage"]) == 1
    report = json.loads(Path(outputs["report"]).read_text())
    assert report["model"]["name"] == "smollm2-135m-8"
    assert report["authors"]["ai"]["tools"] == {"claude": report["ledger"]["added"]}
    assert int(outputs["risky-lines"]) == sum(len(f["lines"]) for f in report["findings"]) > 0
    sarif = json.loads(Path(outputs["sarif"]).read_text())
    levels = [result["level"] for result in sarif["runs"][0]["results"]]
    assert levels.count("error") == len(report["findings"])
    assert len(levels) - levels.count("note") == len(report["findings"])
    # The packaged model expects no tokens, so no line has a doubt to comment on.
    assert (github.reviews, github.comments) == ([], [])
    assert len(github.issue_comments) == 1
    assert [run["conclusion"] for run in github.check_runs] == ["failure"]
    assert "::warning file=billing/" in log
    assert step_summary.read_text().startswith("## reviewbot: BLOCK (exit 1)")
    posted = json.dumps([github.comments, github.issue_comments, github.check_runs])
    for secret in (github.token, str(runner.folder), str(ROOT)):
        assert secret not in posted
        assert secret not in step_summary.read_text()
    assert github.token not in log

    before = list(github.writes)
    again, _, _ = run(runner, INPUT_MAX_RISK="0.03")

    assert again == 1
    assert github.writes == before


@pytest.mark.parametrize(
    ("given", "expected"), [({"INPUT_ARTIFACT": "no-such"}, 2), ({"INPUT_GITHUB_TOKEN": "bad"}, 4)]
)
def test_what_fails_on_a_runner_is_not_green(
    runner: World, given: dict[str, str], expected: int
) -> None:
    code, outputs, _ = run(runner, **given)

    assert code == expected
    assert outputs["verdict"] == "error"
