"""Broken and hostile notes, traces and messages: no crash, bounded, reported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from reviewbot.git import blame, log, notes
from reviewbot.git.blame import parse_blame
from reviewbot.git.log import parse_log
from tests.authorship.repos import CLAUDE, Repo, authors, kinds, who
from tests.authorship.test_gitai import BOMBS
from tests.cpu import cpu_seconds


@pytest.mark.parametrize("name", ["binary", "too large", "nested"])
def test_an_invalid_note_is_reported_and_puts_its_lines_in_doubt(repo: Repo, name: str) -> None:
    commit = repo.commit(f"AI\n\n{CLAUDE}", {"b.py": "a\n"})
    other = repo.commit("x", {"c.py": "c\n"})
    repo.note(commit, BOMBS[name])
    repo.note(other, "x")
    start = cpu_seconds()

    found = who(repo, "main..topic")

    assert cpu_seconds() - start < 5
    assert [commit[:10] in note for note in found["notes"]] == [True, False]
    assert found["files"][0]["lines"][0]["author"]["kind"] == "ai"  # by its trailer
    (line,) = found["files"][1]["lines"]
    assert line["author"]["evidence"] == [f"the git-ai note of {other[:10]} cannot be read"]


def test_fifty_megabytes_of_traces_take_bounded_time_and_memory(repo: Repo) -> None:
    record = json.dumps({"files": [{"path": "x", "conversations": []}], "pad": "x" * 900}) + "\n"
    repo.write({"a.py": "one = 1\ntwo = 2\nthree = 3\nfour = 4\n"})
    repo.write({".agent-trace/traces.jsonl": record * (50_000_000 // len(record))})
    code = (
        "import pathlib, sys; from reviewbot.cli import main\n"
        "try: main(['who', '--root', sys.argv[1], '--format', 'json'])\n"
        "except SystemExit as exc:\n"
        "    status = pathlib.Path('/proc/self/status').read_text()\n"
        "    print(status.partition('VmHWM:')[2].split()[0], file=sys.stderr)\n"
        "    raise"
    )
    start = cpu_seconds()

    done = subprocess.run(
        [sys.executable, "-c", code, str(repo.root)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert cpu_seconds() - start < 10
    assert int(done.stderr) < 250_000  # kB
    found = json.loads(done.stdout)
    assert found["notes"][0] == (
        ".agent-trace/traces.jsonl: too large, only its newest part was read"
    )
    assert found["files"][0]["lines"][0]["author"]["evidence"] == [
        "some Agent Trace records could not be read"
    ]


def test_fifty_megabytes_of_traces_in_a_commit_are_reported(repo: Repo) -> None:
    record = json.dumps({"files": [], "pad": "x" * 90_000}) + "\n"
    traces = record * (50_000_000 // len(record))
    repo.commit("x", {"b.py": "b\n", ".agent-trace/traces.jsonl": traces})
    start = cpu_seconds()

    found = who(repo, "main..topic")

    assert cpu_seconds() - start < 15
    assert "too large, only its newest part was read" in found["notes"][0]


def test_the_newest_records_of_a_large_file_are_the_ones_that_are_read(repo: Repo) -> None:
    pad = json.dumps({"pad": "x" * 900}) + "\n"
    ours = {
        "vcs": {"revision": repo.git("rev-parse", "HEAD")},
        "files": [
            {"path": "a.py", "conversations": [{"ranges": [{"start_line": 4, "end_line": 4}]}]}
        ],
    }
    repo.write({".agent-trace/traces.jsonl": pad * 20_000 + json.dumps(ours) + "\n"})
    repo.write({"a.py": "one = 1\ntwo = 2\nthree = 3\nfour = 4\n"})

    assert kinds(repo, "main") == ["ai"]


def test_traces_that_are_links_or_pipes_are_not_opened(repo: Repo, tmp_path: Path) -> None:
    import os

    folder = repo.root / ".agent-trace"
    folder.mkdir()
    (tmp_path / "secret.jsonl").write_text("{}\n")
    (folder / "link.jsonl").symlink_to(tmp_path / "secret.jsonl")
    os.mkfifo(folder / "pipe.jsonl")
    repo.write({"a.py": "one = 1\ntwo = 2\nthree = 3\nfour = 4\n"})

    assert kinds(repo, "main") == ["unknown"]


def test_messages_that_are_not_utf_8_and_names_that_are_hostile(repo: Repo) -> None:
    message = b"x \xff\xfe \xe9\n\n" + CLAUDE.encode() + b"\n\x1b[2J\n"
    repo.commit(message, {"b.py": "a\n"}, author=("\x1b]0;x\x07 \u202e`|", "e@x"))

    (found,) = authors(repo).values()

    assert found["kind"] == "ai"


def test_what_blame_does_not_know_is_in_doubt_and_reported(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blame, "MAX_OUTPUT", 10)
    repo.commit(f"AI\n\n{CLAUDE}", {"b.py": "a\n"})
    repo.commit("another, or blame is not needed", {"b.py": "a\nb\n"})

    found = who(repo, "main..topic")

    assert "git blame of b.py failed" in found["notes"][0]
    assert found["files"][0]["lines"][0]["author"]["kind"] == "unknown"
    assert found["files"][0]["lines"][0]["author"]["evidence"] == found["notes"]


def test_messages_and_notes_over_the_bound_are_reported(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = repo.commit(f"AI\n\n{CLAUDE}", {"b.py": "a\n"})
    repo.note(commit, "x")
    monkeypatch.setattr(log, "MAX_OUTPUT", 10)
    monkeypatch.setattr(notes, "MAX_ALL", 0)

    found = who(repo, "main..topic")

    assert "commit messages were not read" in found["notes"][0]
    assert "too many bytes" in found["notes"][1]


def test_output_that_is_not_gits_is_refused_or_ignored() -> None:
    assert parse_blame(b"") == {}
    assert parse_blame(b"garbage\n\tx\n" + b"a" * 40 + b" 1 1 1\nboundary\n\tx\n") == {}
    assert parse_log(b"") == []
    with pytest.raises(ValueError, match="our format"):
        parse_log(b"a\0b")


def test_a_line_that_looks_like_blames_own_header_is_still_a_line(repo: Repo) -> None:
    fake = f"{'a' * 40} 1 1 1\nfilename x\nboundary\nauthor x\n"
    repo.commit(f"AI\n\n{CLAUDE}", {"b.py": fake})

    assert kinds(repo) == ["ai"] * 4
