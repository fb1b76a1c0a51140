"""Inputs of the action -> `reviewbot review` or `check`; outputs, exit code back. Stdlib only."""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# Isolated: the working directory contains the pull request, and nothing in it may be imported.
REVIEWBOT = (sys.executable, "-I", "-m", "reviewbot")
LISTS = ("exclude", "include", "unknown-as-ai", "fail-on-for")  # a flag per line of the input
_BOTH = ("comment-when-clean", "resolve-threads")
SWITCHES = ("inline-suppressions", "trust-human", *_BOTH)
_MORE = ("commit-status", "bot-login", "templates", "pr", "repository", "label", "check-run")
POSTING = ("post", "max-comments", *_BOTH, *_MORE)  # compared in tests/config/test_derived.py
ALSO = {"markdown": "summary.md", "sarif": "report.sarif", "annotations": "annotations.txt"}
_CHANGE = ("change-percentile", "cleared")
_PATHS = ("report", "sarif", "outcomes")
OUTPUTS = ("verdict", "exit-code", "risky-lines", "coverage", *_CHANGE, *_PATHS)
TOKEN, REPORT, BUG = "github-token", "from-report", 70
FAILED = (2, 4)  # wrong usage, environment: a report may exist
MAX_SUMMARY = 1_000_000  # bytes; over 1 MiB GitHub drops it


def argv(inputs: Mapping[str, str]) -> list[str]:
    """One `--name=value` per given input, so that a value that starts with "-" stays a value."""
    verb = "check" if "range" in inputs and REPORT not in inputs else "review"
    flags = [verb]
    for name, text in inputs.items():
        if name in ("range", TOKEN) or (verb == "check" and name in POSTING):
            continue
        if name in SWITCHES and text in ("true", "false"):
            flags.append(f"--{name}" if text == "true" else f"--no-{name}")
            continue  # the command refuses a wrong value
        values = [part.strip() for part in (text.split("\n") if name in LISTS else [text])]
        flags += [f"--{name}={value}" for value in values if value]
    return [*flags, *(["--", inputs["range"]] if verb == "check" else [])]


def inputs_from(environ: Mapping[str, str]) -> dict[str, str]:
    """Read INPUT_* variables; an empty one is not given."""
    given = {name: text.strip() for name, text in environ.items() if name.startswith("INPUT_")}
    return {n[6:].lower().replace("_", "-"): text for n, text in given.items() if text}


def conclude(code: int, path: Path) -> tuple[int, dict[str, Any] | None]:
    """Return the exit code, and the report if it has a verdict or could not be posted."""
    code = 128 - code if code < 0 else code  # ended by a signal, as a shell counts
    try:
        report: dict[str, Any] = json.loads(path.read_bytes())
        expected = report["verdict"]["exit_code"]
        if report["schema"] == "reviewbot/1" and (expected == code or code in FAILED):
            return code, report
    except (OSError, ValueError, LookupError, TypeError):
        pass
    return BUG if code in (0, 1, 3) else code, None


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def append(file: str | None, text: str) -> None:
    """Append to one of the runner's files; without a runner, do nothing."""
    with Path(file or os.devnull).open("a", encoding="utf-8", errors="replace") as stream:
        stream.write(text)


def main(environ: Mapping[str, str], reviewbot: Sequence[str] = REVIEWBOT) -> int:
    folder = Path(tempfile.mkdtemp(prefix="reviewbot-", dir=environ.get("RUNNER_TEMP")))
    path, outcomes, inputs = folder / "report.json", folder / "outcomes.jsonl", inputs_from(environ)
    stop, mark = secrets.token_hex(16), secrets.token_hex(16)
    verb, *flags = argv(inputs)
    wanted = [f"--also={style}={folder / name}" for style, name in ALSO.items()]
    wanted = ["--format=json", f"--output={path}", *wanted]
    wanted += [f"--acks={outcomes}"] if verb == "review" else []
    command = [*reviewbot, verb, *([] if REPORT in inputs else wanted), *flags]
    env = {name: text for name, text in environ.items() if not name.startswith("INPUT_")}
    env |= {"GITHUB_TOKEN": inputs[TOKEN]} if TOKEN in inputs and verb != "check" else {}
    print(f"::stop-commands::{stop}", flush=True)  # noqa: T201 - untrusted text may follow
    ended = subprocess.run(command, check=False, env=env).returncode
    code, report = conclude(ended, path)
    print(f"\n::{stop}::", flush=True)  # noqa: T201
    if REPORT in inputs and ended == 0:  # it writes no report, only a log
        return 0
    values: dict[str, object] = dict.fromkeys(OUTPUTS, "") | {"verdict": "error", "exit-code": code}
    text = f"### reviewbot: no verdict (exit {code})\n\nThe log of the step says why.\n"
    if report:
        print(read(folder / ALSO["annotations"]), end="", flush=True)  # noqa: T201
        failed = code != report["verdict"]["exit_code"]
        text = (text if failed else "") + read(folder / ALSO["markdown"])
        risky = sum(len(finding["lines"]) for finding in report["findings"])
        values |= {"risky-lines": risky, "report": path}
        values |= {} if failed else {"verdict": report["verdict"]["status"]}
        values |= {"coverage": report["ledger"]["coverage"], "sarif": folder / ALSO["sarif"]}
        level, cleared = report["change"]["level"], report["change"]["cleared"]
        values |= {"change-percentile": level and level["percentile"], "cleared": cleared}
        values |= {"outcomes": outcomes} if outcomes.exists() else {}
    append(environ.get("GITHUB_STEP_SUMMARY"), text.encode()[:MAX_SUMMARY].decode(errors="ignore"))
    for name, value in values.items():
        shown = "" if value is None else value
        append(environ.get("GITHUB_OUTPUT"), f"{name}<<{mark}\n{shown}\n{mark}\n")
    return code


if __name__ == "__main__":
    try:
        sys.exit(main(os.environ))
    except Exception:  # noqa: BLE001 - Python would end with 1, which says "blocked"
        sys.excepthook(*sys.exc_info())
        sys.exit(BUG)
