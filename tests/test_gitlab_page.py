"""The job of docs/gitlab.md: bash runs its script against a server that answers like GitLab."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
import yaml  # type: ignore[import-untyped]

from reviewbot.cli import main
from reviewbot.config.load import from_environ
from reviewbot.render.markdown import MAX_BYTES
from tests.forge_jobs import (
    LIMIT,
    ME,
    NOTES,
    OTHER,
    ROOT,
    TOKEN,
    Checkout,
    FakeGitLab,
    checkout,
    executable,
    serving,
)

PAGE = (ROOT / "docs" / "gitlab.md").read_text(encoding="utf-8")
(BLOCK,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)
JOBS: dict[str, dict[str, Any]] = yaml.safe_load(BLOCK)
HEADING = "## reviewbot: BLOCK (exit 1)\n"
REPORT = f"{HEADING}\n`caf\u00e9.py` \u2028 $HOME `id` \"'\\\n"
USER, FIRST, SECOND, NEW = (
    "GET /user",
    f"GET {NOTES} page 1",
    f"GET {NOTES} page 2",
    f"POST {NOTES}",
)


@dataclass
class Job:
    """The job in a pipeline of merge request 5 of project 21."""

    at: Checkout
    gitlab: FakeGitLab

    def run(self, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the script as the runner does: one bash, which stops at the first failure."""
        script = "\n".join(["set -eo pipefail", *JOBS["reviewbot"]["script"]])
        environ = {
            "NOTE_TOKEN": TOKEN,
            "CI_API_V4_URL": self.gitlab.url,
            "CI_COMMIT_SHA": self.at.head,
            "CI_JOB_URL": "https://gitlab.example/jobs/9",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": self.at.base,
            "CI_MERGE_REQUEST_PROJECT_ID": "21",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "21",
            "CI_MERGE_REQUEST_IID": "5",
        }
        return self.at.run("bash", script, **{**environ, **more})


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    made = checkout(tmp_path_factory.mktemp("gitlab"))
    executable(made.bin / "pip", '#!/bin/sh\ntest "$*" = "install reviewbot-risk"\n')
    return made


@pytest.fixture
def job(at: Checkout) -> Iterator[Job]:
    at.clean(REPORT)
    with serving(FakeGitLab()) as fake:
        yield Job(at, fake)


