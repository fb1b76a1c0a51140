"""The action: a translator that is never green when anything failed."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml  # type: ignore[import-untyped]

from action.main import BUG, CHECK, LISTS, SWITCHES, argv, conclude, inputs_from, main, summary
from reviewbot.cli.check import check

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
NOT_INPUTS = {  # flag of the check -> why the action has no input for it
    "quiet": "it is about the terminal",
    "staged": "nothing is staged on a runner",
    "diff": "the change comes from git",
    "output": "the action says where the report lies",
    "also": "the action says which formats it wants",
    "format": "the action reads the report itself",
    "print-settings": "checks nothing",
    "timings": "for benchmarks",
    "top": "for terminals",
}
PULL = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "main"}


def report(code: int, **more: object) -> str:
    status = {0: "pass", 1: "block", 3: "incomplete"}[code]
    value = {
        "schema": "reviewbot/1",
        "verdict": {"status": status, "exit_code": code, "reasons": ["because"]},
        "ledger": {"added": 3, "scored": 2, "skipped": 1, "failed": 0, "by_reason": {"blank": 1}},
    }
    return json.dumps(value | more)


def fake_check(tmp_path: Path, *, code: int, writes: str | None, says: str = "") -> list[str]:
    """A program in place of `reviewbot check`: keeps its arguments, writes a report, ends."""
    program = tmp_path / "fake.py"
    program.write_text(
        "import json, os, pathlib, signal, sys\n"
        f"pathlib.Path({str(tmp_path / 'args.json')!r}).write_text(json.dumps(sys.argv[1:]))\n"
        "output = [a.removeprefix('--output=') for a in sys.argv if a.startswith('--output=')][0]\n"
        f"text = {writes!r}\n"
        "if text is not None: pathlib.Path(output).write_text(text)\n"
        f"print({says!r}, flush=True)\n"
        f"code = {code!r}\n"
        "if code < 0: os.kill(os.getpid(), -code)\n"
        "sys.exit(code)\n"
    )
    return [sys.executable, str(program)]


def run(tmp_path: Path, check: list[str], **more: str) -> tuple[int, dict[str, str], str]:
    """Run the action; return exit code, outputs and summary."""
    (tmp_path / "temp").mkdir(exist_ok=True)
    files = {"GITHUB_OUTPUT": tmp_path / "out", "GITHUB_STEP_SUMMARY": tmp_path / "summary"}
    environ = {name: str(path) for name, path in files.items()} | PULL | more
    code = main(environ | {"RUNNER_TEMP": str(tmp_path / "temp")}, check)
    text = (tmp_path / "out").read_text()
    found = re.findall(r"^([\w-]+)<<(\w{32})\n(.*?)\n\2\n", text, re.M | re.S)
    return code, {name: value for name, _, value in found}, (tmp_path / "summary").read_text()


def test_inputs_are_named_as_the_flags_of_the_check() -> None:
    flags = {
        option.removeprefix("--")
        for parameter in check.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
    }

    assert set(ACTION["inputs"]) == flags - set(NOT_INPUTS) | {"range"}
    assert set(NOT_INPUTS) <= flags


def test_lists_and_switches_are_those_of_the_check() -> None:
    options = [parameter for parameter in check.params if isinstance(parameter, click.Option)]
    named = {option.opts[0].removeprefix("--"): option for option in options}

    multiple = {name for name, option in named.items() if option.multiple}
    assert set(LISTS) == multiple - set(NOT_INPUTS)
    switches = {name for name, option in named.items() if option.is_flag} - set(NOT_INPUTS)
    assert set(SWITCHES) == switches


def test_a_default_lives_in_the_settings_and_never_in_the_action() -> None:
    assert {value["default"] for value in ACTION["inputs"].values()} == {""}


def test_every_input_reaches_the_check_by_a_variable_and_no_script_is_put_together() -> None:
    steps = ACTION["runs"]["steps"]
    given = {name: text for step in steps for name, text in step.get("env", {}).items()}

    assert given == {
        "INPUT_" + name.upper().replace("-", "_"): "${{ inputs." + name + " }}"
        for name in ACTION["inputs"]
    }
    assert inputs_from(dict.fromkeys(given, "x")) == dict.fromkeys(ACTION["inputs"], "x")
    for step in steps:
        assert "${{" not in step["run"]
        assert "uses" not in step


def test_python_never_imports_from_the_pull_request() -> None:
    script = "\n".join(step["run"] for step in ACTION["runs"]["steps"])

    calls = re.findall(r"python3?\"? +(\S+)", re.sub("::error::.*", "", script))
    assert calls == ["-I"] * 4
    assert CHECK[1] == "-I"


def test_one_flag_per_given_input() -> None:
    assert argv({"max-risk": "0.9", "model": "-x", "exclude": "a/*\n\n b/* \n"}) == [
        "--max-risk=0.9",
        "--model=-x",
        "--exclude=a/*",
        "--exclude=b/*",
    ]


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("true", "--informational"),
        ("false", "--no-informational"),
        ("yes", "--informational=yes"),  # which the check refuses
    ],
)
def test_a_switch_is_true_or_false(text: str, flag: str) -> None:
    assert argv({"informational": text}) == [flag]


def test_a_range_cannot_become_a_flag() -> None:
    assert argv({"range": "--informational"}) == ["--", "--informational"]


def test_a_pull_request_is_compared_with_its_base() -> None:
    assert inputs_from(PULL) == {"range": "origin/main...HEAD"}
    assert inputs_from(PULL | {"INPUT_RANGE": "a..b"}) == {"range": "a..b"}
    assert inputs_from(PULL | {"INPUT_MAX_RISK": " "}) == {"range": "origin/main...HEAD"}


@pytest.mark.parametrize("event", ["push", "pull_request_target", ""])
def test_other_events_need_a_range_because_nothing_would_be_checked(
    event: str, tmp_path: Path
) -> None:
    check = fake_check(tmp_path, code=0, writes=report(0))

    code, outputs, _ = run(tmp_path, check, GITHUB_EVENT_NAME=event)

    assert (code, outputs["verdict"]) == (2, "error")
    assert run(tmp_path, check, GITHUB_EVENT_NAME=event, INPUT_RANGE="a")[0] == 0


@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_verdict_passes_through(code: int, tmp_path: Path) -> None:
    found, outputs, text = run(tmp_path, fake_check(tmp_path, code=code, writes=report(code)))

    assert found == code
    assert outputs["exit-code"] == str(code)
    assert outputs["verdict"] in ("pass", "block", "incomplete")
    assert json.loads(Path(outputs["report"]).read_text())["verdict"]["exit_code"] == code
    assert f"{outputs['verdict'].upper()} (exit {code})" in text
    assert "       3  added" in text
    assert json.loads((tmp_path / "args.json").read_text())[-2:] == ["--", "origin/main...HEAD"]


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
        (4, report(0), 4),
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
    assert outputs == {"verdict": "error", "exit-code": str(ends), "report": ""}
    assert f"no verdict (exit {ends})" in text


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
    assert lines[1:] == ["::error::x", "##[error]y", f"::{stop[1]}::"]


def test_the_summary_escapes_and_bounds_what_the_report_says() -> None:
    evil = json.loads(report(1))
    evil["verdict"]["reasons"] = ["</pre><img src=x>\n# @me", "y" * 10_000]
    evil["ledger"]["by_reason"] = {f"<{n}>": n for n in range(1_000)}

    text = summary(1, evil)

    body = text.partition("<pre>\n")[2].removesuffix("\n</pre>\n")
    assert "<" not in body
    assert "&lt;img src=x&gt; # @me" in body
    assert len(text) < 30_000


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

    assert len(source.splitlines()) < 100
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
