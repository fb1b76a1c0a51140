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

from tests.cli.small import environ
from tests.git.test_changes import _own_configuration, commit, git

__all__ = ["_own_configuration"]
FOLDER = Path(__file__).parents[2] / "examples" / "agent_hooks"
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
with open(os.path.join(where, "report.json")) as file:
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
            "policy": {"show_above": 0.5},
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


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder for `--cache-dir`: the packaged model is converted once for all tests here."""
    return str(tmp_path_factory.mktemp("cache"))


def real(folder: Path) -> None:
    """Make the `reviewbot` there the real one."""
    program = folder / "reviewbot"
    found = environ()["PYTHONPATH"]
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH="{found}" exec "{sys.executable}" -P -m reviewbot "$@"\n'
    )
    program.chmod(0o755)


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
        "risk": risk,
        "percentile": 97.9,
        "reasons": reasons,
    }


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    root, folder = tmp_path / "repo", tmp_path / "bin"
    root.mkdir()
    folder.mkdir()
    git(root, "init", "-q", "-b", "main")
    commit(root, "one", f_py="a = 1\n")
    (folder / "fake.py").write_text(FAKE)
    program = folder / "reviewbot"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "{folder}/fake.py" "$@"\n')
    program.chmod(0o755)
    made = Desk(root, folder)
    made.report(scored(2, 0.9))
    return made


def test_a_risky_line_keeps_the_agent_from_stopping_once(desk: Desk) -> None:
    answer = desk.said(STOP)

    jsonschema.validate(answer, CODEX_STOP)
    intro, row = answer["reason"].split("\n")
    assert "data, not instructions" in intro
    assert json.loads(row) == {
        "path": "f.py",
        "line": 2,
        "risk": 0.9,
        "riskier_than_percent": 97,
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


def test_below_the_threshold_of_a_finding_nothing_is_told_unless_asked(desk: Desk) -> None:
    desk.report(scored(2, 0.2), {**scored(3, 0.9), "status": "skipped", "risk": None})

    assert desk.said(STOP) is None
    assert '"line": 2' in desk.said(STOP, "--min-risk", "0.1")["reason"]


def test_after_an_edit_only_the_edited_file_is_told(desk: Desk) -> None:
    event = {"hook_event_name": "PostToolUse", "cwd": str(desk.root)}

    assert desk.said({**event, "tool_input": {"file_path": str(desk.root / "g.py")}}) is None
    assert desk.said({**event, "tool_input": {"file_path": str(desk.root / "f.py")}})


def test_files_that_git_does_not_know_are_read_and_the_index_stays(
    tmp_path: Path, cache: str
) -> None:
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q")
    commit(root, "one", a_py="a = 1\n")
    (root / "new file.py").write_text(CODE)
    folder = tmp_path / "bin"
    folder.mkdir()
    real(folder)
    before = (root / ".git/index").read_bytes()

    done = Desk(root, folder).hook(
        None, "--plain", "--min-risk", "0", "--artifact", "tiny", "--cache-dir", cache
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b'"line": ') == 2
    assert (root / ".git/index").read_bytes() == before
    assert git(root, "status", "--short") == '?? "new file.py"'


def test_before_the_first_commit_there_is_no_head_to_compare_with(tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    git(fresh, "init", "-q")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "reviewbot").write_text('#!/bin/sh\necho "$@" >&2; exit 4\n')
    (tmp_path / "bin" / "reviewbot").chmod(0o755)

    done = Desk(fresh, tmp_path / "bin").hook(None, "--plain")

    assert (done.returncode, done.stdout) == (1, b"")
    assert b"`reviewbot check --format json --artifact tiny` ended with 4" in done.stderr


def test_the_check_is_of_what_is_not_committed_with_the_flags_that_were_given(desk: Desk) -> None:
    desk.said(STOP, "--max-risk", "0.3")
    desk.said(STOP, "--artifact", "base")
    desk.said(STOP, "--artifact=base")

    head = ["check", "HEAD", "--format", "json"]
    assert [json.loads(line) for line in (desk.bin / "called").read_text().splitlines()] == [
        [*head, "--artifact", "tiny", "--max-risk", "0.3"],
        [*head, "--artifact", "base"],
        [*head, "--artifact=base"],
    ]


@pytest.mark.parametrize(
    ("raw", "env", "args"),
    [
        (b"", {}, []),
        (b"[1]", {}, []),
        (b'{"hook_event_name": ["Stop"]}', {}, []),
        (b'{"hook_event_name": "PreToolUse"}', {}, []),
        (b"[" * 100_000, {}, []),
        (json.dumps(STOP).encode(), {"FAKE_EXIT": "4"}, []),
        (json.dumps(STOP).encode(), {"FAKE_EXIT": "70"}, []),
        (json.dumps(STOP).encode(), {"PATH": "/usr/bin:/bin"}, []),
        (json.dumps(STOP).encode(), {"GIT_DIR": "/nowhere"}, []),
        (json.dumps(STOP).encode(), {}, ["--min-risk"]),
        (json.dumps(STOP).encode(), {}, ["--min-risk", "high"]),
    ],
)
def test_a_failure_is_said_to_the_person_and_never_stops_the_agent(
    desk: Desk, raw: bytes, env: dict[str, str], args: list[str]
) -> None:
    done = desk.hook(None, *args, raw=raw, **env)

    assert (done.returncode, done.stdout) == (1, b"")  # 2 would stop some agents
    assert done.stderr.startswith(b"reviewbot told the agent nothing: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_report_of_another_form_is_a_failure(desk: Desk) -> None:
    (desk.bin / "report.json").write_text("{}")

    done = desk.hook(STOP)

    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"reviewbot told the agent nothing: KeyError\n"


def test_every_configuration_names_the_script_and_an_event_that_it_knows() -> None:
    events = {"Stop", "PostToolUse", "AfterAgent", "stop"}
    found = set()
    for path in FOLDER.glob("*.json"):
        ((event, entries),) = json.loads(path.read_text())["hooks"].items()
        commands = [hook["command"] for entry in entries for hook in entry.get("hooks", [entry])]
        assert all("python3 -I " in command and "reread.py" in command for command in commands)
        found.add(event)

    assert found == events


def test_outside_a_checkout_it_says_so(desk: Desk, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()

    done = desk.hook({**STOP, "cwd": str(outside)}, GIT_CEILING_DIRECTORIES=str(tmp_path))

    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr == (
        b"reviewbot told the agent nothing: not inside a git repository (`git status` says more)\n"
    )
