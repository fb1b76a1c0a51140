"""`reviewbot hook install` and `uninstall`: whose files they touch, and what they write."""

import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reviewbot.cli import main
from reviewbot.cli.hook import script
from reviewbot.forges.hooks import Owner, owner
from tests.test_local import _own_configuration, commit, git

__all__ = ["_own_configuration"]
OTHER = "#!/bin/sh\necho mine\n"


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    monkeypatch.chdir(root)
    return root


def hook(*args: str) -> Result:
    return CliRunner().invoke(main, ["hook", *args])


def test_the_hook_is_executable_and_ours_and_goes_away_again(repo: Path) -> None:
    path = repo / ".git/hooks/pre-push"

    assert hook("install").exit_code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    assert owner(path) is Owner.OURS
    assert not [file for file in path.parent.iterdir() if file.name.startswith(".")]
    assert hook("uninstall").exit_code == 0
    assert not path.exists()


def test_installing_again_takes_the_new_flags_and_says_which_it_drops(repo: Path) -> None:
    path = ".git/hooks/pre-push"
    said = [
        hook("install", *args).stderr
        for args in ([], [], ["--", "--exclude", "a b/*"], ["--", "--artifact", "tiny"], [])
    ]

    assert [line.rpartition(": ")[0] for line in said] == [
        "installed",
        "installed",
        "replaced (its flags were: none)",
        "replaced (its flags were: --exclude 'a b/*')",
        "replaced (its flags were: --artifact tiny)",
    ]
    hook("install", "--", "--artifact", "tiny")
    assert 'hook run --artifact tiny -- pre-push "$@"' in (repo / path).read_text()


def test_a_flag_that_is_none_is_refused_by_the_name_of_the_command_that_has_flags(
    repo: Path,
) -> None:
    result = CliRunner().invoke(main, ["hook", "install", "--", "--bogus"], prog_name="reviewbot")

    assert result.exit_code == 2
    assert result.stderr.endswith("  fix: see `reviewbot hook run --help`\n")
    assert not (repo / ".git/hooks/pre-push").exists()


@pytest.mark.parametrize("made", ["file", "link", "dangling", "directory"])
def test_anothers_hook_is_never_touched(repo: Path, made: str, tmp_path: Path) -> None:
    path = repo / ".git/hooks/pre-push"
    target = tmp_path / "theirs"
    target.write_text(OTHER)
    match made:
        case "file":
            path.write_text(OTHER)
        case "link":
            path.symlink_to(target)
        case "dangling":
            path.symlink_to(tmp_path / "gone")
        case _:
            path.mkdir()
    before = path.lstat()

    result = hook("install", "--", "--max-risk", "0.3")

    first, second = result.stderr.splitlines()
    assert result.exit_code == 2
    assert first.startswith("error: nothing was installed: ")
    assert second.endswith('reviewbot hook run --max-risk 0.3 -- pre-push "$@" || exit')
    assert hook("uninstall").exit_code == 0
    assert hook("uninstall", "--type", "pre-push").exit_code == 2
    assert (path.lstat().st_ino, path.lstat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert target.read_text() == OTHER


def test_a_hook_of_ours_that_somebody_edited_is_his(repo: Path) -> None:
    hook("install")
    path = repo / ".git/hooks/pre-push"
    path.write_text(path.read_text() + "echo mine\n")

    assert owner(path) is Owner.EDITED
    assert "was edited" in hook("install").stderr
    assert hook("uninstall").exit_code == 2
    assert path.read_text().endswith("echo mine\n")


def test_core_hookspath_is_where_git_looks(repo: Path, tmp_path: Path) -> None:
    git(repo, "config", "core.hooksPath", "own hooks")

    assert hook("install").stderr.count("\n") == 1
    assert owner(repo / "own hooks/pre-push") is Owner.OURS

    git(repo, "config", "--unset", "core.hooksPath")
    git(repo, "config", "--global", "core.hooksPath", "~/all")
    result = hook("install", "--type", "pre-commit")

    assert owner(tmp_path / "all/pre-commit") is Owner.OURS
    assert "runs in each of them" in result.stderr


def test_an_empty_core_hookspath_is_an_error(repo: Path) -> None:
    git(repo, "config", "core.hooksPath", "")

    assert hook("install").exit_code == 2


def test_a_linked_worktree_has_the_hooks_of_its_repository(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repo, "one", f_py="a\n")
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "other")
    monkeypatch.chdir(tmp_path / "linked")

    assert hook("install").exit_code == 0
    assert owner(repo / ".git/hooks/pre-push") is Owner.OURS


@pytest.mark.parametrize(
    "flags",
    [
        ["--max-risk", "3"],
        ["--nope"],
        ["--max-risk"],
        ["pre-push"],
        ["--format", "json"],
        ["x" * 20_000],
    ],
)
def test_wrong_flags_are_refused_before_anything_is_written(repo: Path, flags: list[str]) -> None:
    result = hook("install", "--", *flags)

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 2
    assert not (repo / ".git/hooks/pre-push").exists()


