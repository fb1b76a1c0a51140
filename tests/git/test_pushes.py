"""What a push adds, in real repositories: which commits are news to the others."""

from pathlib import Path

import pytest

from reviewbot.errors import EnvironmentFailure, UsageError
from reviewbot.git.changes import between
from reviewbot.git.pushes import Outgoing, SkippedUpdate, Update, outgoing, parse_updates
from reviewbot.git.repository import open_repository
from tests.git.test_changes import _own_configuration, added, commit, copy_of, git, play

__all__ = ["_own_configuration"]  # a fixture: git as a person without any configuration has it
ZERO = "0" * 40


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of a bare repository with one commit on main; the branch topic is checked out."""
    return copy_of(_clone, tmp_path / "clones") / "clone"


def _clone(folder: Path) -> None:
    git(folder, "init", "-q", "--bare", "-b", "main", "there.git")
    git(folder, "clone", "-q", "there.git", "clone")
    play(folder / "clone", "config remote.origin.url ../there.git; checkout -q -b main")
    commit(folder / "clone", "one", f_py="a\n")
    play(folder / "clone", "push -q origin main; checkout -q -b topic")


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


# Steps; the revision that is pushed, and what the remote has of its branch ("": no branch); then
# the base of what is read, its number of commits, and its lines.
GROW = "commit f.py a b; commit f.py a b c"
OUTGOING = {
    "a new branch": (GROW, "topic", "", "main", 2, ["b", "c"]),
    "a part of a new branch": (GROW, "topic~1", "", "main", 1, ["b"]),
    "a branch that is there": (GROW, "topic", "topic~1", "topic~1", 1, ["c"]),
    "the first push of all": (
        "update-ref -d refs/remotes/origin/main; commit f.py a b",
        *("topic", "", None, 2, ["a", "b"]),
    ),
    "a tag": ("commit f.py a b; tag -a -m v v1", "v1", "", "main", 1, ["b"]),
    "a forced push after a rebase": (
        "commit t.py t; tag there; checkout -q main; commit main.py m; push -q origin main;"
        " checkout -q topic; rebase -q main",
        *("topic", "there", "main", 1, ["t"]),
    ),
    "a merge of main": (
        "commit t.py t; tag there; checkout -q main; commit main.py m; commit main.py m m;"
        " push -q origin main; checkout -q topic; merge -q --no-edit main",
        *("topic", "there", "main", 1, ["t"]),
    ),
    "a history without a common commit": (
        "checkout -q --orphan apart; commit f.py z",
        *("apart", "", None, 1, ["z"]),
    ),
    "a mirror, whose branches are the user's own": (
        "config remote.origin.fetch +refs/heads/*:refs/heads/*; commit f.py a b",
        *("topic", "", None, 2, ["a", "b"]),
    ),
}


@pytest.mark.parametrize("case", OUTGOING)
def test_what_the_remote_does_not_have_is_read(clone: Path, case: str) -> None:
    steps, local, there, base, commits, texts = OUTGOING[case]
    play(clone, steps)
    there = git(clone, "rev-parse", there) if there else ZERO

    found = news(clone, update(clone, local, there))

    assert found.base == (base and git(clone, "rev-parse", base))
    assert found.head == git(clone, "rev-parse", f"{local}^{{commit}}")
    assert found.commits == commits
    assert lines(clone, found) == texts


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


def test_a_forced_push_over_an_unknown_commit_says_so_and_takes_what_was_fetched(
    clone: Path,
) -> None:
    commit(clone, "two", f_py="a\nb\n")

    found = news(clone, update(clone, "topic", "ab" * 20))

    assert lines(clone, found) == ["b"]
    assert found.note
    assert "abababababab, which the remote has there now, is not in this clone" in found.note


def test_a_branch_that_is_merged_by_pushing_it_to_main_is_read(clone: Path) -> None:
    there = git(clone, "rev-parse", "main")
    commit(clone, "two", f_py="a\nb\n")
    git(clone, "push", "-q", "origin", "topic")

    found = news(clone, update(clone, "topic", there, "refs/heads/main"))

    assert lines(clone, found) == ["b"]


def test_what_only_another_remote_has_is_read(clone: Path) -> None:
    git(clone.parent, "clone", "-q", "there.git", "mallory")
    commit(clone.parent / "mallory", "evil", evil_py="e\n")
    play(clone, "remote add mallory ../mallory; remote add origin/sub ../mallory")
    git(clone, "config", "--add", "remote.origin.fetch", "+refs/pull/*:refs/remotes/origin/pr/*")
    git(clone.parent / "there.git", "fetch", "-q", "../mallory", "HEAD:refs/pull/7")
    there = git(clone, "rev-parse", "origin/main")
    play(clone, "fetch -q --multiple mallory origin/sub origin; checkout -q main")
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


def test_a_shallow_clone_that_does_not_reach_back_is_an_error(clone: Path, tmp_path: Path) -> None:
    commit(clone, "two", f_py="a\nb\n")
    git(clone, "push", "-q", "origin", "topic")
    shallow = tmp_path / "shallow"
    url = (clone.parent / "there.git").as_uri()
    git(tmp_path, "clone", "-q", "--depth=1", "-b", "topic", url, str(shallow))
    head = commit(shallow, "three", f_py="a\nb\nc\n")
    origin = git(shallow, "rev-parse", "origin/topic")

    assert news(shallow, update(shallow, "topic", origin)) == Outgoing(origin, head, 1)
    git(shallow, "update-ref", "-d", "refs/remotes/origin/topic")
    with pytest.raises(UsageError, match="shallow") as caught:
        outgoing(open_repository(shallow), update(shallow, "topic"), "origin")
    assert "--unshallow" in caught.value.fix


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
