"""What a check did not read never looks as if it had been read. Real repositories, a small model.

A character is a token here, and a window holds 2,048; the comment line with the path takes 7.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from reviewbot.encoders.states import HiddenStates
from reviewbot.render import RENDERERS
from reviewbot.report.gate import NARROW
from reviewbot.report.json_reader import parse_report
from tests.cli.small import ByteEncoder
from tests.cli.test_check import as_json, check, git, repo

__all__ = ["repo"]  # the fixture

FITS, TOO_LONG = "f" * 2_040, "l" * 2_041
NO_VERDICT = ("annotations", "rdjson", "code-climate")  # formats that have no place for it
PYTHON = "y = 2\n\nz = 3\n"


class Watched(ByteEncoder):
    """Remembers the text of each window."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
        self.seen.append("".join(map(chr, ids)))
        return super().states(ids, first)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The windows that the model reads."""
    encoder = Watched()
    monkeypatch.setattr("reviewbot.app.check.load_model", lambda *_: encoder)
    monkeypatch.setenv("REVIEWBOT_LINE_CACHE", "0")
    return encoder.seen


def write(where: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        (where / name).write_bytes(text.encode())
    git(where, "add", "--intent-to-add", ".")


@pytest.mark.parametrize("before", [0, 1, 150, 300, 500])
def test_a_line_is_scored_only_where_all_of_it_was_read(
    repo: Path, seen: list[str], before: int
) -> None:
    write(repo, {"a.py": "x = 1\n" * before + f"{FITS}\n{TOO_LONG}\n{'p' * 53_000}\n"})

    found = as_json(check("--format", "json", "--fail-on", "never"))

    lines = found["files"][0]["lines"][-3:]
    assert [line["why"] for line in lines] == [None, "line too long", "line too long"]
    assert any(f"{FITS}\n" in window for window in seen)
    assert max(map(len, seen)) <= 2_048
    assert (found["ledger"]["failed"], found["verdict"]["exit_code"]) == (2, 3)


@pytest.mark.parametrize("style", [name for name in RENDERERS if name != "annotations"])
def test_every_format_names_a_line_that_is_too_long(repo: Path, style: str) -> None:
    write(repo, {"a.py": f"x = 1\ny = 2\n{TOO_LONG}\n"})

    result = check("--format", style)

    assert result.exit_code == 3
    assert "line too long" in result.stdout


@pytest.mark.parametrize(("lines", "ledger"), [(100, (1, 1, 0, 0)), (400, (1, 0, 1, 3))])
def test_carriage_returns_end_no_line_and_hide_nothing(
    repo: Path, lines: int, ledger: tuple[int, ...]
) -> None:
    write(repo, {"n.py": "# a\r" + "x = 1\r" * lines})

    found = as_json(check("--format", "json", "--fail-on", "never"))

    counts = [found["ledger"][key] for key in ("added", "scored", "failed")]
    assert (*counts, found["verdict"]["exit_code"]) == ledger
    assert [line["number"] for line in found["files"][0]["lines"]] == [1]


EXCLUDED = "0 of 3 added lines were read (all excluded)"
UNREAD = {
    "all, by a flag": ({"b.py": PYTHON}, ("--exclude", "**"), 3, EXCLUDED),
    "all, by the file": (
        {"b.py": PYTHON, ".reviewbot.toml": 'exclude = ["b.py"]\n'},
        (),
        3,
        "0 of 4 added lines were read (3 excluded, 1 not code)",
    ),
    "all, and no coverage asked": (
        {"b.py": PYTHON},
        ("--exclude", "*.py", "--min-coverage", "0"),
        0,
        EXCLUDED,
    ),
    "all, advisory": ({"b.py": PYTHON}, ("--exclude", "**", "--fail-on=never"), 3, EXCLUDED),
    "a script": ({"run": "#!/bin/sh\nls\n"}, ("--exclude", "run"), 3, "(all excluded)"),
    "too large, too": ({"b.py": PYTHON}, ("--exclude", "*", "--max-file-lines", "1"), 3, EXCLUDED),
    "what nobody reads": (
        {"README.md": "words\n"},
        ("--exclude", "**"),
        0,
        "0 of 1 added lines were read (all skipped: not code)",
    ),
    "blank lines": ({"b.py": "\n\n"}, ("--exclude", "**"), 0, "(all skipped: blank or"),
    "some of it": ({"b.py": PYTHON, "c.py": "u = 1\n"}, ("--exclude", "b.py"), 0, "no line blocks"),
    "prose alone": ({"README.md": "words\n"}, (), 0, "(all skipped: not code)"),
    "vendored alone": ({"vendor/b.py": PYTHON}, (), 0, "(all skipped: vendored)"),
    "suppressed in the line": (
        {"b.py": "y = 2  # reviewbot: ignore\n"},
        ("--inline-suppressions",),
        0,
        "0 of 1 added lines were read (all suppressed by comments)",
    ),
}


@pytest.mark.parametrize("case", UNREAD)
def test_a_change_of_which_no_line_was_read_says_so_and_why(repo: Path, case: str) -> None:
    files, flags, code, said = UNREAD[case]
    write(repo, files)

    result = check("--format", "json", *flags)

    assert result.exit_code == code, result.output
    found = as_json(result)
    assert said in found["verdict"]["reasons"][0]
    assert (NARROW in found["verdict"]["reasons"]) == (code == 3)
    assert parse_report(result.stdout_bytes).verdict.exit_code == code


@pytest.mark.parametrize("flags", [(), ("--exclude", "*.py")])
def test_lines_outside_the_scope_are_no_gap_even_where_they_are_excluded(
    repo: Path, flags: tuple[str, ...]
) -> None:
    git(repo, "checkout", "-q", "-b", "topic")
    write(repo, {"b.py": "y = 2\n"})
    git(repo, "add", ".")
    git(repo, "commit", "-m", "topic")

    result = check("main..topic", "--trust-human", "--scope", "ai", *flags)

    assert result.exit_code == 0
    assert "0 of 1 added lines were read (outside the scope)" in result.stdout


@pytest.mark.parametrize("style", RENDERERS)
@pytest.mark.parametrize("coverage", ["0", "1"])
def test_every_format_says_that_all_was_excluded(repo: Path, style: str, coverage: str) -> None:
    write(repo, {"b.py": PYTHON})

    result = check("--format", style, "--exclude", "*.py", "--min-coverage", coverage)

    assert result.exit_code == (0 if coverage == "0" else 3)
    if style not in NO_VERDICT:
        assert EXCLUDED in result.stdout
    elif style != "annotations":
        assert "not read: excluded" in result.stdout


def test_excluding_code_that_git_calls_binary_is_no_pass(repo: Path) -> None:
    write(repo, {"b.py": PYTHON, ".gitattributes": "*.py -diff\n", "README.md": "words\n"})

    result = check("--exclude", "*.py")

    assert result.exit_code == 3, result.output
    assert "1 code file was not read" in result.output


@pytest.mark.parametrize(
    ("files", "flags", "code"),
    [
        ({"a_pb2.py": PYTHON, "vendor/b.py": PYTHON}, ("--ack-top", "1"), 3),
        ({"a_pb2.py": PYTHON}, ("--ack-top", "1", "--min-coverage", "0"), 0),
        ({"a_pb2.py": PYTHON}, ("--ack-top", "1", "--include", "*_pb2.py"), 0),
        ({"a_pb2.py": PYTHON}, (), 0),
        ({"a.md": "words\n", "uv.lock": "x\n", "b.py": "\n"}, ("--ack-top", "1"), 0),
    ],
)
def test_with_ack_top_code_that_rules_skip_is_no_pass_unless_something_was_read(
    repo: Path, files: dict[str, str], flags: tuple[str, ...], code: int
) -> None:
    write(repo, files)
    git(repo, "add", ".")

    result = check("--staged", *flags)

    assert result.exit_code == code, result.output
    words = " ".join(result.stdout.split())
    assert (code == 3) == ("`include` the files that should be read" in words)