def test_a_folder_that_cannot_be_made_is_exit_4(repo: Path) -> None:
    git(repo, "config", "core.hooksPath", os.devnull)

    result = hook("install")

    assert result.exit_code == 4
    assert len(result.stderr.splitlines()) == 2
    assert "git runs no hooks" in result.stderr
    assert "core.hooksPath" in result.stderr.splitlines()[1]


def test_outside_a_repository_it_is_two_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    result = hook("install")

    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 2)


NASTY = ("--exclude", "a 'b' $(touch x) `touch x`\n\"; touch x; *")


def test_flags_and_paths_reach_the_program_as_they_were_given(tmp_path: Path) -> None:
    python = tmp_path / "py 'th\"on $(touch x)"
    python.write_text(
        '#!/bin/sh\n[ "$3" = -c ] && echo here && exit\nfor word; do printf "%s\\0" "$word"; done\n'
    )
    python.chmod(0o755)
    file = tmp_path / "hook"
    file.write_bytes(script("pre-push", str(python), NASTY))

    done = subprocess.run(
        ["sh", str(file), "origin", "a b"], cwd=tmp_path, capture_output=True, text=True
    )

    given = done.stdout.split("\0")[:-1]
    assert given == [
        "-E", "-P", "-m", "reviewbot", "hook", "run", *NASTY, "--", "pre-push", "origin", "a b"
    ]  # fmt: skip
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("shell", ["sh", "bash --posix", "dash"])
def test_the_path_is_the_second_choice_and_without_both_the_push_is_stopped(
    tmp_path: Path, shell: str
) -> None:
    file = tmp_path / "hook"
    file.write_bytes(script("pre-push", "/nowhere/python"))
    other = tmp_path / "bin" / "reviewbot"
    other.parent.mkdir()
    other.write_text('#!/bin/sh\necho "found: $*"\n')
    other.chmod(0o755)
    command = f"{shell} {shlex.quote(str(file))} origin url"

    def run(path: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": path}
        return subprocess.run(["/bin/sh", "-c", command], env=env, capture_output=True, text=True)

    found = run(f"{other.parent}:/usr/bin:/bin")
    if "not found" in found.stderr:
        pytest.skip(f"{shell} is not installed")
    assert found.stdout == "found: hook run -- pre-push origin url\n"
    lost = run("/usr/bin:/bin")
    assert lost.returncode == 4
    assert "git push --no-verify" in lost.stderr


def test_the_documented_way_for_two_hooks_gives_the_refs_to_both(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text()
    (snippet,) = re.findall(r"```sh\n(#!/bin/sh\n.*?)```", text, re.S)
    for name, code in (("reviewbot", 0), ("git", 0)):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\necho "$0 $*"; cat; exit {code}\n')
        program.chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    refs = "a 1 b 2\nc 3 d 4\n"

    def run() -> subprocess.CompletedProcess[str]:
        command = ["sh", "-c", snippet, "pre-push", "origin", "url"]
        return subprocess.run(command, input=refs, env=env, capture_output=True, text=True)

    done = run()
    assert done.returncode == 0
    assert done.stdout == (
        f"{tmp_path}/reviewbot hook run pre-push origin url\n{refs}"
        f"{tmp_path}/git lfs pre-push origin url\n{refs}"
    )
    (tmp_path / "reviewbot").write_text("#!/bin/sh\ncat >/dev/null; exit 3\n")
    assert (run().returncode, run().stdout) == (3, "")


@pytest.mark.parametrize("path", ["", ":", ".", ":/opt"])
@pytest.mark.parametrize("python", [sys.executable, "/nowhere/python"])
def test_code_in_the_pushed_repository_is_not_imported(
    repo: Path, path: str, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo / "reviewbot").mkdir()
    for name in ("reviewbot/__init__.py", "reviewbot/__main__.py", "click.py", "sitecustomize.py"):
        (repo / name).write_text("open('imported', 'w')\nprint('here')\n")
    (repo / "bin").mkdir()
    (repo / "bin/reviewbot").write_text(f'#!/bin/sh\nexec {sys.executable} -P -m reviewbot "$@"\n')
    (repo / "bin/reviewbot").chmod(0o755)
    monkeypatch.setattr(sys, "executable", python)
    hook("install", "--", "--artifact", "tiny")

    done = subprocess.run(
        [".git/hooks/pre-push", "origin", "url"],
        cwd=repo,
        input="",
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": path,
            "PATH": f"{repo / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONUSERBASE": ".",
        },
    )

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "reviewbot: nothing to check, git names no ref to push\n"
    assert not (repo / "imported").exists()


def test_a_program_in_the_pushed_repository_is_not_called(repo: Path) -> None:
    (repo / "reviewbot").write_text("#!/bin/sh\ntouch called\n")
    (repo / "reviewbot").chmod(0o755)
    (repo / "hook").write_bytes(script("pre-push", "/nowhere/python"))

    done = subprocess.run(
        ["/bin/sh", "hook", "origin", "url"], cwd=repo, env={"PATH": ".:/usr/bin:/bin"}
    )

    assert done.returncode == 4
    assert not (repo / "called").exists()
