"""Checkouts in which a file of the change is not, or not as git stores it, in the working tree."""

from pathlib import Path

import pytest

from reviewbot.errors import EXIT_ENVIRONMENT, EXIT_INCOMPLETE
from reviewbot.git.changes import collect, head_files
from reviewbot.git.process import command_of
from tests.cli.test_check import as_json, check, first_commit, git, repo
from tests.git.test_changes import copy_of

__all__ = ["repo"]  # the fixture


@pytest.fixture
def source(repo: Path, tmp_path: Path) -> Path:
    """What a partial clone is made of: settings are added, a file is renamed, settings change."""
    git(repo, "config", "uploadpack.allowFilter", "true")
    (repo / "pyproject.toml").write_text("[tool.reviewbot]\nmin-lines = 1\n")
    git(repo, "add", "-A")
    git(repo, "mv", "a.py", "b.py")
    git(repo, "commit", "-m", "settings", "pyproject.toml")
    git(repo, "commit", "-m", "rename")
    (repo / "pyproject.toml").write_text("[tool.reviewbot]\nmin-lines = 2\n")
    git(repo, "commit", "-am", "settings again")
    git(tmp_path, "clone", "--filter=blob:none", f"file://{repo}", "blobless")
    return repo


@pytest.mark.parametrize(
    ("range_", "command"), [("HEAD~1..HEAD", "git diff"), ("HEAD~2..HEAD~1", "git cat-file")]
)
def test_a_partial_clone_without_its_remote_says_how_to_get_the_missing_blobs(
    source: Path, monkeypatch: pytest.MonkeyPatch, range_: str, command: str
) -> None:
    clone = source.parent / "blobless"
    away = source.rename(source.parent / "away")
    monkeypatch.chdir(clone)

    result = check(range_)

    assert result.exit_code == EXIT_ENVIRONMENT
    what, fix = result.stderr.splitlines()
    assert f"{command} " in what
    assert "partial clone; file contents (blobs) are missing" in what
    assert "git fetch --refetch --no-filter" in fix
    assert "fsck" not in fix

    away.rename(source)  # the advice works
    git(clone, "fetch", "--refetch", "--no-filter")
    source.rename(away)
    assert check(range_).exit_code == 0


@pytest.mark.parametrize(
    ("args", "name"),
    [
        (("diff", "-c", "x"), "diff"),
        (("-c", "diff.renameLimit=9", "-c", "a=b", "diff", "--cached"), "diff"),
        (("-C", "elsewhere", "--bare", "log"), "log"),
        (("-c",), ""),
    ],
)
def test_a_failure_of_git_names_the_command_and_not_an_option(
    args: tuple[str, ...], name: str
) -> None:
    assert command_of(args) == name


UTF16, LATIN = "working-tree-encoding=UTF-16LE-BOM", "working-tree-encoding=ISO-8859-1"


@pytest.mark.parametrize("end", [b"\n", b""])
@pytest.mark.parametrize(
    ("attributes", "encoding", "line"),
    [
        (UTF16, "utf-16", b"s = '\xc3\xa9'"),
        (f"{LATIN} eol=crlf", "latin-1", b"s = '\xc3\xa9'\r"),
        ("ident", "utf-8", b"# $Id: 0123456789 $"),
        ("filter=caps", "utf-8", b"s = 'lower'"),
        ("filter=nobodys", "utf-8", b"@@ -1 +1 @@"),
        ("-ident !filter", "utf-8", b"+y = 2"),
    ],
)
def test_a_file_of_the_working_tree_is_read_as_git_would_store_it(
    repo: Path, attributes: str, encoding: str, line: bytes, end: bytes
) -> None:
    git(repo, "config", "filter.caps.clean", "tr a-z A-Z")
    git(repo, "config", "filter.caps.required", "true")
    (repo / ".gitattributes").write_text(f"a.py {attributes}\n")
    text = b"x = 1\n" + line + b"\n\nz = 3" + end
    (repo / "a.py").write_bytes(text.decode().encode(encoding))

    read = head_files(collect(repo, "HEAD")).read("a.py")
    result = check("--format", "json", "HEAD", "--exclude", ".gitattributes")
    git(repo, "add", "-A")
    staged = head_files(collect(repo, staged=True))
    assert read == staged.read("a.py")
    assert result.exit_code == 0
    assert as_json(result)["ledger"]["failed"] == 0


def test_a_file_that_is_too_large_before_git_converts_it_stays_unread(repo: Path) -> None:
    (repo / ".gitattributes").write_text(f"a.py {LATIN}\n")
    (repo / "a.py").write_text("x = 1\n" + "y = 2\n" * 100)

    result = check("--max-file-bytes", "100")

    assert result.exit_code == EXIT_INCOMPLETE
    assert "too large" in result.stdout


@pytest.fixture
def outside(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory: a topic whose file out/b.py was then left out of the checkout."""
    monkeypatch.chdir(copy_of(_outside, tmp_path / "outside"))
    return tmp_path / "outside"


def _outside(repo: Path) -> None:
    first_commit(repo)
    (repo / "out").mkdir()
    (repo / "out" / "b.py").write_text("x = 1\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-m", "base")
    git(repo, "checkout", "-b", "topic")
    (repo / "out" / "b.py").write_text("x = 1\ny = 2\n")
    git(repo, "commit", "-am", "mine\n\nCo-Authored-By: Claude <noreply@anthropic.com>")
    (repo / "out" / "b.py").write_text("x = 1\ny = 2\nz = 3\n")
    git(repo, "add", "-A")


@pytest.mark.parametrize("staged", [False, True])
@pytest.mark.parametrize("left_out", ["sparse", "skip-worktree", "assume-unchanged"])
def test_a_file_that_git_does_not_look_for_on_the_disk_is_read_from_the_index(
    outside: Path, left_out: str, staged: bool
) -> None:
    if not staged:
        git(outside, "reset", "--hard")
    if left_out == "sparse":
        git(outside, "sparse-checkout", "set", "--no-cone", "/*", "!/out/")
        git(outside, "update-index", "--skip-worktree", "out/b.py")
        (outside / "out" / "b.py").unlink(missing_ok=True)
    else:
        git(outside, "update-index", f"--{left_out}", "out/b.py")
        (outside / "out" / "b.py").write_text("something = 'else'\n")

    result = check("--format", "json")

    assert result.exit_code == 0
    found = as_json(result)
    kinds = [line["author"]["kind"] for line in found["files"][0]["lines"]]
    assert kinds == ["ai", *["unknown"] * staged]
    assert found["ledger"]["scored"] == len(kinds)
    assert found["notes"] == []
