"""What takes long is shown by the editor, where it can."""

import pytest

from tests.authorship.repos import Repo
from tests.lsp.client import rows
from tests.lsp.conftest import OLD, RISKY, SMALL, Start

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


@pytest.mark.parametrize("refuse", [False, True])
def test_a_long_reading_is_shown_by_the_editors_own_sign_of_progress_unless_it_refuses(
    start: Start, repo: Repo, refuse: bool
) -> None:
    editor = start(code=SLOW, capabilities=PROGRESS)
    uri = editor.open(repo.root / "a.py", OLD + RISKY)
    token = editor.asked("window/workDoneProgress/create", refuse=refuse)["token"]

    begin = {"kind": "begin", "title": "reviewbot", "message": "reading a.py"}
    assert rows(editor.diagnostics(uri)) == [(3, 3, 2)]
    assert editor.end() == 0
    signs = [m["params"] for m in editor.told if m["method"] == "$/progress"]
    assert all(sign["token"] == token for sign in signs)
    assert [sign["value"] for sign in signs] == ([] if refuse else [begin, {"kind": "end"}])


def test_who_cannot_show_progress_is_not_asked_to(start: Start, repo: Repo) -> None:
    editor = start(code=SLOW)
    assert editor.show(repo.root / "a.py", OLD + RISKY) == [(3, 3, 2)]

    assert [m["method"] for m in editor.told] == ["textDocument/publishDiagnostics"]
