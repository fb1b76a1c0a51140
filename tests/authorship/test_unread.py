"""What could not be read is reported, and hostile names do no harm."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from reviewbot.cli import main
from tests.authorship.claims import BASE, KEY, in_scope, lines, trace
from tests.authorship.repos import Repo, authors, note_text, who


def break_ref(repo: Repo, how: str) -> None:
    ref = repo.root / ".git/refs/notes/ai"
    tree = repo.git("rev-parse", "refs/notes/ai^{tree}")
    blob = repo.git("ls-tree", "refs/notes/ai").split()[2]
    match how:
        case "garbage":
            ref.write_text("garbage\n")
        case "no such object":
            ref.write_text("1" * 40 + "\n")
        case "no tree":
            (repo.root / ".git/objects" / tree[:2] / tree[2:]).unlink()
        case "no blob":
            (repo.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
        case "a blob":
            repo.git("update-ref", "refs/notes/ai", blob)


@pytest.mark.parametrize("how", ["garbage", "no such object", "no tree", "no blob", "a blob"])
def test_notes_that_are_damaged_are_reported_and_put_the_lines_in_doubt(
    repo: Repo, how: str
) -> None:
    commit = repo.commit("x", {"b.py": "b\n"})
    repo.note(commit, note_text(f"b.py\n  {KEY} 1"))
    break_ref(repo, how)

    assert who(repo, "main..topic")["notes"] != []
    assert in_scope(repo, "b.py") == [True]


def test_more_refs_of_notes_than_are_read_are_reported(repo: Repo) -> None:
    commit = repo.commit("x", {"b.py": "b\n"})
    for n in range(9):
        repo.note(commit, note_text("c.py\n  h_31dce776f88375 1"), ref=f"refs/notes/ai-remote/a{n}")

    assert "more than 8 refs" in who(repo, "main..topic")["notes"][0]
    assert in_scope(repo, "b.py") == [True]


def test_more_trace_files_than_are_read_are_reported(repo: Repo) -> None:
    repo.write({f".agent-trace/a{n}.jsonl": "" for n in range(1_001)})
    repo.write({"a.py": BASE + "b\n"})

    assert "only 1000 of its files were read" in who(repo, "main")["notes"][0]
    assert in_scope(repo, "a.py", "main") == [True]


def test_records_behind_a_link_are_reported(repo: Repo, tmp_path: Path) -> None:
    (repo.root / ".agent-trace").symlink_to(tmp_path)
    repo.write({"a.py": BASE + "b\n"})

    assert "no regular file" in who(repo, "main")["notes"][0]
    assert in_scope(repo, "a.py", "main") == [True]


# Names


def test_a_ref_that_is_not_utf_8(repo: Repo) -> None:
    commit = repo.commit("x", {"b.py": "b\n"})
    name = b"refs/notes/ai-remote/\xff"
    (repo.root / ".git/packed-refs").write_bytes(
        b"# pack-refs with: peeled fully-peeled sorted \n" + commit.encode() + b" " + name + b"\n"
    )

    assert authors(repo)["b.py", 1]["kind"] == "unknown"


def test_a_path_that_is_a_pathspec_with_a_record_about_it(repo: Repo) -> None:
    name = ":(x)a.py"
    text = trace(lines(1, 1, "b"), path=name)
    repo.commit("x", {name: "b\n", ".agent-trace/traces.jsonl": text})

    assert authors(repo)[name, 1]["kind"] == "ai"


@pytest.mark.parametrize("name", ["::error::x", "##[error]x", " ::error::x"])
def test_a_path_is_no_workflow_command(repo: Repo, name: str) -> None:
    repo.commit("x", {name: "a = 1\n"})

    out = CliRunner().invoke(main, ["who", "--root", str(repo.root), "main..topic"]).stdout

    assert not any(line.lstrip().startswith("::") for line in out.splitlines())
    assert "##[" not in out


def test_rules_behind_a_link_are_refused(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "rules").write_text('[[rule]]\npaths = ["*"]\nauthor = "ai"\n')
    repo.git("checkout", "-q", "main")
    (repo.root / ".reviewbot-authors.toml").symlink_to(tmp_path / "rules")
    repo.commit("x", {})
    repo.git("checkout", "-q", "-B", "topic")
    repo.commit("x", {"b.py": "b\n"})

    for args in (["main..topic"], []):
        assert CliRunner().invoke(main, ["who", "--root", str(repo.root), *args]).exit_code == 2


def test_any_ci_but_githubs_own_word_leaves_nobody_trusted(repo: Repo) -> None:
    from reviewbot.app.attribute import is_trusted

    assert is_trusted(None, {})
    assert is_trusted(None, {"CI": "false"})
    assert not is_trusted(None, {"CI": "true"})
    assert not is_trusted(None, {"CI": "false", "GITLAB_CI": "true"})
