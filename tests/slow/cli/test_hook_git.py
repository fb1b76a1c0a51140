"""The installed hooks, called by git itself: real pushes and commits, the packaged model."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.small import environ
from tests.git.test_changes import _own_configuration, commit, git

__all__ = ["_own_configuration"]
CODE = "def f(a, b):\n    if a[0] > b[1] and not a.x:\n        return g(a, *b)[2:]\n"
QUICK = ("--artifact", "quick", "--threads", "2")


@dataclass(frozen=True)
class Place:
    """A checkout, and the environment of its user."""

    root: Path
    env: dict[str, str]

    def git(self, *args: str) -> subprocess.CompletedProcess[str]:
        command = ["git", *args]
        return subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, text=True)

    def install(self, *args: str) -> None:
        command = [sys.executable, "-P", "-m", "reviewbot", "hook", "install", *args]
        subprocess.run(command, cwd=self.root, env=self.env, check=True, capture_output=True)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests here."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def place(tmp_path: Path, cache: Path) -> Place:
    """A repository with a bare remote that has nothing of it yet, on main."""
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "there.git")
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    git(root, "remote", "add", "origin", "../there.git")
    commit(root, "one", f_py=CODE)
    kept = {key: val for key, val in environ().items() if not key.startswith("REVIEWBOT_")}
    return Place(root, {**kept, "REVIEWBOT_CACHE": str(cache)})


def has(place: Place, ref: str) -> bool:
    return bool(git(place.root, "ls-remote", "origin", ref))


def test_where_the_model_cannot_be_had_the_push_is_stopped(place: Place) -> None:
    place.install("--", "--artifact", "deep")
    broken = Place(place.root, {**place.env, "HF_HUB_OFFLINE": "1"})

    stopped = broken.git("push", "origin", "main")

    assert stopped.returncode == 1
    assert "exit 4" in stopped.stderr
    assert "git push --no-verify" in stopped.stderr
    assert not has(place, "refs/heads/main")


def test_git_push_is_checked_and_stopped_also_from_a_linked_worktree(place: Place) -> None:
    place.install("--", *QUICK)

    first = place.git("push", "origin", "main")
    assert first.returncode == 0, first.stderr
    assert "main: 1 commit, all of its history" in first.stderr
    assert "3 lines added = 3 scored" in first.stderr

    linked = place.root.parent / "linked"
    git(place.root, "worktree", "add", "-q", str(linked), "-b", "topic")
    commit(linked, "two", g_py=CODE + "\n\nx = 1\n")
    there = Place(linked, place.env)
    second = there.git("push", "origin", "topic", "HEAD:refs/heads/again")
    assert second.returncode == 0, second.stderr
    assert "topic: 1 commit\n" in second.stderr
    assert "6 lines added = 4 scored" in second.stderr
    assert "again: 1 commit\n" in second.stderr  # its name could say who wrote it

    place.install("--", *QUICK, "--max-risk", "0.000001")  # the worktrees share their hooks
    commit(linked, "three", h_py=CODE)
    stopped = there.git("push", "origin", "topic", ":again")
    assert stopped.returncode == 1
    assert "refs/heads/again: it is deleted" in stopped.stderr
    assert "topic: 1 commit\n" in stopped.stderr
    assert "BLOCK (exit 1)" in stopped.stderr
    assert has(place, "refs/heads/again")
    assert there.git("push", "--no-verify", "origin", "topic", ":again").returncode == 0
    assert not has(place, "refs/heads/again")


def test_git_commit_is_checked_as_git_sees_it(place: Place) -> None:
    place.install("--type", "pre-commit", "--", *QUICK)
    (place.root / "f.py").write_text(CODE + "y = 2\n")
    (place.root / "g.py").write_text(CODE)
    git(place.root, "add", "g.py")

    one = place.git("commit", "-m", "only f", "f.py")  # git makes an index for this alone
    assert one.returncode == 0, one.stderr
    assert "1 line added = 1 scored" in one.stderr
    place.install("--type", "pre-commit", "--", *QUICK, "--max-risk", "0.000001")
    two = place.git("commit", "-m", "g")
    assert two.returncode == 1
    assert "3\n" in two.stderr
    assert two.stderr.endswith("git commit --no-verify\n")
    assert git(place.root, "log", "--format=%s") == "only f\none"


def test_of_a_merge_only_what_was_resolved_by_hand_is_checked(place: Place) -> None:
    place.git("checkout", "-b", "topic")
    commit(place.root, "ours", f_py="x = 1\n")
    place.git("checkout", "main")
    commit(place.root, "theirs", f_py="x = 2\n", g_py=CODE * 9)
    place.git("checkout", "topic")
    place.git("merge", "main")
    (place.root / "f.py").write_text("x = 3\n")
    place.git("add", "f.py")
    place.install("--type", "pre-commit", "--", *QUICK)

    merged = place.git("commit", "--no-edit")

    assert merged.returncode == 0, merged.stderr
    assert "28 lines added = 1 scored + 27 skipped" in merged.stderr
    assert "note: unfinished merge" in merged.stderr
