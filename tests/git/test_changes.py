"""What a range means, what is read of the head, and what a stranger's repository cannot do."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from reviewbot.app.load_change import check_numstat
from reviewbot.diff import parser
from reviewbot.diff.model import first_mismatch, head_lines
from reviewbot.errors import EnvironmentFailure, ReviewbotError, UsageError
from reviewbot.git import files as git_files
from reviewbot.git import process
from reviewbot.git.changes import INDEX, WORKTREE, ChangeRequest, collect, head_files
from reviewbot.git.comparison import parse_numstat
from reviewbot.git.files import BlobFiles, CommitFiles, Objects, WorktreeFiles
from reviewbot.git.process import start


@pytest.fixture(autouse=True)
def _own_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "gitconfig"
    config.write_text("[user]\nname = n\nemail = e@x\n[init]\ndefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("HOME", str(tmp_path))  # git before 2.32 reads ~/.gitconfig instead
    (tmp_path / ".gitconfig").write_text(config.read_text())
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)


def git(root: Path, *args: str) -> str:
    done = subprocess.run(["git", *args], cwd=root, capture_output=True, check=True)
    return done.stdout.decode().strip()


def commit(root: Path, subject: str, **files: str) -> str:
    """Write files (f_py means f.py), commit them and return the hash."""
    for name, text in files.items():
        (root / name.replace("_", ".")).write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-qm", subject)
    return git(root, "rev-parse", "HEAD")


def play(root: Path, steps: str) -> None:
    """Run git commands that ';' separates.

    `write FILE LINE...` writes a file instead, and `commit FILE LINE...` commits it, too.
    """
    for step in filter(None, map(str.strip, steps.split(";"))):
        match shlex.split(step):
            case ["write" | "commit" as verb, name, *lines] if not name.startswith("-"):
                (root / name).write_text("".join(f"{line}\n" for line in lines))
                if verb == "commit":
                    commit(root, name)
            case command:
                git(root, *command)


def copy_of(build: Callable[[Path], None], where: Path) -> Path:
    """Copy the directory that `build` fills, once per process: git is slower than a copy."""
    return Path(shutil.copytree(_built(build).name, where, symlinks=True))


@cache
def _built(build: Callable[[Path], None]) -> TemporaryDirectory[str]:
    folder = TemporaryDirectory()
    build(Path(folder.name))
    return folder


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """main: one, two. topic, checked out: one, three. One change is not committed."""
    return copy_of(_repo, tmp_path / "repo")


def _repo(root: Path) -> None:
    play(root, "init -q -b main; commit f.py a; branch topic; commit main.py 'on main'")
    git(root, "checkout", "-q", "topic")
    commit(root, "three", f_py="a\nb\n")
    (root / "f.py").write_text("a\nb\nworktree\n")


def added(request: ChangeRequest) -> list[str]:
    """Return the added lines, after checking them against numstat and the head files."""
    change = parser.parse(request.diff)
    assert {f.path: (len(f.added), f.removed) for f in change.files} == request.numstat
    reader = head_files(request)
    for file in change.files:
        head = reader.read(file.path)
        assert head is not None
        assert first_mismatch(file, head_lines(head)) is None
    return [line.text for file in change.files for line in file.added]


def refused(root: Path, range_: str | None = None, *, staged: bool = False) -> ReviewbotError:
    with pytest.raises(ReviewbotError) as caught:
        collect(root, range_, staged=staged)
    assert str(caught.value).startswith("nothing was scored: ")
    assert str(caught.value).count("\n") == 1
    return caught.value


def test_the_default_is_the_working_tree_since_the_default_branch(repo: Path) -> None:
    request = collect(repo)

    assert added(request) == ["b", "worktree"]
    assert request.base == git(repo, "merge-base", "main", "topic")
    assert (request.head, request.subjects, request.title) == (WORKTREE, ("three",), "three")


@pytest.mark.parametrize(
    ("steps", "range_", "lines"),
    [
        # no range: the upstream, else the remote's default branch, else the local one
        ("branch up; branch --set-upstream-to=up; commit --allow-empty -m x", None, ["worktree"]),
        ("update-ref refs/remotes/origin/main HEAD", None, ["worktree"]),
        ("commit -qam x; checkout -q main; write main.py 'on main' more", None, ["more"]),
        # a revision: from its merge base to the working tree
        ("", "main", ["b", "worktree"]),
        ("", "HEAD", ["worktree"]),
        # a range ends at a commit; an empty side is HEAD
        ("", "main..topic", ["b"]),
        ("", "main...topic", ["b"]),
        ("", "main..", ["b"]),
        ("", "main...HEAD", ["b"]),
        ("", "..main", ["on main"]),
    ],
)
def test_a_range_or_none_names_a_change(
    repo: Path, steps: str, range_: str | None, lines: list[str]
) -> None:
    play(repo, steps)
    request = collect(repo, range_)

    assert added(request) == lines
    if range_ and ".." in range_:
        end = range_.rpartition(".")[2] or "HEAD"
        assert request.head == git(repo, "rev-parse", end)
        assert request.untracked == ()


def test_staged_means_the_index_and_not_the_working_tree(repo: Path) -> None:
    git(repo, "add", "f.py")
    (repo / "f.py").write_text("changed again\n")
    request = collect(repo, staged=True)

    assert added(request) == ["worktree"]
    assert request.head == INDEX


def test_before_the_first_commit_everything_is_new(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "new")
    root = tmp_path / "new"
    (root / "f.py").write_text("a\n")
    assert collect(root).untracked == ("f.py",)
    git(root, "add", "f.py")

    assert added(collect(root)) == added(collect(root, staged=True)) == ["a"]
    assert collect(root).base is None


def test_a_subdirectory_shows_the_whole_change(repo: Path) -> None:
    (repo / "sub").mkdir()

    assert added(collect(repo / "sub")) == ["b", "worktree"]


def test_untracked_files_are_named_and_ignored_ones_are_not(repo: Path) -> None:
    (repo / ".gitignore").write_text("*.log\n")
    (repo / "x.log").write_text("")
    (repo / "né\nw.py").write_text("")

    assert collect(repo).untracked == (".gitignore", "né\nw.py")


CONFIGURATION = """
diff.external false; diff.noprefix true; diff.mnemonicPrefix true; diff.suppressBlankEmpty true
diff.context 0; diff.interHunkContext 9; diff.renames false; diff.algorithm patience
diff.orderFile /nonexistent; diff.relative true; diff.submodule log; color.ui always
core.pager false; core.quotePath true; log.showSignature true
core.fsmonitor 'touch ran-fsmonitor'
"""


def test_the_users_configuration_does_not_change_the_diff(repo: Path) -> None:
    plain = collect(repo)
    play(repo, re.sub(r"[;\n]+ ?(?=\w)", "; config ", CONFIGURATION))

    assert git(repo, "config", "core.fsmonitor")
    assert collect(repo) == plain
    assert not (repo / "ran-fsmonitor").exists()


def test_text_conversion_and_external_diffs_do_not_run(repo: Path) -> None:
    (repo / ".gitattributes").write_text("*.py diff=evil\n")
    git(repo, "config", "diff.evil.textconv", "touch ran-textconv; cat")
    git(repo, "config", "diff.evil.command", "touch ran-command")

    assert "b" in added(collect(repo))
    assert not list(repo.glob("ran-*"))


def test_a_file_that_is_not_utf8_is_collected_and_matches(repo: Path) -> None:
    (repo / "f.py").write_bytes(b"a\nna\xefve \xff\n")
    with (repo / os.fsdecode(b"caf\xe9.py")).open("wb") as file:
        file.write(b"x\n")
    git(repo, "add", "-A")

    for request in (collect(repo), collect(repo, staged=True)):
        assert "na\ufffdve \ufffd" in added(request)
        assert "caf\\xe9.py" in request.numstat


def test_binary_files_and_renames_are_in_numstat(repo: Path) -> None:
    lines = [f"{n}\n" for n in range(20)]
    commit(repo, "long", f_py="".join(lines))
    (repo / "f.py").write_text("".join([*lines, "more\n"]))
    (repo / "b.bin").write_bytes(b"\0")
    git(repo, "mv", "f.py", 'new "name".py')
    git(repo, "add", "-A")

    assert collect(repo, "HEAD").numstat == {"b.bin": None, 'new "name".py': (1, 0)}


def test_what_is_not_numstat_is_refused() -> None:
    with pytest.raises(ValueError, match="numstat"):
        parse_numstat(b"hello\0")


def test_no_repository_is_an_error(tmp_path: Path) -> None:
    assert "not in a git repository" in refused(tmp_path).what
    assert "not a directory" in refused(tmp_path / "none").what


@pytest.mark.parametrize(
    ("range_", "what"),
    [
        *((r, "git knows no commit") for r in ("nowhere", "nowhere..HEAD", "HEAD..nowhere")),
        *((r, "git knows no commit") for r in ("", "^HEAD", "a b")),
        *((r, "is not a revision") for r in ("--output=x", "HEAD..--output=x", "-1..HEAD")),
        ("HEAD...-p", "is not a revision"),
    ],
)
def test_what_names_no_commit_is_refused_and_is_no_option(
    repo: Path, range_: str, what: str
) -> None:
    error = refused(repo, range_)

    assert isinstance(error, UsageError)
    assert what in error.what
    assert not (repo / "x").exists()


def test_a_range_and_staged_exclude_each_other(repo: Path) -> None:
    with pytest.raises(UsageError, match="exclude each other"):
        collect(repo, "main", staged=True)


def test_a_shallow_clone_without_the_merge_base_says_how_to_deepen(
    repo: Path, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", "--no-single-branch", f"file://{repo}", "shallow")
    shallow = tmp_path / "shallow"

    error = refused(shallow, "origin/main")
    assert "shallow" in error.what
    assert "--unshallow" in error.fix
    assert "fetch-depth: 0" in refused(shallow, "HEAD~1").fix


def test_unrelated_histories_have_no_merge_base(repo: Path) -> None:
    play(repo, "checkout -q -f --orphan other; commit other.py x")

    assert "no common ancestor" in refused(repo, "main").what


def test_a_bare_repository_has_commits_but_no_working_tree(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare")
    bare = tmp_path / "bare"

    assert "no working tree" in refused(bare).what
    assert "no working tree" in refused(bare, staged=True).what
    assert added(collect(bare, "main..topic")) == ["b"]


def test_unresolved_conflicts_are_an_error(repo: Path) -> None:
    git(repo, "commit", "-qam", "four")
    git(repo, "checkout", "-q", "-b", "other", "main")
    commit(repo, "five", f_py="different\n")
    subprocess.run(["git", "merge", "-q", "topic"], cwd=repo, capture_output=True, check=False)

    assert "unresolved conflicts" in refused(repo).what
    assert "unresolved conflicts" in refused(repo, staged=True).what
    assert added(collect(repo, "main..topic")) == ["b", "worktree"]


def test_a_machine_without_git_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    error = refused(tmp_path)
    assert isinstance(error, EnvironmentFailure)
    assert "not installed" in error.what


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ("echo 'fatal: detected dubious ownership in repository' >&2; exit 128", "another user"),
        ("echo 'fatal: bad \033[31mobject' >&2; exit 128", r"exit code 128\): fatal: bad \?\["),
        ("kill -9 $$", "signal 9"),
        ("exec sleep 5", "did not end within"),
        ("yes", "prints more than"),
    ],
)
def test_a_git_that_fails_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, what: str
) -> None:
    (tmp_path / "git").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")

    with pytest.raises(ReviewbotError, match=what):
        process.git(tmp_path, "status", timeout=0.3 if "sleep" in script else 9, limit=5000)


def test_the_working_tree_reader_stays_inside_and_opens_only_regular_files(
    repo: Path,
) -> None:
    os.mkfifo(repo / "fifo")
    (repo.parent / "secret").write_text("s")
    (repo / "link").symlink_to("f.py")
    (repo / "dir").symlink_to(".")
    (repo / "folder.py").mkdir()
    reader = WorktreeFiles(repo, limit=4)

    for path in ("../secret", f"{repo}/f.py", "link", "dir/f.py", "fifo", ".", "", ".git/config"):
        assert reader.read(path) is None, path
    assert reader.read("folder.py") is None
    for path in ("none", "f.py/x", "a\0b", ".GIT/config", "x" * 5000, "./f.py", "a//b"):
        assert reader.read(path) is None, path
    assert reader.read("f.py") == b"a\nb\nw"  # one byte over the limit says: too large


def test_index_and_commit_are_read_by_path_whatever_is_in_it(repo: Path) -> None:
    (repo / "odd\nname.py").write_text("odd\n")
    (repo / "link").symlink_to("f.py")
    (repo / "empty.py").write_text("")
    git(repo, "add", "-A")
    (repo / "f.py").write_text("later\n")

    index = head_files(collect(repo, staged=True), limit=7)
    assert index.read("f.py") == b"a\nb\nwork"
    assert index.read("odd\nname.py") == b"odd\n"
    assert index.read("empty.py") == b""
    assert index.read("link") is None
    assert index.read("none") is None
    assert index.read("../x") is None
    head = CommitFiles(Objects(repo), "HEAD")
    assert head.read("f.py") == b"a\nb\n"
    assert head.read("odd\nname.py") is None


def test_a_binary_that_becomes_a_link_is_no_contradiction(repo: Path) -> None:
    (repo / "b.py").write_bytes(b"x\0y\n")
    (repo / "l.py").symlink_to("q")
    first = commit(repo, "one", c_py="c = 1\n")
    for name in ("b.py", "l.py"):
        (repo / name).unlink()
    (repo / "b.py").symlink_to("c.py")
    (repo / "l.py").write_bytes(b"x\0\n")
    commit(repo, "two", c_py="c = 1\nd = 2\n")

    request = collect(repo, f"{first}..HEAD")

    assert request.numstat == {"b.py": None, "l.py": None, "c.py": (1, 0)}
    check_numstat(parser.parse(request.diff), request.numstat)


def test_a_missing_blob_does_not_end_the_process_that_reads_the_next(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    def counted(*args: Any, **kwargs: Any) -> "subprocess.Popen[bytes]":
        started.append(1)
        return start(*args, **kwargs)

    monkeypatch.setattr(git_files, "start", counted)
    files = BlobFiles(
        Objects(repo), {"gone": "9" * 40, "f.py": git(repo, "rev-parse", "HEAD:f.py")}
    )
    for _ in range(2):
        with pytest.raises(EnvironmentFailure, match="gave no content for 'gone'"):
            files.read("gone")
    assert files.read("f.py")

    assert started == [1]
