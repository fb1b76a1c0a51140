"""Variables of the user's that would change what git answers us."""

from pathlib import Path

import pytest

from reviewbot.forges.git import git as own_git
from tests.test_local import _own_configuration, commit, git

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
