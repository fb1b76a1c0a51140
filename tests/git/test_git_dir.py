"""Variables of the user's that would change what git answers us."""

from pathlib import Path

import pytest

from reviewbot.errors import EnvironmentFailure, UsageError
from reviewbot.git.changes import collect
from reviewbot.git.process import git as own_git
from tests.git.test_changes import _own_configuration, commit, copy_of, git, play

__all__ = ["_own_configuration"]


@pytest.mark.parametrize("name", ["ICASE", "NOGLOB", "GLOB", "LITERAL"])
def test_what_a_path_means_to_git_does_not_follow_variables(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    git(tmp_path, "init", "-q")
    commit(tmp_path, "one", **{"f_py": "f\n", "G_py": "G\n", "sub/f_py": "f\n"})
    asked = ("g.py", "*.py")
    plain = [own_git(tmp_path, "ls-files", "--", path) for path in asked]

    monkeypatch.setenv(f"GIT_{name}_PATHSPECS", "1")

    assert [own_git(tmp_path, "ls-files", "--", path) for path in asked] == plain


def repository(top: Path) -> Path:
    """A checkout of `feat`, one commit after `main`: a line in sub/b.py."""
    return copy_of(_repository, top)


def _repository(top: Path) -> None:
    (top / "sub").mkdir()
    play(top, "init -q -b main; commit sub/b.py 'x = 1'; checkout -q -b feat")
    play(top, "commit sub/b.py 'x = 1' 'y = 2'")


@pytest.mark.parametrize("more", [{}, {"GIT_WORK_TREE": ".."}])
def test_a_relative_git_dir_counts_from_the_current_directory(
    tmp_path: Path, more: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = repository(repository(tmp_path / "outer") / "inner")
    monkeypatch.chdir(inner / "sub")
    for name, value in {"GIT_DIR": "../.git", **more}.items():
        monkeypatch.setenv(name, value)

    for range_ in (None, "main..HEAD"):
        request = collect(Path(), range_)
        assert request.root.samefile(inner)
        assert request.numstat == {"sub/b.py": (1, 0)}


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"GIT_WORK_TREE": "."}, "only a part of"),
        ({"GIT_WORK_TREE": ".", "GIT_DIR": "../.git"}, "only a part of"),
        ({"GIT_WORK_TREE": "../other", "GIT_DIR": "../.git"}, "of another repository"),
        ({"GIT_INDEX_FILE": "/nonexistent"}, "git finds no file"),
        ({"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.worktree"}, "only a part of"),
    ],
)
@pytest.mark.parametrize("staged", [False, True])
def test_a_wrong_place_where_every_file_looks_deleted_is_refused(
    tmp_path: Path,
    variables: dict[str, str],
    said: str,
    staged: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    top = repository(tmp_path / "top")
    repository(top / "other")
    monkeypatch.chdir(top / "sub")
    if "GIT_CONFIG_COUNT" in variables:
        git(top, "config", "core.worktree", str(top / "sub"))
        variables = {}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=said):
        collect(Path(), staged=staged)


def test_the_main_branch_of_another_remote_is_no_base(tmp_path: Path) -> None:
    top = repository(tmp_path / "top")
    git(top, "branch", "-m", "main", "develop")
    for remote, ref in (("origin", "develop"), ("heroku", "feat:master")):
        git(tmp_path, "init", "-q", "--bare", remote)
        git(top, "remote", "add", remote, str(tmp_path / remote))
        git(top, "push", "-q", remote, ref)

    with pytest.raises(UsageError, match="no base found"):
        collect(top)


@pytest.mark.parametrize(
    ("steps", "upstream"),
    [
        ("checkout -q -b next --track feat", "feat"),
        (
            "remote add origin ../origin; push -q origin main; push -q -u origin feat:alice/main",
            "origin/alice/main",
        ),
    ],
)
def test_an_upstream_that_is_another_branch_of_work_is_named(
    tmp_path: Path, steps: str, upstream: str
) -> None:
    top = repository(tmp_path / "top")
    git(tmp_path, "init", "-q", "--bare", "origin")
    play(top, f"{steps}; commit c.py 'z = 3'")

    assert collect(top).notes == (f"compared with {upstream}, the upstream of this branch",)


def test_a_filter_that_fails_is_named_with_the_way_out(tmp_path: Path) -> None:
    top = repository(tmp_path / "top")
    (top / ".gitattributes").write_text("*.py filter=broken\n")
    git(top, "config", "filter.broken.clean", "false")
    git(top, "config", "filter.broken.required", "true")
    (top / "sub" / "b.py").write_text("x = 2\n")

    with pytest.raises(EnvironmentFailure, match="a filter of") as failure:
        collect(top)
    assert "--staged" in failure.value.fix
