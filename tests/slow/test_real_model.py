"""The README's first command with the packaged model, from process start to exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reviewbot.models.registry import SMOL_CUT

ROOT = Path(__file__).parents[2]
DEMO = ("--diff", "examples/demo.diff", "--root", "examples/demo")
# What examples/demo_tests proves to be wrong.
WRONG = {
    "billing/money.py": (29, 34, 50, 52),
    "billing/schedule.py": (27,),
    "billing/importing.py": (19, 38, 54),
    "billing/paging.py": (12,),
    "billing/retrying.py": (21, 22, 42),
}

pytestmark = pytest.mark.real_model


def check(*args: str) -> tuple[bytes, int]:
    command = [sys.executable, "-m", "reviewbot", "check", *DEMO, "--format", "json", *args]
    env = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr.decode()
    return done.stdout, done.returncode


@pytest.fixture(scope="module")
def report() -> Any:
    raw, code = check()
    found = json.loads(raw)
    assert found["verdict"]["exit_code"] == code
    return found


def test_the_demo_is_read_whole_by_the_packaged_model(report: Any) -> None:
    ledger = report["ledger"]

    assert report["model"]["sha256"] == SMOL_CUT.sha256
    assert (ledger["added"], ledger["scored"], ledger["failed"]) == (225, 147, 0)
    assert ledger["by_reason"] == {"blank or punctuation only": 78}


def test_lines_that_are_wrong_rank_above_lines_that_are_not(report: Any) -> None:
    risks = {
        (file["path"], line["number"]): line["risk"]
        for file in report["files"]
        for line in file["lines"]
        if line["status"] == "scored"
    }
    wrong = [risks[path, number] for path, numbers in WRONG.items() for number in numbers]
    others = [risk for (path, number), risk in risks.items() if number not in WRONG.get(path, ())]
    wins = sum((w > o) + (w == o) / 2 for w in wrong for o in others)

    # This tells a working path from a broken one.
    assert wins / (len(wrong) * len(others)) > 0.75


def test_a_risk_has_at_most_three_reasons_that_raise_it_and_the_riskiest_line_has_one(
    report: Any,
) -> None:
    lines = [line for file in report["files"] for line in file["lines"] if line["risk"]]
    riskiest = max(lines, key=lambda line: line["risk"])

    assert riskiest["reasons"]
    assert all(len(line["reasons"]) <= 3 for line in lines)
    reasons = [reason for line in lines for reason in line["reasons"]]
    assert all(reason["label"] and reason["contribution"] > 0 for reason in reasons)


def without_standing(made: Any) -> list[Any]:
    """The files of a report, but where their lines stand to its limit."""
    return [
        {**file, "lines": [{**line, "standing": None} for line in file["lines"]]}
        for file in made["files"]
    ]


def test_the_same_change_gives_the_same_bytes_and_a_low_threshold_blocks(report: Any) -> None:
    raw, code = check("--max-risk", "0.05")
    again, _ = check("--max-risk", "0.05")

    assert raw == again
    assert code == 1
    assert without_standing(json.loads(raw)) == without_standing(report)
