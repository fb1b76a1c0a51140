"""The installed hooks, called by git itself: real pushes and commits, the packaged model."""

from tests.cli.test_hook_git import CODE, TINY, Place, cache, has, place
from tests.git.test_changes import _own_configuration, commit, git

__all__ = ["_own_configuration", "cache", "place"]


def test_git_push_is_checked_and_stopped_also_from_a_linked_worktree(place: Place) -> None:
    place.install("--", *TINY)

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

    place.install("--", *TINY, "--max-risk", "0.000001")  # the worktrees share their hooks
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
    place.install("--type", "pre-commit", "--", *TINY)
    (place.root / "f.py").write_text(CODE + "y = 2\n")
    (place.root / "g.py").write_text(CODE)
    git(place.root, "add", "g.py")

    one = place.git("commit", "-m", "only f", "f.py")  # git makes an index for this alone
    assert one.returncode == 0, one.stderr
    assert "1 line added = 1 scored" in one.stderr
    place.install("--type", "pre-commit", "--", *TINY, "--max-risk", "0.000001")
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
    place.install("--type", "pre-commit", "--", *TINY)

    merged = place.git("commit", "--no-edit")

    assert merged.returncode == 0, merged.stderr
    assert "28 lines added = 1 scored + 27 skipped" in merged.stderr
    assert "note: unfinished merge" in merged.stderr
