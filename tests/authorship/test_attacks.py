"""Attacks that try to take an agent's line out of scope. "In scope" is what `--scope ai` reads.

Each was found by attacking an earlier version.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.authorship.claims import AI, KEY, in_scope, lines, trace
from tests.authorship.repos import CLAUDE, Repo, authors, note_text, who

# Evidence that is there, and could be lost


def test_an_orphan_commit_of_the_change_is_no_border(repo: Repo) -> None:
    repo.git("checkout", "-q", "--orphan", "side")
    repo.git("rm", "-qrf", ".")
    repo.commit(AI, {"o.py": "a = 1\n"})
    repo.git("checkout", "-q", "topic")
    repo.git("merge", "-q", "--allow-unrelated-histories", "-m", "m", "side")

    assert authors(repo)["o.py", 1]["kind"] == "ai"


def test_lines_older_than_a_shallow_clone_are_in_doubt(repo: Repo, tmp_path: Path) -> None:
    repo.git("checkout", "-q", "-b", "side")
    text = ""
    for n in range(5):
        text += f"line {n}\n"
        repo.commit("x", {"s.py": text})
    repo.git("checkout", "-q", "topic")
    repo.commit("x", {"b.py": "b\n"})
    repo.commit("y", {"c.py": "c\n"})
    repo.git("merge", "-q", "--no-ff", "-m", "m", "side")
    repo.git("clone", "-q", "--depth", "3", f"file://{repo.root}", str(tmp_path / "shallow"))
    shallow = Repo(tmp_path / "shallow")

    found = who(shallow, "HEAD~1..HEAD")

    assert any("the clone is shallow" in note for note in found["notes"])
    assert in_scope(shallow, "s.py", "HEAD~1..HEAD")[0]


@pytest.mark.parametrize(
    "text",
    [
        '{"version":"0.1.0","files":[{"path":"b.py","conv',
        trace(lines(1, 1)).replace('"path"', '"pad": "' + "x" * 1_000_000 + '", "path"'),
    ],
    ids=["cut", "huge"],
)
def test_a_damaged_record_puts_every_line_in_doubt(repo: Repo, text: str) -> None:
    repo.commit("x", {"b.py": "b\n", ".agent-trace/traces.jsonl": text + "\n"})

    assert in_scope(repo, "b.py") == [True]


def test_a_pretty_record_that_a_change_edits_is_read_whole(repo: Repo) -> None:
    digest = lines(1, 1, "b")
    repo.git("checkout", "-q", "main")
    repo.commit("x", {".agent-trace/t.json": json.dumps(json.loads(trace(path="z")), indent=1)})
    repo.git("checkout", "-q", "-B", "topic")
    pretty = json.dumps(json.loads(trace(digest)), indent=1)
    repo.commit("x", {"b.py": "b\n", ".agent-trace/t.json": pretty})

    assert authors(repo)["b.py", 1]["kind"] == "ai"
    assert who(repo, "main..topic")["notes"] == []


def test_more_claims_than_are_read_put_every_line_in_doubt(repo: Repo) -> None:
    many = trace(*[lines(n, n) for n in range(1, 20_001)], path="zz", kind="human") * 6
    repo.commit("x", {"b.py": "b\n", ".agent-trace/traces.jsonl": many + trace(lines(1, 1, "b"))})

    assert in_scope(repo, "b.py") == [True]


@pytest.mark.parametrize(
    "extra",
    [{".gitattributes": ".agent-trace/* -diff\n"}, {".agent-trace/traces.jsonl": "\0\n"}],
    ids=["attribute", "nul"],
)
def test_records_that_git_calls_binary_are_read_all_the_same(
    repo: Repo, extra: dict[str, str]
) -> None:
    name = ".agent-trace/traces.jsonl"
    repo.commit("x", {"b.py": "b\n", **extra, name: trace(lines(1, 1, "b")) + extra.get(name, "")})

    assert in_scope(repo, "b.py") == [True]
    assert authors(repo)["b.py", 1]["kind"] == "ai"


def test_a_note_that_covers_its_own_ai_lines_with_a_human_keeps_them_in_scope(repo: Repo) -> None:
    commit = repo.commit("x", {"b.py": "a\nb\n"})
    repo.note(commit, note_text(f"b.py\n  {KEY} 1-2\n  h_31dce776f88375 1"))

    assert authors(repo)["b.py", 1]["kind"] == "human"
    assert in_scope(repo, "b.py") == [True, True]


@pytest.mark.parametrize("hashed", [None, "b"])
def test_a_record_that_covers_another_with_a_human_keeps_the_line_in_scope(
    repo: Repo, hashed: str | None
) -> None:
    head: dict[str, Any] = {"vcs": {"revision": repo.git("rev-parse", "HEAD")}}
    text = trace(lines(1, 1, hashed), **head) + trace(lines(1, 1, hashed), kind="human", **head)
    repo.commit("x", {"b.py": "b\n", ".agent-trace/traces.jsonl": text})

    assert authors(repo)["b.py", 1]["kind"] == "human"
    assert in_scope(repo, "b.py") == [True]


def test_our_note_does_not_silence_that_of_a_fork(repo: Repo) -> None:
    commit = repo.commit("x", {"b.py": "b\n"})
    repo.note(commit, note_text("b.py\n  h_31dce776f88375 1"))
    repo.note(commit, note_text(f"b.py\n  {KEY} 1"), ref="refs/notes/ai-remote/fork")

    assert authors(repo)["b.py", 1]["kind"] == "human"
    assert in_scope(repo, "b.py") == [True]


def test_a_replaced_commit_is_read_as_it_is(repo: Repo) -> None:
    commit = repo.commit(AI, {"b.py": "b\n"})
    other = repo.git("commit-tree", "-p", "main", f"{commit}^{{tree}}", "-m", "human")
    repo.git("replace", commit, other)

    assert authors(repo)["b.py", 1]["kind"] == "ai"


def test_an_agent_that_copies_or_re_indents_anothers_lines_has_them_read(repo: Repo) -> None:
    body = "".join(f"value_{n} = compute({n}, first, second)\n" for n in range(12))
    repo.commit("mine", {"b.py": body + "for x in y:\n        done = 1\n"})
    repo.commit(AI, {"b.py": body + "for x in y:\n    done = 1\ndef copy():\n" + body})

    found = in_scope(repo, "b.py")

    assert found[:13] == [False] * 13
    assert all(found[13:])


def test_the_middle_of_a_very_long_message_that_is_not_read_is_reported(repo: Repo) -> None:
    pad = "padding " * 10_000
    repo.commit(f"x\n\n{pad}\n\n{CLAUDE}\n\n{pad}", {"b.py": "b\n"})

    assert "too long" in who(repo, "main..topic")["notes"][0]
    assert in_scope(repo, "b.py") == [True]


# Accusing nobody


def test_a_submodule_has_no_authors_to_ask_for(repo: Repo) -> None:
    head = repo.git("rev-parse", "HEAD")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{head},sub")
    repo.git("commit", "-qm", "sub")

    assert who(repo, "main..topic")["notes"] == []
