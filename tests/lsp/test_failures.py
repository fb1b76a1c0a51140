"""What an editor is told where a document could not be read, and when it is tried again."""

from tests.authorship.repos import Repo
from tests.lsp.conftest import OLD, RISKY, SHORT, SMALL, Start

FAILS_ONCE = """
import time
tries = []
def load(*_):
    tries.append(1)
    if len(tries) == 1:
        raise OSError(28, 'full')
    time.sleep(2)
    return ByteEncoder()
warm.load_model = load
"""


def test_a_failure_is_told_once_and_tried_again_when_the_document_is_saved(
    start: Start, repo: Repo
) -> None:
    editor = start(env={"REVIEWBOT_ARTIFACT": str(repo.root / "none")})
    uri = editor.open(repo.root / "a.py", OLD + RISKY)
    (found,) = editor.diagnostics(uri)
    editor.change(uri, OLD + RISKY + SHORT, 2)
    assert editor.silence(1.2) == []
    editor.save(uri)
    assert editor.diagnostics(uri, 2) == [found]
    other = editor.open(repo.root / "b.py", RISKY)
    assert [d["message"] for d in editor.diagnostics(other)] == [found["message"]]

    assert (found["severity"], found["code"]) == (3, "not-read")
    assert "none" in found["message"]
    (shown,) = editor.messages("window/showMessage")
    assert shown.startswith("reviewbot: error: ")
    assert "\n  fix: " in shown
    assert len(editor.messages("window/logMessage")) == 3


def test_what_is_typed_while_a_failure_is_tried_again_is_read(start: Start, repo: Repo) -> None:
    editor = start(code=SMALL + FAILS_ONCE)
    uri = editor.open(repo.root / "a.py", OLD + RISKY)
    (found,) = editor.diagnostics(uri)
    assert found["code"] == "not-read"

    editor.save(uri)
    editor.silence(0.5)  # it is being read

    assert editor.edit(uri, SHORT + OLD + RISKY, 2) == [(4, 4, 2)]


def test_a_bug_of_ours_is_no_clean_document_and_no_end(start: Start, repo: Repo) -> None:
    editor = start(code=SMALL + "warm.load_model = lambda *_: [][0]\n")
    uri = editor.open(repo.root / "a.py", OLD + RISKY)
    (found,) = editor.diagnostics(uri)
    assert "IndexError: list index out of range" in found["message"]

    editor.change(uri, OLD, 2)
    editor.save(uri)
    assert editor.diagnostics(uri, 2) == []
    assert editor.end() == 0
