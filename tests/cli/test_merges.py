"""A merge that is not finished, and a criss-cross merge: whose lines are read."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from reviewbot.diff.skip_rules import SkipReason
from reviewbot.errors import EXIT_ENVIRONMENT, EXIT_INCOMPLETE
from tests.authorship.repos import Repo, who
from tests.cli.explained import explain
from tests.cli.test_check import as_json, check, first_commit, git, repo
from tests.git.test_changes import copy_of

__all__ = ["repo"]  # the fixture
MERGED = str(SkipReason.MERGED)
THEIRS = "".join(f"value_{number} = {number}\n" for number in range(120))


@pytest.fixture
def merging(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory: topic, into which main is merged. The conflict is resolved in a.py."""
    monkeypatch.chdir(copy_of(_merging, tmp_path / "merging"))
    return tmp_path / "merging"


def _merging(repo: Path) -> None:
    first_commit(repo)
    (repo / "moved.py").write_text(THEIRS)
    (repo / "still.py").write_text("still = 1\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-m", "base")
    git(repo, "checkout", "-b", "topic")
    git(repo, "mv", "moved.py", "new.py")
    write(repo, "ours", {"a.py": "x = 2\n"})
    git(repo, "checkout", "main")
    (repo / "data.py").write_bytes(b"x\0\n")
    write(repo, "theirs", {"a.py": "x = 3\n", "big.py": THEIRS, "moved.py": THEIRS + "w = 1\n"})
    git(repo, "checkout", "topic")
    unfinished(repo, "merge", "main")
    (repo / "a.py").write_text("x = 2\nx = 3\nx = 4\n")
    git(repo, "add", "-A")


def write(repo: Path, subject: str, files: dict[str, str]) -> None:
    for name, text in files.items():
        (repo / name).write_text(text)
    git(repo, "add", "-A")
    git(repo, "commit", "-m", subject)


def unfinished(repo: Path, *args: str) -> None:
    """Run git where it ends with a conflict."""
    names = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", *names, *args], cwd=repo, check=False, capture_output=True)


def read(*args: str) -> tuple[dict[str, list[str]], Any]:
    """Return the texts of the lines that were scored, by path, and the whole report."""
    found = as_json(check("--format", "json", *args))
    scored = {
        file["path"]: [line["text"] for line in file["lines"] if line["status"] == "scored"]
        for file in found["files"]
    }
    return {path: lines for path, lines in scored.items() if lines}, found


@pytest.mark.parametrize(
    ("args", "own", "added"),
    [
        (("--staged",), {"a.py": ["x = 4"]}, 123),
        (("HEAD",), {"a.py": ["x = 4"]}, 123),
        # Against main's older commit git takes big.py for the moved file; new.py is HEAD's.
        ((), {"a.py": ["x = 2", "x = 4"], "new.py": THEIRS.splitlines()}, 124),
    ],
)
def test_of_an_unfinished_merge_with_main_only_lines_that_main_does_not_bring_are_read(
    merging: Path, args: tuple[str, ...], own: dict[str, list[str]], added: int
) -> None:
    lines, found = read(*args)

    assert lines == own
    assert found["ledger"]["added"] == added  # as git counts
    assert found["ledger"]["by_reason"] == {MERGED: added - sum(map(len, own.values()))}
    assert found["verdict"]["exit_code"] == 0  # the file that git calls binary is theirs, too
    (note,) = found["notes"]
    theirs = Repo(merging).git("rev-parse", "main")
    assert note == f"unfinished merge: lines that are already in {theirs[:10]} are skipped"


def test_a_file_that_is_hidden_in_a_merge_and_is_nobodys_is_unread(merging: Path) -> None:
    (merging / "data.py").write_bytes(b"x\0y\n")
    git(merging, "add", "-A")

    assert check("--staged").exit_code == EXIT_INCOMPLETE


def test_the_authors_of_a_merge_are_those_of_its_own_lines(merging: Path) -> None:
    found = who(Repo(merging), "--staged")

    assert [(file["path"], len(file["lines"])) for file in found["files"]] == [("a.py", 1)]
    assert "unfinished merge: lines" in found["notes"][0]


