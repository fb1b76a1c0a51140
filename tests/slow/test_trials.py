"""Three branches that an AI wrote, with ten planted faults: what a user sees at the defaults."""

import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from research.trials import branch

pytestmark = pytest.mark.real_model
# Path and 1-based line of each planted fault.
FAULTS = {
    "python": {("jobs/scheduler.py", line) for line in (32, 54, 69, 78)},
    "typescript": {("src/cart.ts", line) for line in (31, 35, 57)},
    "go": {("store/store.go", line) for line in (36, 44, 56)},
}
# Of the five places to read first: how many hold a fault, at least. Measured with AVX-512 and AMX.
LEAST = {"python": 2, "typescript": 2, "go": 2}
EXPECTED = {  # what stands there, and what the model expected
    "python": ("self.base_seconds", "self.limit_seconds"),
    "typescript": ("===", "!=="),
    "go": ("job.Kind", "job.ID"),
}


@pytest.fixture(scope="module", params=list(FAULTS))
def trial(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the branch `feature`; its directory has the language's name."""
    root = tmp_path_factory.mktemp("trial") / str(request.param)
    branch(root.name, root)
    return root


@pytest.fixture(scope="module")
def posted(trial: Path) -> str:
    """What `review` would post."""
    command = [sys.executable, "-m", "reviewbot", "review", "--dry-run", "main..feature"]
    done = subprocess.run(
        [*command, "--artifact", "auto"],
        cwd=trial,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 4:
        pytest.skip(f"the model of deep is not in the cache: {done.stderr[:200]}")
    assert done.returncode == 0, done.stderr
    return unescape(done.stdout)


def test_the_summary_lists_five_places_and_planted_faults_are_among_them(
    trial: Path, posted: str
) -> None:
    rows = re.findall(r"^\| <code>(\S+):(\d+)(?:-(\d+))?</code>", posted, re.MULTILINE)
    spans = [(path, range(int(first), int(last or first) + 1)) for path, first, last in rows]

    assert len(rows) == 5
    seen = {(path, line) for path, span in spans for line in span}
    assert len(seen & FAULTS[trial.name]) >= LEAST[trial.name]


def test_the_summary_says_what_the_model_expected(trial: Path, posted: str) -> None:
    found, expected = EXPECTED[trial.name]

    assert f"<code>{expected}</code>, not <code>{found}</code>" in posted


def test_a_comment_appears_only_where_there_is_an_expectation(posted: str) -> None:
    comments = re.findall(r"^--- comment on .*\n(.*)\n", posted, re.MULTILINE)

    assert all(": the model expected `" in first for first in comments)


def test_the_default_gate_passes_and_says_why(posted: str) -> None:
    assert "### reviewbot: PASS: `no line blocks: fail-on is never; " in posted
