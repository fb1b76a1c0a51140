"""Inputs of the action -> `reviewbot check`; outputs and exit code back. Only the stdlib."""

import html
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# Isolated: the working directory holds the pull request, and nothing of it may be imported.
CHECK = (sys.executable, "-I", "-m", "reviewbot", "check")
LISTS = ("exclude", "include", "unknown-as-ai", "max-risk-for")  # a flag per line of the input
SWITCHES = ("informational", "inline-suppressions", "trust-human")
BUG = 70


def argv(inputs: Mapping[str, str]) -> list[str]:
    """One `--name=value` per given input, so that a value that starts with "-" stays a value."""
    flags = []
    for name, text in inputs.items():
        if name in SWITCHES and text in ("true", "false"):
            flags.append(f"--{name}" if text == "true" else f"--no-{name}")
        elif name != "range":  # a wrong value is for the check to refuse
            values = text.split("\n") if name in LISTS else [text]
            flags += [f"--{name}={value.strip()}" for value in values if value.strip()]
    return [*flags, "--", inputs["range"]] if inputs.get("range") else flags


def inputs_from(environ: Mapping[str, str]) -> dict[str, str]:
    """Read INPUT_* variables. On `pull_request` the range is what HEAD adds to the base branch."""
    given = {
        name.removeprefix("INPUT_").lower().replace("_", "-"): text.strip()
        for name, text in environ.items()
        if name.startswith("INPUT_") and text.strip()
    }
    known = environ.get("GITHUB_EVENT_NAME") == "pull_request" and environ.get("GITHUB_BASE_REF")
    return {"range": f"origin/{known}...HEAD", **given} if known else given


def conclude(code: int, path: Path) -> tuple[int, dict[str, Any] | None]:
    """Return the exit code to end with, and the report; a verdict's code only where both agree."""
    code = 128 - code if code < 0 else code  # ended by a signal, as a shell counts
    try:
        report: dict[str, Any] = json.loads(path.read_bytes())
        if report["schema"] == "reviewbot/1" and report["verdict"]["exit_code"] == code:
            return code, report
    except (OSError, ValueError, LookupError, TypeError):
        pass
    return BUG if code in (0, 1, 3) else code, None


def summary(code: int, report: Mapping[str, Any] | None) -> str:
    """Return the verdict and the ledger as Markdown, every text in it escaped."""
    if report is None:
        return f"### reviewbot: no verdict (exit {code})\n\nThe log of the step says why.\n"
    verdict, ledger = report["verdict"], report["ledger"]
    counts = {name: ledger[name] for name in ("added", "scored", "skipped", "failed")}
    counts |= {f"  {why}": n for why, n in ledger["by_reason"].items()}
    lines = [*verdict["reasons"], "", *(f"{n:>8}  {name}" for name, n in counts.items())]
    text = html.escape("\n".join(" ".join(line.splitlines())[:300] for line in lines[:60]))
    return f"### reviewbot: {verdict['status'].upper()} (exit {code})\n\n<pre>\n{text}\n</pre>\n"


def append(file: str | None, text: str) -> None:
    """Append to one of the runner's files; nothing where there is no runner."""
    with Path(file or os.devnull).open("a", encoding="utf-8", errors="replace") as stream:
        stream.write(text)


def main(environ: Mapping[str, str], check: Sequence[str] = CHECK) -> int:
    """Run the check once, and return the exit code to end with."""
    folder = tempfile.mkdtemp(prefix="reviewbot-", dir=environ.get("RUNNER_TEMP"))
    path, inputs = Path(folder) / "report.json", inputs_from(environ)
    token, mark = secrets.token_hex(16), secrets.token_hex(16)
    print(f"::stop-commands::{token}", flush=True)  # noqa: T201 - what follows may quote a stranger
    if "range" in inputs:
        command = [*check, "--format=json", f"--output={path}", *argv(inputs)]
        code, report = conclude(subprocess.run(command, check=False).returncode, path)
    else:  # the check would compare HEAD with itself, and find nothing wrong
        sys.stderr.write("error: nothing was checked: no pull_request event\n  fix: give a range\n")
        code, report = 2, None
    print(f"\n::{token}::", flush=True)  # noqa: T201
    append(environ.get("GITHUB_STEP_SUMMARY"), summary(code, report))
    verdict, place = (report["verdict"]["status"], path) if report else ("error", "")
    for name, value in {"verdict": verdict, "exit-code": code, "report": place}.items():
        append(environ.get("GITHUB_OUTPUT"), f"{name}<<{mark}\n{value}\n{mark}\n")
    return code


if __name__ == "__main__":
    try:
        sys.exit(main(os.environ))
    except Exception:  # noqa: BLE001 - Python would end with 1, which says "blocked"
        sys.excepthook(*sys.exc_info())
        sys.exit(BUG)