def test_a_staged_merge_without_lines_of_its_own_is_no_reviewed_pass(merging: Path) -> None:
    (merging / "a.py").write_text("x = 2\nx = 3\n")
    git(merging, "add", "-A")
    theirs = Repo(merging).git("rev-parse", "main")
    said = f"nothing to check: every added line is already in {theirs[:10]}"

    result = check("--staged")

    assert result.exit_code == 0
    assert f"EMPTY (exit 0): {said}" in result.stdout
    assert "PASS" not in result.stdout
    assert said in who(Repo(merging), "--staged")["notes"]
    assert read("--staged")[1]["verdict"]["reasons"] == [said]


@pytest.mark.parametrize(
    ("place", "args", "status"),
    [
        ("still.py:1", (), "scored"),  # not in the merge
        ("still.py:1", ("HEAD",), "scored"),
        ("new.py:5", ("HEAD",), "scored"),  # in a file to which the merge brings another line
        ("a.py:3", (), "scored"),
        ("a.py:2", (), "skipped"),
        ("big.py:1", ("HEAD",), "skipped"),
    ],
)
def test_a_line_that_the_merge_does_not_bring_is_explained(
    merging: Path, place: str, args: tuple[str, ...], status: str
) -> None:
    assert explain(place, *args)["line"]["status"] == status


def test_an_octopus_leaves_out_the_lines_of_every_parent(repo: Path) -> None:
    for name in ("one", "two"):
        git(repo, "checkout", "-b", name, "main")
        write(repo, name, {f"{name}.py": THEIRS})
    git(repo, "checkout", "main")
    git(repo, "merge", "--no-commit", "--no-ff", "one", "two")
    (repo / "one.py").write_text(THEIRS + "mine = 1\n")

    assert read("HEAD")[0] == {"one.py": ["mine = 1"]}


@pytest.mark.parametrize(
    "command",
    [("cherry-pick", "-n", "main"), ("cherry-pick", "main"), ("merge", "--squash", "main")],
)
def test_what_becomes_a_commit_with_one_parent_is_read_as_a_whole(
    merging: Path, command: tuple[str, ...]
) -> None:
    git(merging, "status")  # a copied index holds the stamps of the files that were copied
    git(merging, "merge", "--abort")
    unfinished(merging, *command)
    (merging / "a.py").write_text("x = 4\n")
    git(merging, "add", "-A")
    (merging / "data.py").unlink()

    lines, found = read("HEAD")

    assert {path: len(texts) for path, texts in lines.items()} == {
        "a.py": 1,
        "big.py": 120,
        "new.py": 1,
    }
    assert found["notes"] == []


def test_a_merge_whose_other_parent_cannot_be_found_is_an_error(merging: Path) -> None:
    (merging / ".git" / "MERGE_HEAD").write_text("0" * 39 + "1\n")

    result = check("--staged")

    assert result.exit_code == EXIT_ENVIRONMENT
    assert "MERGE_HEAD" in result.stderr
    assert "fix: " in result.stderr


@pytest.mark.parametrize("range_", [(), ("main",), ("main..topic",)])
def test_several_merge_bases_are_told(repo: Path, range_: tuple[str, ...]) -> None:
    git(repo, "checkout", "-b", "topic")
    write(repo, "one", {"one.py": "x = 1\n"})
    git(repo, "checkout", "main")
    write(repo, "two", {"two.py": "x = 2\n"})
    git(repo, "branch", "before")
    assert "merge bases" not in "".join(read(*range_)[1]["notes"])
    git(repo, "merge", "--no-edit", "topic")
    git(repo, "checkout", "topic")
    git(repo, "merge", "--no-edit", "before")
    write(repo, "three", {"three.py": "x = 3\n"})

    _, found = read(*range_)

    (note,) = found["notes"]
    assert "2 merge bases (a criss-cross merge)" in note
    assert f"compared with {found['change']['base'][:10]}" in note
