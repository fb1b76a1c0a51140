"""What an unsaved text adds to the last commit, whatever the editor made of its bytes."""

import os
from pathlib import Path

import pytest

from reviewbot.diff import parser
from reviewbot.diff.merge import own_part
from reviewbot.errors import EnvironmentFailure, UsageError
from reviewbot.lsp import buffer
from reviewbot.lsp.buffer import Location, Outside, as_shown, change_of, locate
from reviewbot.lsp.head_fingerprint import head_fingerprint
from tests.authorship.repos import Repo, repo_at

CODE = "".join(f"line_{number} = {number}\n" for number in range(40))


@pytest.fixture(autouse=True)
def _nobodys_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return repo_at(tmp_path / "repo")


def added(repo: Repo, name: str, text: str) -> list[tuple[int, str]]:
    """The lines that a text adds, with their numbers; git's own count must agree."""
    location = locate(repo.root / name)
    assert isinstance(location, Location)
    request = change_of(location, text)
    if request is None:
        return []
    (file,) = parser.parse(request.diff).files
    assert file.path == location.path
    assert request.numstat == {location.path: (len(file.added), file.removed)}
    return [(line.number, line.text.removesuffix("\r")) for line in file.added]


def test_with_git_dir_set_a_document_is_compared_in_its_own_checkout_or_not_read(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("sub", {"sub/b.py": "x = 1\n"})
    repo.git("worktree", "add", "-q", "../linked", "main")
    other = repo_at(tmp_path / "other")
    nested = repo_at(repo.root / "nested")
    monkeypatch.setenv("GIT_DIR", str(repo.root / ".git"))

    assert added(repo, "sub/b.py", "x = 1\ny = 2\n") == [(2, "y = 2")]
    for root in (other.root, nested.root, tmp_path / "linked"):
        found = locate(root / "a.py")
        assert found == Outside("it is not in the git checkout that GIT_DIR names")

    monkeypatch.setenv("GIT_DIR", str(repo.root / ".git/worktrees/linked"))
    linked = Repo(tmp_path / "linked")
    linked.write({"new/c.py": ""})
    assert added(linked, "new/c.py", "x = 1\n") == [(1, "x = 1")]
    assert added(linked, "a.py", "one = 1\ntwo = 2\nthree = 3\nfour = 4\n") == [(4, "four = 4")]


def test_what_was_committed_adds_nothing_whatever_lies_on_disk(repo: Repo) -> None:
    repo.write({"a.py": "something = 'else'\n"})

    assert added(repo, "a.py", "one = 1\ntwo = 2\nthree = 3\n") == []
    assert added(repo, "a.py", "one = 1\nnew = 0\ntwo = 2\nthree = 3\n") == [(2, "new = 0")]
    assert added(repo, "a.py", "") == []


def test_a_file_that_git_does_not_know_is_new_as_a_whole(repo: Repo) -> None:
    assert added(repo, "no/such/folder/b.py", "x = 1\ny = 2") == [(1, "x = 1"), (2, "y = 2")]


def test_before_the_first_commit_everything_is_new(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.git("init", "-q")

    assert added(repo, "b.py", "x = 1\n") == [(1, "x = 1")]


@pytest.mark.parametrize(
    ("committed", "shown"),
    [
        (b"a = 1\r\nb = 2\r\n", "a = 1\nb = 2\n"),
        (b"a = 1\nb = 2\n", "a = 1\r\nb = 2\r\n"),
        (b"a = 1\nb = 2", "a = 1\nb = 2\n"),
        (b"a = 1\nb = 2\n", "a = 1\nb = 2"),
        (b"\xef\xbb\xbfa = 1\n", "a = 1\n"),
        (b"\xef\xbb\xbfa = 1\n", "\ufeffa = 1\n"),
        (b"a = '\xe9'\n# \x80\n", "a = '\u00e9'\n# \u20ac\n"),
        (b"a = '\xe9'\n# \x81\n", "a = '\u00e9'\n# \x81\n"),
        (b"a = '\xe9'\n", "a = '\ufffd'\n"),
        ("\ufeffa = '\u00e9'\n".encode("utf-16-le"), "a = '\u00e9'\n"),
        ("a = 1\x0cb = 2\x85\r\u2028\n".encode(), "a = 1\x0cb = 2\x85\r\u2028\n"),
    ],
)
def test_what_an_editor_does_to_bytes_is_no_edit(repo: Repo, committed: bytes, shown: str) -> None:
    repo.commit("bytes", {"x.py": committed})

    assert added(repo, "x.py", shown) == []
    more = shown.removesuffix("\n") + "\nnew = 1\n"
    assert added(repo, "x.py", more) == [(more.count("\n"), "new = 1")]


def test_only_the_encoding_that_gives_the_editors_lines_is_taken() -> None:
    raw = "s = 'é'\nt = 'ü'\n".encode("latin-1")

    assert as_shown(raw, "s = 'é'\nt = 'x'\n") == "s = 'é'\nt = 'ü'\n".encode()
    assert as_shown(b"plain\n", "other\n") == b"plain\n"


@pytest.mark.parametrize("staged", [True, False])
def test_a_renamed_file_adds_only_what_was_edited(repo: Repo, staged: bool) -> None:
    repo.commit("code", {"old.py": CODE, "other.py": "x = 1\n" * 30})
    if staged:
        repo.git("mv", "old.py", "new.py")
        (repo.root / "other.py").unlink()
    else:
        (repo.root / "old.py").rename(repo.root / "new.py")
        (repo.root / "other.py").unlink()

    assert added(repo, "new.py", CODE) == []
    assert added(repo, "new.py", CODE + "more = 1\n") == [(41, "more = 1")]
    assert len(added(repo, "another.py", "y = 2\n" * 9)) == 9


def test_a_link_or_a_submodule_that_became_a_file_is_new(repo: Repo) -> None:
    (repo.root / "link.py").symlink_to("a.py")
    repo.commit("link", {})
    (repo.root / "link.py").unlink()
    repo.write({"link.py": "x = 1\n"})

    assert added(repo, "link.py", "x = 1\n") == [(1, "x = 1")]


def test_where_a_document_does_not_belong_to_git_is_said(repo: Repo, tmp_path: Path) -> None:
    repo.commit("ignore", {".gitignore": "*.log\nout/\n", "kept.log": "x\n"})
    repo.git("add", "-f", "kept.log")

    def why(file: Path) -> str:
        location = locate(file)
        return location.why if isinstance(location, Outside) else ""

    assert why(repo.root / "x.log") == why(repo.root / "out/deep/x.py") == "git ignores it"
    assert why(tmp_path / "x.py") == "it is in no git checkout"
    assert why(repo.root / ".git" / "x.py") == "it is in no git checkout"
    assert why(repo.root / "kept.log") == why(repo.root / ":x.py") == ""


def test_other_repositories_below_are_their_own(repo: Repo) -> None:
    inner = repo_at(repo.root / "inner")
    location = locate(inner.root / "a.py")

    assert isinstance(location, Location)
    assert (location.top, location.path) == (inner.root, "a.py")


def test_a_huge_committed_file_is_an_error_and_no_half_comparison(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffer, "MAX_BASE", 10)

    with pytest.raises(UsageError, match="more than"):
        added(repo, "a.py", "x = 1\n")


def test_a_damaged_repository_is_an_error(repo: Repo) -> None:
    tree = repo.git("rev-parse", "HEAD^{tree}")
    (repo.root / ".git/objects" / tree[:2] / tree[2:]).unlink()

    with pytest.raises(EnvironmentFailure):
        added(repo, "a.py", "x = 1\n")


def test_settings_of_git_do_not_change_what_is_added(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("odd", {"sp \t\u00e9 b/c.py": "a = 1\nb = 2\n"})
    settings = {
        "core.autocrlf": "true",
        "core.safecrlf": "true",
        "core.quotePath": "true",
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.algorithm": "patience",
        "diff.context": "0",
        "color.ui": "always",
        "diff.wordRegex": ".",
    }
    for key, value in settings.items():
        repo.git("config", "-f", str(tmp_path / "config"), key, value)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))

    assert added(repo, "sp \t\u00e9 b/c.py", "a = 1\r\nx = 0\r\nb = 2\r\n") == [(2, "x = 0")]


def test_lines_of_another_parent_of_an_unfinished_merge_are_known(repo: Repo) -> None:
    repo.git("checkout", "-q", "main")
    repo.commit("theirs", {"a.py": "one = 1\ntwo = 2\nthree = 3\nfour = 4\n", "b.py": "x = 1\n"})
    repo.git("checkout", "-q", "topic")
    location = locate(repo.root / "a.py")
    assert isinstance(location, Location)
    before = head_fingerprint(location.git_dir, location.common)
    repo.git("merge", "--no-commit", "--no-ff", "main")
    assert (
        head_fingerprint(location.git_dir, location.common) != before
    )  # what was said before is stale

    request = change_of(location, "one = 1\ntwo = 2\nthree = 3\nfour = 4\nmine = 5\n")

    assert request is not None
    (own,) = own_part(parser.parse(request.diff), [parser.parse(request.other_diffs[0])]).files
    assert [line.text for line in own.added] == ["mine = 5"]
    assert "unfinished merge: lines that" in request.notes[0]
