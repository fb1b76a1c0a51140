"""The action: a translator that is never green when anything failed."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from action.main import (
    BUG,
    OUTPUTS,
    TOKEN,
    argv,
    conclude,
    inputs_from,
    main,
)
from tests.action.runner import PULL, ROOT, fake_check, report, run


def test_one_flag_per_given_input() -> None:
    assert argv({"max-risk": "0.9", "model": "-x", "exclude": "a/*\n\n b/* \n"}) == [
        "review",
        "--max-risk=0.9",
        "--model=-x",
        "--exclude=a/*",
        "--exclude=b/*",
    ]


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("true", "--trust-human"),
        ("false", "--no-trust-human"),
        ("yes", "--trust-human=yes"),  # which the check refuses
    ],
)
def test_a_switch_is_true_or_false(text: str, flag: str) -> None:
    assert argv({"trust-human": text}) == ["review", flag]


def test_a_range_is_checked_and_cannot_become_a_flag() -> None:
    inputs = {"range": "--trust-human", "post": "always", "max-risk": "0.9", TOKEN: "t"}

    assert argv(inputs) == ["check", "--max-risk=0.9", "--", "--trust-human"]


def test_a_report_is_posted_with_the_settings_of_the_job(tmp_path: Path) -> None:
    inputs = {"from-report": "-r.json", "max-risk": "0.9", "bot-login": "me[bot]", TOKEN: "t"}
    flags = ["--from-report=-r.json", "--max-risk=0.9", "--bot-login=me[bot]"]
    assert argv(inputs) == ["review", *flags]

    environ = {"INPUT_FROM_REPORT": "r.json"}
    assert run(tmp_path, fake_check(tmp_path, code=0, writes=None), **environ)[0] == 0
    assert run(tmp_path, fake_check(tmp_path, code=4, writes=None), **environ)[0] == 4
    assert run(tmp_path, fake_check(tmp_path, code=1, writes=None), **environ)[0] == BUG


def test_an_empty_input_is_not_given() -> None:
    assert inputs_from({"INPUT_MAX_RISK": " ", "INPUT_ROOT": "x ", "OTHER": "y"}) == {"root": "x"}


def test_the_token_reaches_the_review_and_no_check(tmp_path: Path) -> None:
    check = fake_check(tmp_path, code=0, writes=report(0))

    run(tmp_path, check, **{"INPUT_GITHUB_TOKEN": "s3cret"})
    assert (tmp_path / "token").read_text() == "s3cret"
    assert "s3cret" not in (tmp_path / "args.json").read_text()

    run(tmp_path, check, **{"INPUT_GITHUB_TOKEN": "s3cret", "INPUT_RANGE": "a..b"})
    assert (tmp_path / "token").read_text() == ""


@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_verdict_passes_through(code: int, tmp_path: Path) -> None:
    found, outputs, text = run(tmp_path, fake_check(tmp_path, code=code, writes=report(code)))

    assert found == code
    assert outputs["exit-code"] == str(code)
    assert outputs["verdict"] in ("pass", "block", "incomplete")
    assert json.loads(Path(outputs["report"]).read_text())["verdict"]["exit_code"] == code
    assert (outputs["risky-lines"], outputs["coverage"]) == ("3", "0.5")
    assert (outputs["change-percentile"], outputs["cleared"]) == ("92", "tests")
    assert Path(outputs["sarif"]).read_text() == "made as sarif\n"
    assert Path(outputs["outcomes"]) == Path(outputs["report"]).parent / "outcomes.jsonl"
    assert text == "made as markdown\n"
    assert json.loads((tmp_path / "args.json").read_text())[:2] == ["review", "--format=json"]


@pytest.mark.parametrize(
    ("code", "writes", "ends"),
    [
        (0, None, BUG),
        (0, "{", BUG),
        (0, "[]", BUG),
        (0, "\x00" * 9, BUG),
        (0, report(1), BUG),
        (0, report(0, schema="reviewbot/2"), BUG),
        (0, report(0, verdict=None), BUG),
        (1, None, BUG),  # Python itself ends so: that is no block
        (1, report(0), BUG),
        (3, None, BUG),
        (2, None, 2),
        (4, report(0, schema="reviewbot/2"), 4),
        (70, None, 70),
        (-9, report(0), 137),
        (-11, None, 139),
    ],
)
def test_nothing_that_failed_is_green_or_has_a_verdict(
    code: int, writes: str | None, ends: int, tmp_path: Path
) -> None:
    found, outputs, text = run(tmp_path, fake_check(tmp_path, code=code, writes=writes))

    assert found == ends
    assert outputs == dict.fromkeys(OUTPUTS, "") | {"verdict": "error", "exit-code": str(ends)}
    assert f"no verdict (exit {ends})" in text


@pytest.mark.parametrize("code", [2, 4])
def test_a_report_that_could_not_be_posted_is_shown_without_its_verdict(
    code: int, tmp_path: Path
) -> None:
    found, outputs, text = run(tmp_path, fake_check(tmp_path, code=code, writes=report(1)))

    assert (found, outputs["verdict"], outputs["exit-code"]) == (code, "error", str(code))
    assert Path(outputs["sarif"]).read_text() == "made as sarif\n"
    assert f"no verdict (exit {code})" in text
    assert "made as markdown" in text


def test_a_report_of_an_earlier_step_is_not_taken_for_this_one(tmp_path: Path) -> None:
    assert run(tmp_path, fake_check(tmp_path, code=0, writes=report(0)))[0] == 0

    code = main(
        PULL | {"RUNNER_TEMP": str(tmp_path / "temp")}, fake_check(tmp_path, code=0, writes=None)
    )

    assert code == BUG


def test_what_the_check_prints_is_no_command_to_the_runner(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, fake_check(tmp_path, code=0, writes=report(0), says="::error::x\n##[error]y"))

    lines = [line for line in capfd.readouterr().out.splitlines() if line]
    stop = re.fullmatch(r"::stop-commands::(\w{32})", lines[0])
    assert stop
    assert lines[1:] == ["::error::x", "##[error]y", f"::{stop[1]}::", "made as annotations"]


def test_a_crash_of_the_action_itself_is_not_the_code_of_a_block(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path / "missing")}

    done = subprocess.run(
        [sys.executable, "-I", str(ROOT / "action" / "main.py")],
        env=environ,
        capture_output=True,
        text=True,
    )

    assert done.returncode == BUG
    assert "FileNotFoundError" in done.stderr


def test_nothing_in_the_checkout_is_imported(tmp_path: Path) -> None:
    for name in ("json", "html", "reviewbot", "click", "numpy", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w').close()\n")
    (tmp_path / "temp").mkdir()
    environ = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path / "temp"), **PULL}

    done = subprocess.run(
        [sys.executable, "-I", str(ROOT / "action" / "main.py")],
        env=environ | {"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
    )

    assert done.returncode != 0  # it is no git repository
    assert not (tmp_path / "ran").exists()


def test_the_script_is_small_does_nothing_when_imported_and_needs_no_package() -> None:
    source = (ROOT / "action" / "main.py").read_text()
    tree = ast.parse(source)

    assert len(source.splitlines()) < 120
    kept = (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.FunctionDef, ast.If)
    assert all(isinstance(node, kept) for node in tree.body)
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def test_conclude_reads_no_report_that_is_a_directory(tmp_path: Path) -> None:
    assert conclude(0, tmp_path) == (BUG, None)


@pytest.mark.parametrize("level", [None, {"percentile": None}, {"percentile": 0}])
def test_an_unknown_percentile_of_the_change_is_empty_and_a_known_0_is_not(
    tmp_path: Path, level: dict[str, object] | None
) -> None:
    text = report(0, change={"level": level, "cleared": ""})
    _, outputs, _ = run(tmp_path, fake_check(tmp_path, code=0, writes=text))

    assert outputs["change-percentile"] == ("" if not level or level["percentile"] is None else "0")
    assert outputs["cleared"] == ""
