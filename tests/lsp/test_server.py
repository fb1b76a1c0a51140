"""`reviewbot lsp` as a process of its own, and an editor that talks to it."""

import time
from pathlib import Path

import pytest

from tests.authorship.repos import Repo
from tests.cli.small import write_artifact
from tests.lsp.client import Row, rows
from tests.lsp.conftest import NOTED, OLD, RISKY, SHORT, SMALL, Start

SLOW = """
import time
class Slow(ByteEncoder):
    def states(self, ids, first=0):
        time.sleep(2)
        return super().states(ids, first)
warm.load_model = lambda *_: Slow()
"""


def test_an_unsaved_risky_line_is_a_warning_with_its_reasons(start: Start, repo: Repo) -> None:
    editor = start()
    (found,) = editor.diagnostics(editor.open(repo.root / "a.py", OLD + RISKY))

    assert found["range"]["start"] == {"line": 3, "character": 0}
    assert found["range"]["end"] == {"line": 3, "character": len(RISKY) - 1}
    assert (found["severity"], found["code"], found["source"]) == (2, "risky-line", "reviewbot")
    assert found["message"].startswith("critical: riskier than 99.8 %")
    assert "riskier than" in found["message"]
    assert "\nbecause: a long line (+" in found["message"]
    assert (repo.root / "a.py").read_text() == OLD


def test_what_the_model_expected_is_marked_at_its_columns_as_the_editor_counts(
    start: Start, repo: Repo, tmp_path: Path
) -> None:
    artifact = write_artifact(tmp_path / "other", margin=3.0)
    code = SMALL.replace("ByteEncoder()", "ByteEncoder(head=True)")
    editor = start(code=code, env={"REVIEWBOT_ARTIFACT": str(artifact)})

    line = "a_long_name = 'p\U0001f469' + another\n"  # two units of UTF-16
    (found,) = editor.diagnostics(editor.open(repo.root / "a.py", OLD + SHORT + line))

    column = line.index("+") + 1
    assert found["range"]["start"] == {"line": 4, "character": column}
    assert found["range"]["end"] == {"line": 4, "character": column + 1}
    assert found["message"].startswith(
        "`+`: the model expected `*` (0.8 against 0.002)\ncritical: riskier"
    )


@pytest.mark.parametrize(
    ("committed", "texts"),
    [
        (OLD, [(OLD + NOTED, [(3, 3, 3)])]),
        (OLD, [(OLD + RISKY, [(3, 3, 2)]), (SHORT + OLD + RISKY, [(4, 4, 2)]), (OLD, [])]),
        (RISKY, [(RISKY, []), (RISKY.replace("one", "two") + SHORT * 9 + RISKY, [(0, 0, 2)])]),
    ],
    ids=["below the limit", "moved and reverted", "a committed line"],
)
def test_each_version_of_a_document_has_the_findings_of_its_uncommitted_lines(
    start: Start, repo: Repo, committed: str, texts: list[tuple[str, list[Row]]]
) -> None:
    repo.commit("text", {"a.py": committed})
    editor = start()
    uri = editor.open(repo.root / "a.py", committed)
    assert editor.diagnostics(uri) == []

    assert [editor.edit(uri, text, n) for n, (text, _) in enumerate(texts, 2)] == [
        found for _, found in texts
    ]


def test_only_the_last_of_many_edits_is_read(start: Start, repo: Repo) -> None:
    editor = start()
    uri = editor.open(repo.root / "a.py", OLD)
    assert editor.diagnostics(uri) == []
    for version in range(2, 30):
        editor.change(uri, OLD + SHORT * version + RISKY, version)

    assert rows(editor.diagnostics(uri)) == [(32, 32, 2)]
    assert editor.silence(1.5) == []


def test_saving_reads_at_once(start: Start, repo: Repo) -> None:
    editor = start(code=SMALL + "from reviewbot.lsp import server\nserver.PAUSE = 3600\n")
    uri = editor.open(repo.root / "a.py", OLD)
    assert editor.diagnostics(uri) == []
    editor.change(uri, OLD + RISKY, 2)
    editor.save(uri)

    assert rows(editor.diagnostics(uri)) == [(3, 3, 2)]


def test_closing_clears_a_document_and_what_is_being_read_of_it_is_dropped(
    start: Start, repo: Repo
) -> None:
    editor = start(code=SMALL + SLOW)
    uri = editor.open(repo.root / "a.py", OLD + RISKY)
    editor.close(uri)

    assert editor.diagnostics(uri) == []
    assert editor.silence(3) == []


def test_two_documents_are_told_apart(start: Start, repo: Repo) -> None:
    editor = start()
    one = editor.open(repo.root / "a.py", OLD + RISKY)
    two = editor.open(repo.root / "new.py", RISKY + SHORT)

    assert rows(editor.diagnostics(one)) == [(3, 3, 2)]
    assert rows(editor.diagnostics(two)) == [(0, 0, 2)]
    editor.close(one)
    assert editor.diagnostics(one) == []
    assert editor.hover(one, 3) is None
    assert editor.hover(two, 0) is not None


