"""Which line `reviewbot explain` explains, and what it says of one that was not scored."""

from pathlib import Path

import pytest

from tests.changes import CODE
from tests.cli.explained import explain, refused, run
from tests.cli.test_check import git


def test_a_range_or_staged_changes_are_explained(explained: Path) -> None:
    git(explained, "commit", "-m", "second")
    ranged = explain("src/code.py:2", "HEAD~1..HEAD")
    (explained / "src" / "code.py").write_bytes(CODE + b"tail = 1\n")
    git(explained, "add", ".")

    staged = explain("src/code.py:12", "--staged")

    assert len(ranged["change"]["head"]) == 40
    assert staged["change"]["head"] == "index"
    assert staged["line"]["text"] == "tail = 1"


def test_a_line_outside_of_the_change_is_read_as_if_its_file_were_added(explained: Path) -> None:
    found = explain("old.py:1")

    assert found["line"]["status"] == "scored"
    assert "line 1 is not part of the change" in found["notes"][0]
    assert [row["number"] for row in found["around"]] == [1, 2, 3]
    assert "note: line 1 is not part of the change" in run("explain", "old.py:1").stdout
    assert explain("old.py:2")["notes"] == []


def test_a_line_that_is_not_read_on_purpose_says_why_with_exit_code_0(explained: Path) -> None:
    result = run("explain", "old.py:5")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "skipped: blank or punctuation only" in result.stdout
    assert explain("old.py:5")["line"]["why"] == "blank or punctuation only"
    assert explain("README.md:1")["line"]["why"] == "not code"


def test_a_line_that_should_have_been_read_ends_with_exit_code_3(explained: Path) -> None:
    large = run("explain", "src/code.py:2", "--max-file-lines", "3")
    wrong = "--- a/old.py\n+++ b/old.py\n@@ -1 +1,2 @@\n first = 1\n+not there\n"
    (explained / "x.diff").write_text(f"diff --git a/old.py b/old.py\n{wrong}")
    failed = run("explain", "old.py:2", "--diff", "x.diff")

    assert large.exit_code == 3
    assert "should have been scored and was not: too large" in large.stdout
    assert failed.exit_code == 3
    assert "the diff does not match the head file" in failed.stdout


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (("nothing.py:1",), "there is no readable file nothing.py"),
        (("src:3",), "there is no readable file src"),
        (("old.py:0",), "is not PATH:LINE"),
        (("old.py:1-2",), "is not PATH:LINE"),
        ((":3",), "is not PATH:LINE"),
        (("old.py:" + "9" * 5_000,), "is not PATH:LINE"),
        (("../repo-other/x.py:1",), "there is no readable file"),
        ((".git/config:1",), "there is no readable file"),
    ],
)
def test_an_unusable_question_is_an_error_of_two_lines(
    args: tuple[str, ...], what: str, explained: Path
) -> None:
    assert what in refused(*args)


@pytest.mark.parametrize("name", ["C:\\a.py", "a:7.py", "with space.py", "caf\u00e9\u202e.py", "7"])
def test_a_place_is_split_at_the_last_colon(name: str, explained: Path) -> None:
    (explained / name).write_text("#!/usr/bin/env python3\nx = compute(1)\n")
    git(explained, "add", ".")

    found = explain(f"{name}:2")

    assert (found["line"]["path"], found["line"]["text"]) == (name, "x = compute(1)")
    assert "\u202e" not in run("explain", f"{name}:2").stdout


def test_a_path_may_be_relative_to_the_current_directory(
    explained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(explained / "src")

    assert explain("code.py:2")["line"]["path"] == "src/code.py"
    assert explain("./code.py:2")["line"]["path"] == "src/code.py"
    assert explain(f"{explained}/src/code.py:2")["line"]["path"] == "src/code.py"
    assert explain("src/code.py:2")["line"]["path"] == "src/code.py"


def test_a_name_that_is_not_utf_8_goes_by_its_bytes_or_as_reports_write_it(explained: Path) -> None:
    (explained / "caf\udce9.py").write_text("x = compute(1)\n")
    git(explained, "add", ".")

    assert explain("caf\\xe9.py:1")["line"]["status"] == "scored"
    assert explain("caf\udce9.py:1")["line"]["status"] == "scored"


@pytest.mark.parametrize("staged", [(), ("--staged",)])
@pytest.mark.parametrize(
    ("content", "attributes"),
    [
        (b"first = 1\nx = compute(1)\n# \0\n", ""),
        ("first = 1\nx = compute(1)\n".encode("utf-16"), ""),
        (b"first = 1\nx = compute(1)\n", "*.py -diff\n"),
    ],
)
def test_a_line_of_code_that_git_calls_binary_should_have_been_read(
    content: bytes, attributes: str, staged: tuple[str, ...], explained: Path
) -> None:
    (explained / ".gitattributes").write_text(attributes)
    (explained / "old.py").write_bytes(content)
    git(explained, "add", ".")
    assert run("check", *staged).exit_code == 3

    result = run("explain", "old.py:2", *staged)
    found = explain("old.py:2", *staged)

    assert (result.exit_code, result.stderr) == (3, "")
    assert "should have been scored and was not: code that git calls binary" in result.stdout
    assert "git shows no line of it: it was not read" in result.stdout
    assert "not part of the change" not in result.stdout
    assert (found["line"]["status"], found["line"]["risk"]) == ("skipped", None)
    assert found["line"]["why"] == "code that git calls binary"


def test_a_line_of_what_is_no_code_and_binary_was_not_read_on_purpose(explained: Path) -> None:
    (explained / "logo.png").write_bytes(b"\x89PNG\n\0\n")
    git(explained, "add", ".")
    result = run("explain", "logo.png:1")

    assert result.exit_code == 0
    assert "skipped: binary" in result.stdout
    assert "git shows no line of it" in result.stdout


def test_a_report_says_why_it_has_no_line_of_a_file(explained: Path, tmp_path: Path) -> None:
    (explained / "old.py").write_bytes(b"first = 1\n# \0\n")
    run("check", "--format", "json", "--output", str(tmp_path / "r.json"))

    why = refused("old.py:1", "--report", str(tmp_path / "r.json"))

    assert "the report has no line old.py:1: code that git calls binary" in why
