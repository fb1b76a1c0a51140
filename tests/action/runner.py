"""A runner for the tests of the action, with a program in place of `reviewbot`."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from action.main import main

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
PULL = {"GITHUB_EVENT_NAME": "pull_request"}


def report(code: int, **more: object) -> str:
    status = {0: "pass", 1: "block", 3: "incomplete"}[code]
    value = {
        "schema": "reviewbot/1",
        "verdict": {"status": status, "exit_code": code, "reasons": ["because"]},
        "ledger": {"coverage": 0.5},
        "change": {"level": {"percentile": 92}, "cleared": "tests"},
        "findings": [{"lines": [1, 2]}, {"lines": [7]}],
    }
    return json.dumps(value | more)


def fake_check(tmp_path: Path, *, code: int, writes: str | None, says: str = "") -> list[str]:
    """A program in place of `reviewbot check`: keeps its arguments, writes a report, ends."""
    program = tmp_path / "fake.py"
    program.write_text(
        "import json, os, pathlib, signal, sys\n"
        f"pathlib.Path({str(tmp_path / 'args.json')!r}).write_text(json.dumps(sys.argv[1:]))\n"
        "given = [a for a in sys.argv if a.startswith('--output=')] or ['--output=/dev/null']\n"
        "output = given[0].removeprefix('--output=')\n"
        f"text = {writes!r}\n"
        "for a in sys.argv:\n"
        "    if a.startswith('--also='):\n"
        "        style, _, place = a.removeprefix('--also=').partition('=')\n"
        "        pathlib.Path(place).write_text(f'made as {style}\\n')\n"
        "    if a.startswith('--acks='):\n"
        "        pathlib.Path(a.removeprefix('--acks=')).write_text('')\n"
        f"token = pathlib.Path({str(tmp_path / 'token')!r})\n"
        "token.write_text(os.environ.get('GITHUB_TOKEN', ''))\n"
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
    text = (tmp_path / "out").read_text() if (tmp_path / "out").exists() else ""
    summary = tmp_path / "summary"
    written = summary.read_text() if summary.exists() else ""
    found = re.findall(r"^([\w-]+)<<(\w{32})\n(.*?)\n\2\n", text, re.M | re.S)
    return code, {name: value for name, _, value in found}, written
