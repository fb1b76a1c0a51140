"""The job of docs/gitlab.md with the real `reviewbot check` and the packaged model."""

import json
import sys
from pathlib import Path

import pytest

from tests.forge_jobs import FakeGitLab, checkout, executable, serving
from tests.test_gitlab_page import JOBS, Job

pytestmark = pytest.mark.real_model


@pytest.mark.parametrize(
    ("risk", "code", "verdict"), [("0.9", 0, "PASS"), ("0.000001", 1, "BLOCK")]
)
def test_the_real_check_writes_the_note_and_both_reports(
    tmp_path: Path, risk: str, code: int, verdict: str
) -> None:
    at = checkout(tmp_path)
    executable(at.bin / "pip", "#!/bin/sh\n")
    real = f'#!/bin/sh\nexec "{sys.executable}" -m reviewbot "$@"\n'
    executable(at.bin / "reviewbot", real)

    with serving(FakeGitLab()) as fake:
        done = Job(at, fake).run(REVIEWBOT_MAX_RISK=risk)

    assert done.returncode == code, done.stderr
    (note,) = fake.notes
    assert note["body"].startswith(f"## reviewbot: {verdict} (exit {code})\n")
    reports = JOBS["reviewbot"]["artifacts"]["reports"]
    issues = json.loads((at.top / reports["codequality"]).read_text())
    assert [issue["location"]["path"] for issue in issues] == ["topic.py"] * code
    assert ("<failure" in (at.top / reports["junit"]).read_text()) == bool(code)
