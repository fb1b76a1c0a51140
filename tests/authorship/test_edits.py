"""The events that agents' hooks send, and the records that come of them; the docs' own snippets."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reviewbot.authorship.edits import edit_of, edited
from reviewbot.cli import main
from tests.authorship.repos import ROOT, Repo, kinds
from tests.cli.small import environ

BASE = "one = 1\ntwo = 2\nthree = 3\n"
DOC = (ROOT / "docs" / "authorship.md").read_text(encoding="utf-8")
SNIPPETS = [json.loads(text) for text in re.findall(r"^```json\n(.*?)^```$", DOC, re.M | re.S)]


def numbers(event: Any, content: str) -> list[int]:
    change = edited(edit_of(json.dumps(event).encode()), "a.py", content)
    return [line.number for line in change.files[0].added]


def edit(old: str, new: str, **more: Any) -> dict[str, Any]:
    return {"tool_input": {"file_path": "a.py", "old_string": old, "new_string": new, **more}}


@pytest.mark.parametrize(
    ("event", "content", "lines"),
    [
        (edit("two = 2", "TWO = 2\nmore = 3"), "one = 1\nTWO = 2\nmore = 3\n", [2, 3]),
        (edit("one\ntwo\nx", "one\nTWO\nx"), "one\nTWO\nx\n", [2]),  # the rest is context
        (edit("", "a\nb\n"), "a\nb\n", [1, 2]),
        (edit("x", "y", replace_all=True), "y\nz\ny\n", [1, 3]),
        (edit("x", "gone"), "a\n", []),
        (edit("a\nb", "a"), "a\n", []),  # only takes away
        ({"tool_input": {"file_path": "a.py", "content": "a\nb\n"}}, "a\nb\n", [1, 2]),
        ({"file_path": "a.py", "edits": [{"old_string": "", "new_string": "b"}]}, "a\nb", [2]),
        (
            {
                "tool_input": {
                    "file_path": "a.py",
                    "edits": [{"new_string": "a"}, {"new_string": "c"}],
                }
            },
            "a\nb\nc\n",
            [1, 3],
        ),
    ],
)
def test_an_edit_is_the_lines_it_wrote(event: Any, content: str, lines: list[int]) -> None:
    assert numbers(event, content) == lines


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"{}", b'{"file_path": 1}', b'{"file_path": "a"}', b"[" * 99_999,
     b'{"tool_input": {"file_path": "a", "edits": [1, {"new_string": 2}]}}'],
)  # fmt: skip
def test_an_event_that_tells_of_no_edit_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="it "):
        edit_of(raw)


def record(repo: Repo, event: Any) -> Result:
    args = ["who", "--root", str(repo.root), "--record", "ai", "--tool", "claude", "--edit", "-"]
    return CliRunner().invoke(main, args, input=json.dumps(event).encode())


def test_an_edit_is_recorded_before_anything_is_staged_and_a_persons_lines_beside_it_are_not(
    repo: Repo,
) -> None:
    repo.write({"a.py": BASE + "mine = 4\nits = 5\n"})
    event = edit("", "its = 5")
    event["tool_input"]["file_path"] = str(repo.root / "a.py")

    assert record(repo, event).exit_code == 0
    assert kinds(repo, "main")[:2] == ["unknown", "ai"]

    repo.commit("by a person", {".gitattributes": "x\n"})
    assert kinds(repo, "main..topic")[-2:] == ["unknown", "ai"]


def test_a_file_with_carriage_returns(repo: Repo) -> None:
    repo.write({"b.py": "a\r\nb\r\nc\r\n"})
    repo.git("add", "-N", "b.py")

    event = {"cwd": str(repo.root), "tool_input": {"file_path": "b.py", "new_string": "b\nc"}}
    assert record(repo, event).exit_code == 0
    assert kinds(repo, "main")[-3:] == ["unknown", "ai", "ai"]


@pytest.mark.parametrize("path", ["/etc/hostname", "../outside.py", "no-such.py", ".git/config"])
def test_a_file_outside_the_repository_is_not_recorded(repo: Repo, path: str) -> None:
    event = {"cwd": str(repo.root), "tool_input": {"file_path": path, "new_string": "x"}}

    result = record(repo, event)

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 2


def as_agent(repo: Repo, command: str, event: bytes) -> "subprocess.CompletedProcess[bytes]":
    """Run a hook's command as an agent does: by a shell, the event on stdin."""
    path = f"{Path(sys.executable).parent}:{environ()['PATH']}"
    return subprocess.run(
        ["sh", "-c", command],
        cwd=repo.root,
        env={**environ(), "PATH": path},
        input=event,
        capture_output=True,
        check=False,
    )


def commands(value: Any) -> list[str]:
    """Every "command" in a hook's configuration."""
    if isinstance(value, dict):
        found = [value["command"]] if isinstance(value.get("command"), str) else []
        return found + [c for part in value.values() for c in commands(part)]
    if isinstance(value, list):
        return [c for part in value for c in commands(part)]
    return []


def test_the_documentation_has_a_snippet_for_each_agent() -> None:
    found = [command for snippet in SNIPPETS for command in commands(snippet)]

    tools = [shlex.split(command)[shlex.split(command).index("--tool") + 1] for command in found]
    assert tools == ["claude", "cursor", "gemini"]


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda s: "-".join(s["hooks"]))
def test_the_documented_hooks_record_what_their_agents_send(repo: Repo, snippet: Any) -> None:
    (command,) = commands(snippet)
    repo.write({"a.py": BASE + "its = 5\n"})
    place = str(repo.root / "a.py")
    events: dict[str, Any] = {
        "PostToolUse": {"cwd": str(repo.root), "tool_name": "Edit", **edit("", "its = 5")},
        "afterFileEdit": {
            "file_path": place,
            "edits": [{"old_string": "", "new_string": "its = 5"}],
        },
        "AfterTool": {"cwd": str(repo.root), "tool_name": "replace", **edit("", "its = 5")},
    }
    (name,) = snippet["hooks"]

    done = as_agent(repo, command, json.dumps(events[name]).encode())

    assert done.returncode == 0

    assert done.stdout == b""
    assert kinds(repo, "main")[:1] == ["ai"]


def test_a_documented_hook_never_stops_its_agent(repo: Repo) -> None:
    for snippet in SNIPPETS:
        (command,) = commands(snippet)
        assert as_agent(repo, command, b"no event").returncode == 0


def test_the_documented_git_hooks_record_what_is_committed(repo: Repo) -> None:
    (script,) = re.findall(r"^```sh\n(#!/bin/sh\n.*?)^```$", DOC, re.M | re.S)
    hook = repo.root / ".git" / "hooks" / "pre-commit"
    hook.write_text(script)
    hook.chmod(0o755)
    path = f"{Path(sys.executable).parent}:{environ()['PATH']}"
    repo.write({"b.py": "b = 1\n"})
    repo.git("add", "b.py")

    repo.git("commit", "-qm", "x", PATH=path, AGENT="claude", PYTHONPATH=environ()["PYTHONPATH"])
    repo.commit("by hand", {"c.py": "c = 1\n"})

    assert kinds(repo)[-2:] == ["ai", "unknown"]
    assert ".agent-trace/traces.jsonl" in repo.git("show", "--name-only", "HEAD~1")
