"""The replay of a history with notes, on one whose figures can be counted by hand."""

import json
from pathlib import Path

import pytest

from research.authorship import main
from tests.authorship.repos import CLAUDE, SESSION, Repo, note_text, repo_at

KEY = "s_c9883b05a2487d::t_9f8e7d6c5b4a32"
HUMAN = "h_31dce776f88375"


@pytest.fixture
def noted(tmp_path: Path) -> Repo:
    """Four commits with notes.

    1  trailer; the note: 3 AI lines, 1 human line, 1 untracked
    2  no marker; 2 AI lines
    3  trailer of another tool; 1 AI line
    4  nothing at all; 2 human lines, one blank
    """
    repo = repo_at(tmp_path / "repo")

    def commit(message: str, path: str, text: str, entries: str) -> None:
        name = repo.commit(message, {path: text})
        records = {"sessions": {"s_c9883b05a2487d": SESSION}, "humans": {HUMAN: {"author": "J"}}}
        repo.note(name, note_text(f"{path}\n{entries}", **records))

    commit(f"x\n\n{CLAUDE}", "one.py", "a\nb\nc\nd\ne\n", f"  {KEY} 1-3\n  {HUMAN} 4")
    commit("x", "two.py", "a\nb\n", f"  {KEY} 1-2")
    commit("x\n\nCo-authored-by: Cursor <cursoragent@cursor.com>", "c.py", "a\n", f"  {KEY} 1")
    commit("x", "four.py", "a\n\nb\n", f"  {HUMAN} 1-3")
    repo.commit(f"without a note\n\n{CLAUDE}", {"five.py": "a\n"})
    return repo


def test_precision_and_recall_of_trailers_alone(
    noted: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(noted.root), "--json"]) == 0

    value = json.loads(capsys.readouterr().out)
    found = value["detectors"]["trailers"]
    assert value["commits"] == 4
    assert found["precision"] == 4 / 5
    assert found["recall"] == 4 / 6
    assert found["called_ai"] == {"ai": 4, "human": 1, "mixed": 0, "automation": 0, "unknown": 1}
    assert found["not_called_ai"]["human"] == 2
    assert found["commits"] == [2, 3]
    assert found["same_tool"] == [3, 4]
    low, high = found["recall_interval"]
    assert low <= 4 / 6 <= high
    assert value["detectors"]["identities"]["recall"] == 0
    assert value["detectors"]["identities"]["precision"] is None


def test_the_table_names_every_detector(noted: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(noted.root), "--most", "2"]) == 0

    text = capsys.readouterr().out
    assert text.startswith("2 commits with a note that add lines\n")
    rows = [line.split(" | ")[0].removeprefix("| ") for line in text.splitlines()[4:]]
    assert rows == [
        "identities",
        "trailers",
        "footers and links",
        "all of the commit",
        "Agent Trace",
    ]


def test_a_clone_without_notes_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repo = repo_at(tmp_path / "repo")

    assert main([str(repo.root)]) == 2
    assert "no commit with a note in refs/notes/ai" in capsys.readouterr().err