MARKDOWN = {"textDocument": {"hover": {"contentFormat": ["markdown", "plaintext"]}}}


@pytest.mark.parametrize(
    ("capabilities", "reason"),
    [(MARKDOWN, "\n- because: `a long line` (+"), ({}, "\nbecause: a long line (+")],
)
def test_a_hover_gives_the_reasons_in_markdown_where_the_editor_shows_it(
    start: Start, repo: Repo, capabilities: dict[str, object], reason: str
) -> None:
    editor = start(capabilities=capabilities)
    uri = editor.open(repo.root / "a.py", OLD + RISKY)
    editor.diagnostics(uri)

    assert reason in (editor.hover(uri, 3) or "")
    assert editor.hover(uri, 2) is None


def test_a_commit_elsewhere_clears_an_untouched_document(start: Start, repo: Repo) -> None:
    editor = start()
    uri = editor.open(repo.root / "a.py", OLD + RISKY)
    assert rows(editor.diagnostics(uri)) == [(3, 3, 2)]

    repo.commit("risky", {"a.py": OLD + RISKY})

    assert editor.diagnostics(uri) == []


def test_what_is_outside_git_ignored_or_no_code_is_silent_but_for_one_message(
    start: Start, repo: Repo, tmp_path: Path
) -> None:
    repo.commit("ignore", {".gitignore": "out/\n"})
    editor = start()
    places = [repo.root / "out/x.py", tmp_path / "free.py", repo.root / "notes.md"]
    for place in places:
        uri = editor.open(place, RISKY)
        assert editor.diagnostics(uri) == []
        assert [editor.edit(uri, RISKY * version, version) for version in (2, 3)] == [[], []]
    editor.open("untitled:Untitled-1", RISKY)
    editor.silence(0.5)

    said = editor.messages("window/logMessage")
    assert [words.rpartition(": ")[2] for words in said] == [
        "git ignores it",
        "it is in no git checkout",
        "not code",
        "it is not a file",
    ]
    assert editor.messages("window/showMessage") == []


def test_what_should_have_been_read_and_was_not_is_said_on_the_first_line(
    start: Start, repo: Repo
) -> None:
    editor = start("--max-file-bytes", "100")
    large = editor.open(repo.root / "a.py", OLD + RISKY * 9)
    (found,) = editor.diagnostics(large)
    hidden = editor.open(repo.root / "b.py", OLD + "\0\n")
    (other,) = editor.diagnostics(hidden)

    assert (found["severity"], found["code"]) == (3, "not-read")
    assert found["range"]["start"]["line"] == 0
    assert found["message"] == "not read in full: 9 changed lines, too large"
    assert other["message"] == "not read in full: code that git calls binary"


def test_settings_are_those_of_the_working_tree_and_flags_win(start: Start, repo: Repo) -> None:
    repo.write({".reviewbot.toml": 'fail-on = "high"\n'})
    uri = (repo.root / "a.py").as_uri()
    strict, lenient = start(), start("--fail-on", "never")
    for editor in (strict, lenient):
        editor.open(uri, OLD + NOTED)

    assert rows(strict.diagnostics(uri)) == [(3, 3, 2)]
    assert rows(lenient.diagnostics(uri)) == [(3, 3, 3)]
    repo.write({".reviewbot.toml": "max-risk = 0.7\nnonsense = 1\n"})
    (found,) = strict.diagnostics(uri)
    assert "nonsense" in found["message"]


def test_nothing_else_gets_into_the_protocol(start: Start, repo: Repo) -> None:
    loud = SMALL + (
        "import os\n"
        "class Loud(ByteEncoder):\n"
        "    def states(self, ids, first=0):\n"
        "        print('a print', flush=True)\n"
        "        os.system('echo a child')\n"
        "        os.write(1, b'a library\\n')\n"
        "        return super().states(ids, first)\n"
        "warm.load_model = lambda *_: Loud()\n"
    )
    editor = start(code=loud)
    uri = editor.open(repo.root / "a.py", OLD + RISKY)

    assert rows(editor.diagnostics(uri)) == [(3, 3, 2)]
    assert editor.end() == 0
    for words in ("a print", "a child", "a library"):
        assert words in editor.stderr


def test_the_process_ends_with_the_editor(start: Start, repo: Repo) -> None:
    polite, rude, dead = start(), start(), start()
    for editor in (polite, rude, dead):
        editor.open(repo.root / "a.py", OLD + RISKY)

    assert polite.end() == 0
    rude.say("exit", None)
    assert rude.process.wait(20) == 1
    assert dead.process.stdin is not None
    dead.process.stdin.close()
    assert dead.process.wait(20) == 1


def test_an_editor_is_answered_while_a_document_is_read(start: Start, repo: Repo) -> None:
    editor = start(code=SMALL + SLOW.replace("2", "5"))
    uri = editor.open(repo.root / "a.py", OLD + RISKY)
    begun = time.monotonic()
    assert editor.hover(uri, 3) is None

    assert time.monotonic() - begun < 4
    assert rows(editor.diagnostics(uri)) == [(3, 3, 2)]
