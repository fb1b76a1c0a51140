"""Checkouts in which a file of the change is not, or not as git stores it, in the working tree."""

from pathlib import Path

import pytest

from reviewbot.core.errors import EXIT_ENVIRONMENT
from reviewbot.forges.git import command_of
from tests.cli.test_check import check, git, repo

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
