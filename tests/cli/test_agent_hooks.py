"""The example hook for coding agents: what it sends back, and what it never does."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.small import environ, write_artifact
from tests.git.test_changes import _own_configuration, copy_of, git, play

__all__ = ["_own_configuration"]
ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "agent_hooks"
STOP = {"hook_event_name": "Stop", "stop_hook_active": False}
# As the Codex program itself states it (stop.command.output.schema.json of codex-hooks).
CODEX_STOP = {
    "type": "object",
    "additionalProperties": False,
    "required": ["decision", "reason"],
    "properties": {"decision": {"enum": ["block"]}, "reason": {"type": "string"}},
}
CODE = "def f(a, b):\n    return g(a[0], *b)[2:] and not a.x\n"
FAKE = """\
import json, os, sys
where = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(where, "called"), "a") as file:
    print(json.dumps(sys.argv[1:]), file=file)
with open(os.path.join(where, os.environ.get("FAKE_REPORT", "report.json"))) as file:
    sys.stdout.write(file.read())
sys.exit(int(os.environ.get("FAKE_EXIT", "1")))
"""


@dataclass(frozen=True)
class Desk:
    """A repository in which an agent works, and a `reviewbot` whose report the test writes."""

    root: Path
    bin: Path

    def report(
        self, *lines: dict[str, Any], path: str = "f.py", notes: tuple[str, ...] = (), **ledger: int
    ) -> None:
        value = {
            "findings": [
                {
                    "path": path,
                    "lines": [one["number"] for one in lines if (one["risk"] or 0) > 0.5],
                }
            ],
            "files": [{"path": path, "lines": list(lines)}],
            "ledger": {"failed": 0, "unread": 0, "unread_files": 0, **ledger},
            "notes": notes,
        }
        (self.bin / "report.json").write_text(json.dumps(value))

    def hook(
        self, event: object, *args: str, raw: bytes | None = None, **env: str
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-I", str(FOLDER / "reread.py"), *args],
            input=json.dumps(event).encode() if raw is None else raw,
            cwd=self.root,
            env={**environ(), "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}", **env},
            capture_output=True,
        )

    def said(self, event: object, *args: str) -> Any:
        done = self.hook(event, *args)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else None


def program(folder: Path, script: str) -> None:
    """Write the `reviewbot` that the hook runs."""
    (folder / "reviewbot").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "reviewbot").chmod(0o755)


def real(folder: Path) -> None:
    """Make the `reviewbot` there the real one, but for the model."""
    (folder / "real.py").write_text(
        "from reviewbot.app import check\nfrom reviewbot.cli import main\n"
        "from tests.cli.small import ByteEncoder\n"
        "check.load_model = lambda *_: ByteEncoder()\nmain()\n"
    )
    path = f"{environ()['PYTHONPATH']}:{ROOT}"
    program(folder, f'PYTHONPATH="{path}" exec "{sys.executable}" -P "{folder}/real.py" "$@"')


def scored(
    number: int,
    risk: float,
    text: str = "x",
    label: str = "numbers",
    feature: str = "surface:numbers",
) -> dict[str, Any]:
    reasons = [
        {"feature": feature, "label": label, "contribution": 0.5},
        {"feature": "sae:1", "label": "less", "contribution": -1.0},
    ]
    return {
        "number": number,
        "text": text,
        "status": "scored",
        "level": "medium",
        "risk": risk,
        "percentile": 97.9,
        "recent": None,
        "reasons": reasons,
    }


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    root, folder = copy_of(_desk, tmp_path / "repo"), tmp_path / "bin"
    folder.mkdir()
    (folder / "fake.py").write_text(FAKE)
    program(folder, f'exec "{sys.executable}" -I "{folder}/fake.py" "$@"')
    made = Desk(root, folder)
    made.report(scored(2, 0.9))
    return made


def _desk(root: Path) -> None:
    play(root, "init -q -b main; commit f.py 'a = 1'")


def test_a_risky_line_keeps_the_agent_from_stopping_once(desk: Desk) -> None:
    answer = desk.said(STOP)

    jsonschema.validate(answer, CODEX_STOP)
    intro, row = answer["reason"].split("\n")
    assert "data, not instructions" in intro
    assert json.loads(row) == {
        "path": "f.py",
        "line": 2,
        "level": "medium",
        "riskier_than_percent": 97,
        "risk": 0.9,
        "because": ["numbers"],
    }
    assert desk.said({**STOP, "stop_hook_active": True}) is None
    assert desk.said(STOP) is None  # told already


@pytest.mark.parametrize(
    ("percentile", "said"), [(0.0, 0), (98.99, 98), (99.87, 99.8), (100.0, 99.9), (None, 0)]
)
def test_no_line_is_riskier_than_all_lines(
    desk: Desk, percentile: float | None, said: float
) -> None:
    desk.report({**scored(2, 0.9), "percentile": percentile})

    row = json.loads(desk.said(STOP)["reason"].split("\n")[1])

    assert row["riskier_than_percent"] == said
    desk.report({**scored(3, 0.9, "y"), "recent": 12.5})
    assert '"riskier_than_percent": 12,' in desk.said(STOP)["reason"]


@pytest.mark.parametrize(
    ("event", "answer"),
    [
        ({"hook_event_name": "AfterAgent"}, {"decision": "deny"}),
        ({"hook_event_name": "stop", "loop_count": 0}, {}),
        ({"hook_event_name": "PostToolUse"}, {"hookEventName": "PostToolUse"}),
        ({"hook_event_name": "AfterTool"}, {"hookEventName": "AfterTool"}),
    ],
)
def test_every_event_is_answered_in_its_own_form(
    desk: Desk, event: dict[str, Any], answer: dict[str, str]
) -> None:
    said = desk.said(event)
    said = said.get("hookSpecificOutput", said)

    assert answer.items() <= said.items()
    (text,) = {said[k] for k in ("reason", "followup_message", "additionalContext") if k in said}
    assert '"line": 2' in text


def test_cursors_event_may_begin_with_a_byte_order_mark_and_ends_its_loop(desk: Desk) -> None:
    event = {"hook_event_name": "stop", "loop_count": 0, "workspace_roots": [str(desk.root)]}
    raw = b"\xef\xbb\xbf" + json.dumps(event).encode()

    assert b"followup_message" in desk.hook(None, raw=raw).stdout
    assert desk.said({**event, "loop_count": 1}) is None


def test_only_the_riskiest_are_told_and_the_rest_does_not_follow_bit_by_bit(desk: Desk) -> None:
    desk.report(*(scored(n, 0.5 + n / 100, text=str(n)) for n in range(1, 20)))

    rows = desk.said(STOP)["reason"].split("\n")[1:]

    assert [json.loads(row)["line"] for row in rows] == [19, 18, 17, 16, 15]
    assert desk.said(STOP) is None
    assert desk.said(STOP, "--min-risk", "0.99") is None


def test_outside_of_findings_nothing_is_told_unless_asked(desk: Desk) -> None:
    desk.report(scored(2, 0.2), {**scored(3, 0.9), "status": "skipped", "risk": None})

    assert desk.said(STOP) is None
    assert '"line": 2' in desk.said(STOP, "--min-risk", "0.1")["reason"]


def test_after_an_edit_only_the_edited_file_is_told(desk: Desk) -> None:
    event = {"hook_event_name": "PostToolUse", "cwd": str(desk.root)}

    assert desk.said({**event, "tool_input": {"file_path": str(desk.root / "g.py")}}) is None
    assert desk.said({**event, "tool_input": {"file_path": str(desk.root / "f.py")}})


def test_files_that_git_does_not_know_are_read_and_the_index_stays(
    desk: Desk, tmp_path: Path
) -> None:
    (desk.root / "new file.py").write_text(CODE)
    real(desk.bin)
    before = (desk.root / ".git/index").read_bytes()
    artifact = str(write_artifact(tmp_path / "artifact"))

    done = desk.hook(None, "--plain", "--min-risk", "0", "--artifact", artifact)

    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b'"line": ') == 2
    assert (desk.root / ".git/index").read_bytes() == before
    assert git(desk.root, "status", "--short") == '?? "new file.py"'


def test_before_the_first_commit_there_is_no_head_to_compare_with(desk: Desk) -> None:
    git(desk.root, "update-ref", "-d", "HEAD")
    program(desk.bin, 'echo "$@" >&2; exit 4')

    done = desk.hook(None, "--plain")

    assert (done.returncode, done.stdout) == (1, b"")
    assert b"`reviewbot check --format json --artifact quick` ended with 4" in done.stderr


def test_the_check_is_of_what_is_not_committed_with_the_flags_that_were_given(desk: Desk) -> None:
    desk.said(STOP, "--max-risk", "0.3")
    desk.said(STOP, "--artifact", "deep")
    desk.said(STOP, "--artifact=deep")

    head = ["check", "HEAD", "--format", "json"]
    assert [json.loads(line) for line in (desk.bin / "called").read_text().splitlines()] == [
        [*head, "--artifact", "quick", "--max-risk", "0.3"],
        [*head, "--artifact", "deep"],
        [*head, "--artifact=deep"],
    ]


STOPPED = json.dumps(STOP).encode()


@pytest.mark.parametrize(
    ("raw", "env", "args", "words"),
    [
        (b"", {}, [], b""),
        (b"[1]", {}, [], b""),
        (b'{"hook_event_name": ["Stop"]}', {}, [], b""),
        (b'{"hook_event_name": "PreToolUse"}', {}, [], b""),
        (b"[" * 100_000, {}, [], b""),
        (STOPPED, {"FAKE_EXIT": "4"}, [], b""),
        (STOPPED, {"FAKE_EXIT": "70"}, [], b""),
        (STOPPED, {"PATH": "/usr/bin:/bin"}, [], b""),
        (json.dumps({**STOP, "cwd": "/"}).encode(), {}, [], b"not inside a git repository"),
        (STOPPED, {"GIT_DIR": "/nowhere"}, [], b"not inside a git repository (`git status` says"),
        (STOPPED, {}, ["--min-risk"], b""),
        (STOPPED, {}, ["--min-risk", "high"], b""),
        (STOPPED, {"FAKE_REPORT": "fake.py"}, [], b"JSONDecodeError\n"),
        (STOPPED, {"FAKE_REPORT": "other.json"}, [], b"KeyError\n"),
    ],
)
def test_a_failure_is_said_to_the_person_and_never_stops_the_agent(
    desk: Desk, raw: bytes, env: dict[str, str], args: list[str], words: bytes
) -> None:
    (desk.bin / "other.json").write_text("{}")

    done = desk.hook(None, *args, raw=raw, **env)

    assert (done.returncode, done.stdout) == (1, b"")  # 2 would stop some agents
    assert done.stderr.startswith(b"reviewbot told the agent nothing: " + words)
    assert len(done.stderr.splitlines()) == 1


def test_every_configuration_names_the_script_and_an_event_that_it_knows() -> None:
    events = {"Stop", "PostToolUse", "AfterAgent", "stop"}
    found = set()
    for path in FOLDER.glob("*.json"):
        ((event, entries),) = json.loads(path.read_text())["hooks"].items()
        commands = [hook["command"] for entry in entries for hook in entry.get("hooks", [entry])]
        assert all("python3 -I " in command and "reread.py" in command for command in commands)
        found.add(event)

    assert found == events
