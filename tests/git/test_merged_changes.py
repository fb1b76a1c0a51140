"""Which commits of a branch are changes."""

from pathlib import Path

import pytest

from reviewbot.git import merged_changes as merged
from reviewbot.git.repository import open_repository
from tests.git.test_changes import _own_configuration, commit, git, play

__all__ = ["_own_configuration"]  # the fixture


def heads(root: Path) -> list[tuple[str, str]]:
    """Return the subjects of base and head of each change."""
    repo = open_repository(root)
    found = merged.merged_changes(repo, git(root, "rev-parse", "HEAD"))
    names = [(git(root, "log", "-1", "--format=%s", one.base), one.head) for one in found]
    return [(base, git(root, "log", "-1", "--format=%s", head)) for base, head in names]


def test_a_merge_is_one_change_and_the_first_commit_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q")
    for subject in ("first", "second"):
        commit(tmp_path, subject, a_py=subject)
    play(tmp_path, "checkout -q -b side")
    for subject in ("third", "fourth"):
        commit(tmp_path, subject, b_py=subject)
    play(tmp_path, "checkout -q main; merge -q --no-ff -m merge side")
    commit(tmp_path, "last", a_py="last")

    assert heads(tmp_path) == [("merge", "last"), ("second", "merge"), ("first", "second")]
    repo = open_repository(tmp_path)
    (newest, *_) = merged.merged_changes(repo, str(repo.head))
    assert newest.day == git(tmp_path, "log", "-1", "--format=%cs")
    changes = merged.merged_changes(repo, str(repo.head))
    for labelled, left in (("HEAD", 3), ("side~1", 2), ("main~2", 1), ("main~3", 3)):
        names = {git(tmp_path, "rev-parse", labelled)}
        assert len(merged.from_labelled(repo, changes, names)) == left
    monkeypatch.setattr(merged, "MAX_CHANGES", 2)
    assert len(heads(tmp_path)) == 2


def test_a_damaged_merge_without_a_date_keeps_its_parents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q")
    for subject in ("first", "second"):
        commit(tmp_path, subject, a_py=subject)
    play(tmp_path, "checkout -q -b side HEAD~1")
    commit(tmp_path, "third", b_py="third")
    play(tmp_path, "checkout -q main; merge -q --no-ff -m merge side")
    head, text, raw = tmp_path / ".git/refs/heads/main", [], tmp_path / "raw"
    for line in git(tmp_path, "cat-file", "commit", "HEAD").splitlines():
        text.append(line.partition(">")[0] + "> " if line.startswith("committer") else line)
    raw.write_text("\n".join(text) + "\n")
    made = git(tmp_path, "hash-object", "-t", "commit", "--literally", "-w", str(raw))
    head.write_text(made + "\n")

    assert heads(tmp_path) == [("second", "merge"), ("first", "second")]


def test_where_a_shallow_clone_was_cut_off_is_no_change(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "whole")
    for subject in ("first", "second", "third"):
        commit(tmp_path / "whole", subject, a_py=subject)
    git(tmp_path, "clone", "-q", "--depth=2", f"file://{tmp_path}/whole", "cut")

    assert heads(tmp_path / "cut") == [("second", "third")]
