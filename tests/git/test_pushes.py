"""What a push adds, in real repositories: which commits are news to the others."""

from pathlib import Path

import pytest

from reviewbot.errors import EnvironmentFailure, UsageError
from reviewbot.git.changes import between
from reviewbot.git.pushes import Outgoing, SkippedUpdate, Update, outgoing, parse_updates
from reviewbot.git.repository import open_repository
from tests.git.test_changes import _own_configuration, added, commit, git

__all__ = ["_own_configuration"]  # a fixture: git as a person without any configuration has it
ZERO = "0" * 40


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of a bare repository with one commit on main; the branch topic is checked out."""
    bare, root = tmp_path / "there.git", tmp_path / "clone"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(bare))
    git(tmp_path, "clone", "-q", str(bare), str(root))
    git(root, "checkout", "-q", "-b", "main")
    commit(root, "one", f_py="a\n")
    git(root, "push", "-q", "origin", "main")
    git(root, "checkout", "-q", "-b", "topic")
    return root


def update(root: Path, local: str, there: str = ZERO, remote: str = "refs/heads/topic") -> Update:
    """What git would say of pushing the revision `local` over the hash `there`."""
    line = f"{local} {git(root, 'rev-parse', local)} {remote} {there}\n"
    (found,) = parse_updates(line.encode())
    return found


def news(root: Path, what: Update, remote: str = "origin") -> Outgoing:
    found = outgoing(open_repository(root), what, remote)
    assert isinstance(found, Outgoing), found
    return found


def lines(root: Path, found: Outgoing) -> list[str]:
    return added(between(open_repository(root), found.base, found.head))


def test_a_new_branch_is_compared_with_what_the_remote_has(clone: Path) -> None:
    base = git(clone, "rev-parse", "main")
    head = commit(clone, "two", f_py="a\nb\n")
    commit(clone, "three", f_py="a\nb\nc\n")

    assert news(clone, update(clone, "topic~1")) == Outgoing(base, head, 1)
    assert news(clone, update(clone, "topic")).commits == 2
    assert lines(clone, news(clone, update(clone, "topic"))) == ["b", "c"]


def test_a_branch_that_is_there_is_compared_with_itself(clone: Path) -> None:
    there = commit(clone, "two", f_py="a\nb\n")
    head = commit(clone, "three", f_py="a\nb\nc\n")

    assert news(clone, update(clone, "topic", there)) == Outgoing(there, head, 1)


def test_the_first_push_of_all_is_read_whole(clone: Path) -> None:
    git(clone, "update-ref", "-d", "refs/remotes/origin/main")
    head = commit(clone, "two", f_py="a\nb\n")

    found = news(clone, update(clone, "topic"))

    assert found == Outgoing(None, head, 2)
    assert lines(clone, found) == ["a", "b"]


def test_what_is_deleted_or_there_or_no_commit_is_passed_over_with_a_reason(clone: Path) -> None:
    git(clone, "tag", "tree", "HEAD^{tree}")
    (gone,) = parse_updates(f"(delete) {ZERO} refs/heads/x {'a' * 40}\n".encode())

    assert outgoing(open_repository(clone), gone, "origin") == SkippedUpdate("it is deleted")
    assert outgoing(open_repository(clone), update(clone, "tree"), "origin") == SkippedUpdate(
        "it is a tree, no commit"
    )
    there = outgoing(open_repository(clone), update(clone, "main"), "origin")
    assert there == SkippedUpdate("the remote has all of it already")


def test_a_commit_that_cannot_be_found_is_a_failure_and_not_passed_over(clone: Path) -> None:
    (lost,) = parse_updates(f"x {'ab' * 20} refs/heads/x {ZERO}\n".encode())

    with pytest.raises(EnvironmentFailure):
        outgoing(open_repository(clone), lost, "origin")


def test_a_tag_stands_for_its_commit(clone: Path) -> None:
    head = commit(clone, "two", f_py="a\nb\n")
    git(clone, "tag", "-a", "-m", "v", "v1")

    found = news(clone, update(clone, "v1", remote="refs/tags/v1"))

    assert (found.head, found.commits) == (head, 1)


def test_a_forced_push_after_a_rebase_reads_the_branch_and_not_what_main_gained(
    clone: Path,
) -> None:
    there = commit(clone, "two", t_py="t\n")
    git(clone, "checkout", "-q", "main")
    base = commit(clone, "other", main_py="m\n")
    git(clone, "push", "-q", "origin", "main")
    git(clone, "checkout", "-q", "topic")
    git(clone, "rebase", "-q", "main")

    found = news(clone, update(clone, "topic", there))

    assert found.base == base
    assert lines(clone, found) == ["t"]


def test_a_forced_push_over_an_unknown_commit_says_so_and_takes_what_was_fetched(
    clone: Path,
) -> None:
    commit(clone, "two", f_py="a\nb\n")

    found = news(clone, update(clone, "topic", "ab" * 20))

    assert lines(clone, found) == ["b"]
    assert found.note
    assert "abababababab, which the remote has there now, is not in this clone" in found.note


def test_what_a_merge_brings_from_main_is_not_read_again(clone: Path) -> None:
    there = commit(clone, "two", t_py="t\n")
    git(clone, "checkout", "-q", "main")
    for number in range(3):
        commit(clone, "other", main_py="m\n" * (number + 1))
    git(clone, "push", "-q", "origin", "main")
    git(clone, "checkout", "-q", "topic")
    git(clone, "merge", "-q", "--no-edit", "main")

    assert lines(clone, news(clone, update(clone, "topic", there))) == ["t"]


def test_a_branch_that_is_merged_by_pushing_it_to_main_is_read(clone: Path) -> None:
    there = git(clone, "rev-parse", "main")
    commit(clone, "two", f_py="a\nb\n")
    git(clone, "push", "-q", "origin", "topic")

    found = news(clone, update(clone, "topic", there, "refs/heads/main"))

    assert lines(clone, found) == ["b"]


def test_what_only_another_remote_has_is_read(clone: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "there.git", "mallory")
    commit(tmp_path / "mallory", "evil", evil_py="e\n")
    git(clone, "remote", "add", "mallory", "../mallory")
    git(clone, "remote", "add", "origin/sub", "../mallory")
    git(clone, "config", "--add", "remote.origin.fetch", "+refs/pull/*:refs/remotes/origin/pr/*")
    git(tmp_path / "there.git", "fetch", "-q", "../mallory", "HEAD:refs/pull/7")
    git(clone, "fetch", "-q", "--multiple", "mallory", "origin/sub", "origin")
    there = git(clone, "rev-parse", "origin/main")
    git(clone, "checkout", "-q", "main")
    git(clone, "merge", "-q", "--ff-only", "mallory/main")
    assert (
        git(clone, "rev-parse", "origin/pr/7", "origin/sub/main").split()
        == [git(clone, "rev-parse", "main")] * 2
    )

    assert lines(clone, news(clone, update(clone, "main", there, "refs/heads/main"))) == ["e"]
    assert lines(clone, news(clone, update(clone, "main", ZERO, "refs/heads/new"))) == ["e"]


def test_of_a_fork_that_was_never_fetched_nothing_is_known(clone: Path) -> None:
    git(clone, "remote", "add", "fork", "../there.git")
    commit(clone, "mine", f_py="a\nb\n")

    assert news(clone, update(clone, "topic"), "fork").base is None
    git(clone, "fetch", "-q", "fork")
    assert lines(clone, news(clone, update(clone, "topic"), "fork")) == ["b"]


def test_a_bare_url_has_what_a_remote_of_that_url_has(clone: Path) -> None:
    base = commit(clone, "two", f_py="a\nb\n")
    git(clone, "push", "-q", "origin", "topic")
    commit(clone, "three", f_py="a\nb\nc\n")
    url = git(clone, "config", "remote.origin.url")

    assert news(clone, update(clone, "topic"), url).base == base
    assert news(clone, update(clone, "topic"), "https://x.example/[a]*").base is None


def test_of_a_mirror_the_users_own_branches_are_no_branches_of_the_remote(clone: Path) -> None:
    git(clone, "config", "remote.origin.fetch", "+refs/heads/*:refs/heads/*")
    commit(clone, "two", f_py="a\nb\n")

    assert news(clone, update(clone, "topic")).base is None


def test_a_shallow_clone_that_does_not_reach_back_is_an_error(clone: Path, tmp_path: Path) -> None:
    commit(clone, "two", f_py="a\nb\n")
    git(clone, "push", "-q", "origin", "topic")
    shallow = tmp_path / "shallow"
    url = (tmp_path / "there.git").as_uri()
    git(tmp_path, "clone", "-q", "--depth=1", "-b", "topic", url, str(shallow))
    head = commit(shallow, "three", f_py="a\nb\nc\n")
    origin = git(shallow, "rev-parse", "origin/topic")

    assert news(shallow, update(shallow, "topic", origin)) == Outgoing(origin, head, 1)
    git(shallow, "update-ref", "-d", "refs/remotes/origin/topic")
    with pytest.raises(UsageError, match="shallow") as caught:
        outgoing(open_repository(shallow), update(shallow, "topic"), "origin")
    assert "--unshallow" in caught.value.fix


def test_histories_without_a_common_commit_are_read_whole(clone: Path) -> None:
    git(clone, "checkout", "-q", "--orphan", "apart")
    head = commit(clone, "new", f_py="z\n")

    assert news(clone, update(clone, "apart")) == Outgoing(None, head, 1)


@pytest.mark.parametrize("line", [b"a b c d", b"x", f"a {ZERO} b {ZERO[1:]}".encode(), b"\xff\0"])
def test_what_is_not_of_gits_form_is_no_pass(line: bytes) -> None:
    with pytest.raises(UsageError, match="no line of a pre-push hook"):
        parse_updates(line + b"\n")


def test_a_local_name_may_have_spaces_and_stranger_things() -> None:
    oid = "ab" * 20
    raw = f"main@{{1 day ago}} {oid} refs/heads/a\u2028b {ZERO}\n".encode()

    assert parse_updates(raw) == [Update("main@{1 day ago}", oid, "refs/heads/a\u2028b", "")]
    assert parse_updates(raw)[0].branch == "a\u2028b"
    assert parse_updates(b"") == []
