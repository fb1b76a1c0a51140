"""What takes long is shown by the editor, where it can."""

from tests.authorship.repos import Repo
from tests.lsp.conftest import SMALL, Start
from tests.lsp.test_server import OLD, RISKY, rows

PROGRESS = {"window": {"workDoneProgress": True}}
SLOW = (
    SMALL
    + """
import time
from reviewbot.lsp import progress
progress.DELAY = 0.2
quick = warm.load_model
warm.load_model = lambda *_: time.sleep(1.0) or quick()
"""
)


def test_a_long_reading_is_shown_by_the_editors_own_sign_of_progress(
    start: Start, repo: Repo
) -> None:
    editor = start(code=SLOW, capabilities=PROGRESS)
    uri = editor.open(repo.root / "a.py", OLD + RISKY)
    token = editor.asked("window/workDoneProgress/create")["token"]

    begun = editor.notified("$/progress")
    assert begun["token"] == token
    assert begun["value"] == {"kind": "begin", "title": "reviewbot", "message": "reading a.py"}
    assert editor.notified("$/progress") == {"token": token, "value": {"kind": "end"}}
    assert rows(editor.diagnostics(uri)) == [(3, 3, 2)]


def test_who_cannot_show_progress_is_not_asked_to(start: Start, repo: Repo) -> None:
    editor = start(code=SLOW)
    editor.diagnostics(editor.open(repo.root / "a.py", OLD + RISKY))

    assert [m["method"] for m in editor.told] == ["textDocument/publishDiagnostics"]


def test_an_editor_that_refuses_a_sign_of_progress_gets_its_diagnostics(
    start: Start, repo: Repo
) -> None:
    editor = start(code=SLOW, capabilities=PROGRESS)
    uri = editor.open(repo.root / "a.py", OLD + RISKY)
    editor.asked("window/workDoneProgress/create", refuse=True)

    assert rows(editor.diagnostics(uri)) == [(3, 3, 2)]
    assert not [m for m in editor.told if m["method"] == "$/progress"]
    assert editor.end() == 0
