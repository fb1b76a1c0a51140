"""Requests that are wrong, or come at the wrong time, and an editor that dies."""

import subprocess
import sys
from typing import Any

import pytest

from reviewbot.lsp.parent_watch import alive
from tests.authorship.repos import Repo
from tests.lsp.conftest import OLD, RISKY, SMALL, Start

INVALID_PARAMS, INVALID_REQUEST, NOT_FOUND, NOT_INITIALIZED = -32602, -32600, -32601, -32002
HOVER = {"textDocument": {"uri": "file:///a.py"}, "position": {"line": 0, "character": 0}}
IMPATIENT = SMALL + (
    "from reviewbot.lsp import parent_watch, server\n"
    "parent_watch.LOOK_SECONDS = server.LAST_SECONDS = 0.1\n"
)


@pytest.mark.parametrize(
    ("method", "more", "code"),
    [
        ("textDocument/hover", {"params": None}, INVALID_PARAMS),
        ("textDocument/hover", {}, INVALID_PARAMS),
        ("textDocument/hover", {"params": [1]}, INVALID_PARAMS),
        ("textDocument/hover", {"params": HOVER | {"position": {"line": "x"}}}, INVALID_PARAMS),
        ("workspace/executeCommand", {"params": {"command": 3}}, INVALID_PARAMS),
        ("no/such", {"params": {}}, NOT_FOUND),
        (7, {"params": {}}, INVALID_REQUEST),
        ("textDocument/hover", {"params": HOVER, "jsonrpc": "1.0"}, INVALID_REQUEST),
        ("textDocument/hover", {"params": HOVER, "id": None}, INVALID_REQUEST),
        ("initialize", {"params": {"capabilities": {}}}, INVALID_REQUEST),
    ],
)
def test_a_request_that_is_wrong_is_answered_with_an_error(
    start: Start, repo: Repo, method: object, more: dict[str, Any], code: int
) -> None:
    editor = start()

    answer = editor.answer({"id": "one", "method": method, **more})
    assert (answer["error"]["code"], answer["jsonrpc"], "result" in answer) == (code, "2.0", False)
    assert editor.show(repo.root / "a.py", OLD + RISKY) == [(3, 3, 2)]
    assert editor.end() == 0


def test_after_shutdown_every_request_is_refused_until_exit(start: Start) -> None:
    editor = start()
    editor.ask("shutdown")

    for number, params in enumerate((HOVER, None)):
        for method in ("textDocument/hover", "shutdown", "no/such"):
            answer = editor.answer({"id": f"{method}{number}", "method": method, "params": params})
            assert answer["error"]["code"] == INVALID_REQUEST
    editor.open("file:///a.py", RISKY)  # no request: dropped
    assert editor.silence(0.3) == []
    editor.say("exit", None)
    assert editor.process.wait(20) == 0


def test_before_initialize_a_request_is_refused(start: Start) -> None:
    editor = start(greets=False)

    answer = editor.answer({"id": 1, "method": "textDocument/hover", "params": HOVER})
    assert answer["error"]["code"] == NOT_INITIALIZED
    editor.say("exit", None)
    assert editor.process.wait(20) == 1


SLOW = "import time\nwarm.load_model = lambda *_: time.sleep(600)\n"


@pytest.mark.parametrize("when", ["idle", "reading", "after shutdown", "unreaped"])
def test_the_server_ends_when_the_editor_is_dead_and_its_pipe_is_open(
    start: Start, repo: Repo, when: str
) -> None:
    if when == "unreaped" and sys.platform != "linux":
        pytest.skip("other systems do not tell")
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as other:
        editor = start(code=IMPATIENT + SLOW, process_id=other.pid)
        if when == "reading":
            editor.open(repo.root / "a.py", OLD + RISKY)
        editor.silence(0.5)
        if when == "after shutdown":
            editor.ask("shutdown")
        other.kill()
        if when != "unreaped":
            other.wait()

        assert editor.process.wait(20) == (0 if when == "after shutdown" else 1)
    editor.kill()
    assert f"the editor (process {other.pid}) is dead" in editor.stderr


def test_an_editor_that_was_dead_before_it_said_hello_is_none(start: Start) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()

    assert start(code=IMPATIENT, process_id=dead.pid).process.wait(20) == 1


def test_a_process_that_nobody_may_signal_is_alive_and_a_number_out_of_range_is_not() -> None:
    assert alive(1)
    assert not alive(2**70)
