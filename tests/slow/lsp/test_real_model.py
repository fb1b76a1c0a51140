"""The model that is in the package, on a real repository, as an editor sees it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.authorship.repos import Repo
from tests.lsp.client import rows
from tests.lsp.conftest import Start
from tests.server.running import short_directory

MODULE = Path(__file__).parents[3] / "examples/demo/billing/schedule.py"
WRONG = "        if items[i] / 0 > items[i - 1]: return eval(items[i:])\n"
pytestmark = pytest.mark.real_model
TOLD = {"REVIEWBOT_ARTIFACT": "quick", "REVIEWBOT_LINE_CACHE": "0"}
PLAIN = "from reviewbot.cli import main\n"


def test_a_risky_line_comes_moves_and_goes(start: Start, repo: Repo) -> None:
    editor = start("--max-risk", "0.005", code=PLAIN, env=TOLD)
    text = MODULE.read_text()
    repo.commit("module", {"m.py": text})
    uri = editor.open(repo.root / "m.py", text)
    assert editor.diagnostics(uri) == []

    lines = text.splitlines(keepends=True)
    editor.change(uri, "".join([*lines[:20], WRONG, *lines[20:]]), 2)
    (found,) = editor.diagnostics(uri, 2)
    assert rows([found]) == [(20, 20, 2)]
    assert ": riskier than " in found["message"]
    assert "; counts for the gate)" in found["message"]

    edited = "\n" + "".join([*lines[:20], WRONG, *lines[20:]])
    assert editor.edit(uri, edited, 3) == [(21, 21, 2)]
    assert editor.edit(uri, text, 4) == []
    assert editor.end() == 0


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="asks /proc what was loaded")
def test_where_a_server_runs_it_does_the_reading(
    start: Start, repo: Repo, variables: dict[str, str]
) -> None:
    with short_directory() as runtime:
        runtime.mkdir(mode=0o700)
        told = TOLD | {"XDG_RUNTIME_DIR": str(runtime)}
        command = [sys.executable, "-m", "reviewbot", "serve"]
        server = subprocess.Popen(command, env=variables | told, stderr=subprocess.PIPE, text=True)
        assert server.stderr is not None
        try:
            assert server.stderr.readline().startswith("ready: ")
            editor = start("--max-risk", "0.005", code=PLAIN, env=told)
            uri = editor.open(repo.root / "a.py", "one = 1\n" + WRONG)
            loaded = Path(f"/proc/{editor.process.pid}/maps")
            served = rows(editor.diagnostics(uri))
            assert "onnxruntime" not in loaded.read_text()
        finally:
            server.kill()
            server.wait()
            server.stderr.close()
        assert editor.edit(uri, "\none = 1\n" + WRONG, 2) == [(2, 2, 2)]

    assert served == [(1, 1, 2)]
    assert editor.messages("window/showMessage") == []