def test_the_page_fits_and_the_block_has_the_shape_of_a_merge_request_job() -> None:
    job, base = JOBS["reviewbot"], JOBS["reviewbot-base"]

    assert len(PAGE.splitlines()) <= 60
    assert job["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'}]
    assert job["variables"]["GIT_DEPTH"] == "0"
    assert job["variables"]["REVIEWBOT_CACHE"] == f"$CI_PROJECT_DIR/{job['cache']['paths'][0]}"
    assert job["cache"]["when"] == job["artifacts"]["when"] == "always"
    for path in job["artifacts"]["reports"].values():
        assert f"={path} " in f"{job['script'][2]} "
    assert base["artifacts"]["reports"]["codequality"] == "gl-code-quality.json"


def test_the_block_keeps_the_schema_of_gitlab(tmp_path: Path) -> None:
    if (program := shutil.which("check-jsonschema")) is None:
        pytest.skip("check-jsonschema is not installed (pip install -e '.[dev]')")
    (tmp_path / "ci.yml").write_text(BLOCK, encoding="utf-8")

    done = subprocess.run(
        [program, "--builtin-schema", "vendor.gitlab-ci", tmp_path / "ci.yml"],
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_flags_and_the_settings_of_the_page_exist(job: Job) -> None:
    job.run()
    from_environ(dict.fromkeys(re.findall(r"\bREVIEWBOT_\w+", BLOCK), "1"))

    check = main.get_command(click.Context(main), job.at.given[0])
    assert check
    check.make_context("check", job.at.given[1:])


def test_the_report_of_the_target_branch_is_an_empty_list(job: Job) -> None:
    assert job.at.run("bash", JOBS["reviewbot-base"]["script"]).returncode == 0
    assert (job.at.top / "gl-code-quality.json").read_text() == "[]\n"


@pytest.mark.parametrize("code", [0, 3])
def test_the_first_push_creates_the_note_and_the_next_ones_edit_it(job: Job, code: int) -> None:
    first = job.run(CODE=str(code))
    assert (first.returncode, job.gitlab.asked) == (code, [USER, FIRST, NEW]), first.stderr
    (note,) = job.gitlab.notes
    assert note["body"].startswith(REPORT)
    assert f"Commit {job.at.head}, [log](https://gitlab.example/jobs/9)" in note["body"]

    Path(job.at.environ["REPORT"]).write_text("## reviewbot: PASS (exit 0)\n")
    job.gitlab.asked.clear()
    again = job.run(CODE=str(code))

    assert (again.returncode, job.gitlab.asked) == (code, [USER, FIRST, f"PUT {NOTES}/100"])
    assert [n["body"].splitlines()[0] for n in job.gitlab.notes] == ["## reviewbot: PASS (exit 0)"]


def test_only_a_note_of_the_tokens_user_with_our_heading_is_edited(job: Job) -> None:
    others = [(OTHER, "text"), (ME, f"> {REPORT}"), (OTHER, REPORT), (ME, HEADING), (ME, HEADING)]
    for author, body in others:
        job.gitlab.add(author, body)
    job.gitlab.hidden = {100}  # page 1 is shorter than page 2, and still not the last

    assert job.run().returncode == 1
    assert job.gitlab.asked == [USER, FIRST, SECOND, f"PUT {NOTES}/103"]
    assert [n["body"] for n in job.gitlab.notes if n["id"] != 103] == [
        body for number, (_, body) in enumerate(others) if number != 3
    ]


def test_foreign_notes_on_every_page_lead_to_a_new_note(job: Job) -> None:
    for _ in range(4):
        job.gitlab.add(OTHER, REPORT)

    assert job.run().returncode == 1
    assert job.gitlab.asked == [USER, FIRST, SECOND, NEW]


@pytest.mark.parametrize(
    ("method", "code", "want"), [("GET", 0, 4), ("POST", 0, 4), ("POST", 1, 1), ("GET", 3, 3)]
)
def test_a_note_that_is_refused_fails_the_job_and_a_retry_writes_it(
    job: Job, method: str, code: int, want: int
) -> None:
    job.gitlab.refuses = {method: 403}

    failed = job.run(CODE=str(code))

    assert failed.returncode == want
    assert failed.stderr == (
        "error: no note was written: <HTTPError 403: 'Forbidden'>\n"
        "  fix: check NOTE_TOKEN, then retry the job\n"
    )
    assert job.gitlab.notes == []
    assert job.run(CODE=str(code)).returncode == code
    assert len(job.gitlab.notes) == 1


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"NOTE_TOKEN": ""}, "401"),
        ({"NOTE_TOKEN": "wrong"}, "401"),
        ({"CI_API_V4_URL": "http://127.0.0.1:9/api/v4"}, "refused"),
        ({"CI_MERGE_REQUEST_IID": "6"}, "404"),
    ],
)
def test_a_wrong_setup_is_never_green(job: Job, more: dict[str, str], says: str) -> None:
    failed = job.run(CODE="0", **more)

    assert failed.returncode == 4
    assert says in failed.stderr.splitlines()[0]
    assert job.gitlab.notes == []


def test_a_redirect_that_swallows_the_note_is_not_green(job: Job) -> None:
    """urllib follows the redirect of a POST with a GET, which answers 200, with a list."""
    job.gitlab.refuses = {"POST": 302}

    assert job.run(CODE="0").returncode == 4
    assert job.gitlab.asked == [USER, FIRST, NEW, FIRST]
    assert job.gitlab.notes == []


@pytest.mark.parametrize("code", [0, 1])
def test_a_fork_has_no_note_and_the_gate_counts(job: Job, code: int) -> None:
    done = job.run(NOTE_TOKEN="", CI_MERGE_REQUEST_SOURCE_PROJECT_ID="99", CODE=str(code))

    assert (done.returncode, job.gitlab.asked) == (code, [])
    assert "no note was written: the pipeline of a fork has no NOTE_TOKEN\n" in done.stdout


@pytest.mark.parametrize("code", [2, 70])
def test_without_a_report_the_note_says_so_instead_of_an_older_result(job: Job, code: int) -> None:
    (job.at.top / "reviewbot.md").write_text("## reviewbot: PASS (exit 0)\n/approve\n")
    job.gitlab.add(ME, "## reviewbot: PASS (exit 0)\n")

    assert job.run(CODE=str(code)).returncode == code
    (note,) = job.gitlab.notes
    assert note["body"].startswith(f"## reviewbot: NO RESULT (exit {code})\n\nCommit ")
    assert "/approve" not in note["body"]


def test_a_merged_results_pipeline_checks_the_source_branch_only(job: Job) -> None:
    job.run()
    assert job.at.checked == ["topic.py"]

    job.run(CI_COMMIT_SHA=job.at.merged, CI_MERGE_REQUEST_SOURCE_BRANCH_SHA=job.at.head)

    assert job.at.checked == ["topic.py"]
    assert f"Commit {job.at.head}," in job.gitlab.notes[0]["body"]


def test_the_longest_report_fits_into_a_note(job: Job) -> None:
    assert MAX_BYTES <= LIMIT
    Path(job.at.environ["REPORT"]).write_text(HEADING + "x" * (MAX_BYTES - len(HEADING)))

    assert job.run().returncode == 1
    assert len(job.gitlab.notes[0]["body"]) == LIMIT
