"""The action in a simulated runner: event file, environment, output files, a GitHub that is strict.

The same process as on a runner, and the real default model where the cache holds it.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.authorship.repos import CLAUDE, ROOT, Repo, repo_at
from tests.cli.small import environ
from tests.github.fake import FakeGitHub
from tests.github.fake_parts import Pull
from tests.github.server import serving
from tests.slow.test_real_model import CACHE, needs_model

DEMO = ROOT / "examples" / "demo"


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[tuple[FakeGitHub, Repo, dict[str, str]]]:
    """A pull request with the demo's code, and a runner's environment for its event."""
    repo = repo_at(tmp_path / "checkout")
    base = repo.git("rev-parse", "main")
    files = {str(p.relative_to(DEMO)): p.read_text() for p in DEMO.rglob("*.py")}
    head = repo.commit(f"Add billing\n\n{CLAUDE}", files)
    github = FakeGitHub(repo.root, pulls={1: Pull(1, head, base)})
    event = {
        "pull_request": {
            "number": 1,
            "head": {"sha": head, "ref": "topic", "repo": {"full_name": "o/r"}},
            "base": {"sha": base, "ref": "main", "repo": {"full_name": "o/r"}},
            "user": {"login": "dev", "type": "User"},
        }
    }
    (tmp_path / "event.json").write_text(json.dumps(event))
    (tmp_path / "temp").mkdir()
    with serving(github):
        kept = {k: v for k, v in environ().items() if not k.startswith(("GITHUB_", "REVIEWBOT_"))}
        yield (
            github,
            repo,
            {
                **kept,
                "REVIEWBOT_CACHE": str(CACHE),
                "RUNNER_TEMP": str(tmp_path / "temp"),
                "GITHUB_ACTIONS": "true",
                "GITHUB_API_URL": github.url,
                "GITHUB_REPOSITORY": "o/r",
                "GITHUB_EVENT_NAME": "pull_request",
                "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
                "GITHUB_OUTPUT": str(tmp_path / "output"),
                "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
                "INPUT_GITHUB_TOKEN": github.token,
            },
        )
    assert github.faults == []


def run(repo: Repo, env: dict[str, str]) -> tuple[int, dict[str, str], str]:
    # Isolated as in action.yml, except that the package is found beside the script.
    code = (
        "import runpy, sys; from action import main as m; from reviewbot import cli\n"
        "m.REVIEWBOT = (sys.executable, '-m', 'reviewbot')\n"
        "import os; sys.exit(m.main(os.environ, m.REVIEWBOT))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repo.root, env=env, capture_output=True, text=True
    )
    text = Path(env["GITHUB_OUTPUT"]).read_text()
    found = re.findall(r"^([\w-]+)<<(\w{32})\n(.*?)\n\2\n", text, re.M | re.S)
    return done.returncode, {name: value for name, _, value in found}, done.stdout + done.stderr


@pytest.mark.real_model
@needs_model
def test_the_action_reviews_a_pull_request_with_the_real_default_model(
    runner: tuple[FakeGitHub, Repo, dict[str, str]], tmp_path: Path
) -> None:
    github, repo, env = runner

    code, outputs, log = run(repo, env | {"INPUT_MAX_RISK": "0.1", "INPUT_CHECK_RUN": "reviewbot"})

    assert code == 1, log
    assert outputs["verdict"] == "block"
    assert float(outputs["coverage"]) == 1
    report = json.loads(Path(outputs["report"]).read_text())
    assert report["model"]["name"] == "qwen2.5-coder-0.5b"
    assert report["authors"]["ai"]["tools"] == {"claude": report["ledger"]["added"]}
    assert int(outputs["risky-lines"]) == sum(len(f["lines"]) for f in report["findings"]) > 0
    sarif = json.loads(Path(outputs["sarif"]).read_text())
    assert len(sarif["runs"][0]["results"]) == len(report["findings"])
    assert len(github.reviews) == 1
    assert len(github.comments) == min(10, len(report["findings"]))
    assert [run["conclusion"] for run in github.check_runs] == ["failure"]
    assert "::warning file=billing/" in log
    assert Path(env["GITHUB_STEP_SUMMARY"]).read_text().startswith("## reviewbot: BLOCK (exit 1)")
    posted = json.dumps([github.comments, github.issue_comments, github.check_runs])
    for secret in (github.token, str(tmp_path), str(ROOT)):
        assert secret not in posted
        assert secret not in Path(env["GITHUB_STEP_SUMMARY"]).read_text()
    assert github.token not in log

    before = list(github.writes)
    again, _, _ = run(repo, env | {"INPUT_MAX_RISK": "0.1"})

    assert again == 1
    assert github.writes == before


@pytest.mark.parametrize(
    ("given", "expected"), [({"INPUT_ARTIFACT": "no-such"}, 2), ({"INPUT_GITHUB_TOKEN": "bad"}, 4)]
)
def test_what_fails_on_a_runner_is_not_green(
    runner: tuple[FakeGitHub, Repo, dict[str, str]], given: dict[str, str], expected: int
) -> None:
    _, repo, env = runner

    code, outputs, _ = run(repo, env | given)

    assert code == expected
    assert outputs["verdict"] == "error"
