"""The promise of `check`: exit code 0 means that the added lines were read, or that none were.

Each row is a checkout as people and CI have it. The repository that is cloned has `main` (commits
"one" and "two", which adds 2 lines) and `feature` (two commits on top of main, 3 lines).
"""

import json
import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reviewbot.cli import main
from tests.cli.small import ByteEncoder, write_artifact
from tests.cli.test_check import git

CLONE, FEATURE, MINE = "clone", "clone; checkout feature", "clone; checkout -b mine"
SHALLOW, DETACHED = "clone --depth 1", "clone --depth 1; checkout --detach"
LINKED = f"{FEATURE}; checkout main; worktree add ../linked feature; cd ../linked"
OWN_COPY = "commit n.py 2; update-ref refs/remotes/origin/mine HEAD; branch -u origin/mine"
REVERTED = f"{MINE}; commit n.py 1; revert --no-edit HEAD"
SEPARATE = "init --separate-git-dir ../away . -b main; commit one.py 1; write one.py 2"
NAMED = "init -b trunk; config init.defaultBranch trunk; commit n.py 1"
NAMELESS = "init -b trunk; commit n.py 2; branch other; write n.py 3"
MERGE = "merge --no-ff --no-commit"
FEATURE_INTO_MAIN = f"{CLONE}; {MERGE} origin/feature"
MAIN_INTO_MINE = f"{MINE} --no-track origin/main~1; commit n.py 1; {MERGE} origin/main"
TEAMMATES = (  # what was pushed of the branch, and what somebody else has pushed on top of it
    f"{FEATURE}; commit mine.py 4; checkout -b theirs; commit team.py 5;"
    f" update-ref refs/remotes/origin/feature HEAD; checkout feature; {MERGE} origin/feature"
)
# Steps, arguments of `check`, then: exit code, lines that the change adds, lines that were read.
# "gitdir" sets GIT_DIR as git does for a hook of this checkout; "write" and "commit" take a file
# and the number of its lines.
TABLE = [
    # upstream
    (CLONE, "", 0, 0, 0),
    (f"{CLONE}; commit n.py 1", "", 0, 1, 1),
    (f"{CLONE}; reset --hard HEAD~1", "", 0, 0, 0),
    (FEATURE, "", 0, 3, 3),
    (f"{FEATURE}; commit n.py 1", "", 0, 4, 4),
    (f"{FEATURE}; reset --hard HEAD~1", "", 0, 2, 2),
    (f"{FEATURE}; update-ref -d refs/remotes/origin/feature", "", 0, 3, 3),
    (f"{MINE}; {OWN_COPY}", "", 0, 2, 2),
    (f"{MINE} origin/main; commit n.py 1", "", 0, 1, 1),
    (f"{MINE} origin/feature", "", 0, 3, 3),
    (f"{MINE} --no-track origin/feature", "", 0, 3, 3),
    (f"{MINE}; remote remove origin; commit n.py 1", "", 0, 1, 1),
    ("clone -o fork; checkout feature", "", 0, 3, 3),
    ("clone -o fork; commit n.py 1; branch --unset-upstream", "", 0, 1, 1),
    (
        f"{CLONE}; remote add fork ../there.git; fetch fork; checkout -b feature fork/feature;"
        " update-ref refs/remotes/fork/main origin/main~1",
        "",
        *(0, 5, 5),
    ),
    # kinds of clones
    (SHALLOW, "", 2, 0, 0),
    (f"{SHALLOW}; write n.py 1; add .", "", 2, 1, 0),
    (f"{SHALLOW}; write n.py 1; add .", "HEAD", 0, 1, 1),
    (f"{SHALLOW}; commit n.py 1", "", 0, 1, 1),
    (SHALLOW, "origin/main", 2, 0, 0),
    (SHALLOW, "origin/main..HEAD", 2, 0, 0),
    (DETACHED, "", 2, 0, 0),
    (f"{DETACHED}; remote remove origin", "", 2, 0, 0),
    (f"{SHALLOW}; remote remove origin", "", 2, 0, 0),
    (f"{SHALLOW} -b feature", "", 2, 3, 0),
    ("clone --depth 2 --no-single-branch -b feature", "", 2, 3, 0),
    ("clone --depth 3 --no-single-branch -b feature", "", 0, 3, 3),
    ("clone --single-branch -b feature", "", 2, 3, 0),
    ("clone --bare", "", 2, 3, 0),
    ("clone --bare", "main..feature", 0, 3, 3),
    (f"{CLONE}; checkout --detach", "", 0, 0, 0),
    (f"{CLONE}; checkout --detach origin/feature", "", 0, 3, 3),
    ("init -b main", "", 0, 0, 0),
    ("init -b main; write n.py 2; add .", "", 0, 2, 2),
    ("init -b trunk; commit n.py 1; write n.py 2", "", 0, 1, 1),
    ("init -b trunk; commit n.py 1; checkout -b mine; commit m.py 1", "", 2, 1, 0),
    ("init -b trunk; commit n.py 1; checkout -b mine; commit m.py 1", "trunk", 0, 1, 1),
    ("init -b trunk; commit n.py 1; branch other; write n.py 2", "", 2, 1, 0),
    ("init -b trunk; commit n.py 1; branch other; write n.py 2", "HEAD", 0, 1, 1),
    (f"{NAMED}; branch other; write n.py 2", "", 0, 1, 1),
    (f"{NAMED}; checkout -b mine; commit m.py 2", "", 0, 2, 2),
    # ranges
    (FEATURE, "origin/main..HEAD", 0, 3, 3),
    (FEATURE, "origin/main...", 0, 3, 3),
    (FEATURE, "origin/main", 0, 3, 3),
    (FEATURE, "HEAD..origin/main", 2, 3, 0),
    (FEATURE, "feature...main", 2, 3, 0),
    (FEATURE, "HEAD..feature", 0, 0, 0),
    (REVERTED, "main..mine", 0, 0, 0),
    (REVERTED, "", 0, 0, 0),
    (CLONE, "origin/feature", 2, 3, 0),
    (f"{CLONE}; write two.py 3", "origin/feature", 0, 1, 1),
    # index and working tree
    (f"{CLONE}; write n.py 1; add .", "--staged", 0, 1, 1),
    (f"{CLONE}; write two.py 3", "--staged", 0, 0, 0),
    (f"{CLONE}; write n.py 1", "", 0, 0, 0),
    (f"{CLONE}; rm two.py", "", 0, 0, 0),
    # unfinished merges: without a range as much is read as when the merge is a commit
    (FEATURE_INTO_MAIN, "", 0, 3, 3),
    (FEATURE_INTO_MAIN, "main", 0, 3, 3),
    (f"{FEATURE_INTO_MAIN}; commit --no-edit", "", 0, 3, 3),
    (f"{FEATURE_INTO_MAIN}; write n.py 1; add .", "--staged", 0, 4, 1),
    (FEATURE_INTO_MAIN, "--staged", 0, 3, 0),
    (FEATURE_INTO_MAIN, "HEAD", 0, 3, 0),
    (TEAMMATES, "", 0, 12, 12),
    (TEAMMATES, "origin/main", 0, 12, 12),
    (TEAMMATES, "origin/feature", 0, 5, 0),
    (MAIN_INTO_MINE, "", 0, 3, 1),
    (f"{MAIN_INTO_MINE}; commit --no-edit", "", 0, 1, 1),
    (f"{MAIN_INTO_MINE}; write two.py 3; add .", "", 0, 4, 2),
    # working trees, and GIT_DIR without GIT_WORK_TREE
    (LINKED, "", 0, 3, 3),
    (f"{LINKED}; gitdir", "", 0, 3, 3),
    (f"{LINKED}; write sub/s.py 1; gitdir; cd sub", "", 0, 3, 3),
    (f"{LINKED}; write sub/s.py 1; gitdir", "--root sub", 0, 3, 3),
    (f"{LINKED}; write sub/s.py 1; add .; gitdir; cd sub", "--staged", 0, 1, 1),
    (f"{FEATURE}; write sub/s.py 1; gitdir; cd sub", "", 0, 3, 3),
    (f"{FEATURE}; write sub/s.py 1; gitdir .git", "--root sub", 0, 3, 3),
    (f"{FEATURE}; gitdir; cd .git", "origin/main..HEAD", 0, 3, 3),
    (f"{FEATURE}; gitdir; cd ..", "", 2, 3, 0),
    (f"{FEATURE}; gitdir; init ../other; cd ../other", "", 2, 3, 0),
    (f"{FEATURE}; gitdir; init nested; cd nested", "", 2, 3, 0),
    (f"{FEATURE}; worktree add ../linked main; gitdir; cd ../linked", "", 2, 3, 0),
    (f"{SEPARATE}; gitdir", "", 0, 1, 1),
    (f"{SEPARATE}; write sub/s.py 1; gitdir; cd sub", "", 0, 1, 1),
    (f"{SEPARATE}; gitdir; cd ..", "", 2, 1, 0),
    ("clone --bare; gitdir", "main..feature", 0, 3, 3),
]


Prepare = Callable[[str], None]


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository that is cloned, with an artifact beside it."""
    root = tmp_path_factory.mktemp("there")
    write_artifact(root / "artifact")
    git(root, "init", "-q", "--bare", "-b", "main", "there.git")
    git(root, "clone", "-q", "there.git", "work")
    work = root / "work"
    git(work, "checkout", "-q", "-b", "main")
    for branch, name, count in [
        ("main", "one.py", 1),
        ("main", "two.py", 2),
        ("feature", "f.py", 2),
        ("feature", "g.py", 1),
    ]:
        git(work, "checkout", "-q", "-B", branch)
        write(work / name, count)
        git(work, "add", ".")
        git(work, "commit", "-q", "-m", name)
    git(work, "push", "-q", "origin", "main", "feature")
    return root


@pytest.fixture(autouse=True)
def _alone(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.startswith(("REVIEWBOT_", "GIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("REVIEWBOT_ARTIFACT", str(there / "artifact"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setattr("reviewbot.app.check.load_model", lambda *_: ByteEncoder())


def write(path: Path, count: int) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"x{number} = 1\n" for number in range(count)))


@pytest.fixture
def prepare(there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prepare:
    """Take the steps, and leave the process in the directory of the last one."""
    return lambda steps: _prepare(steps, there, tmp_path, monkeypatch)


def _prepare(steps: str, there: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "there.git").symlink_to(there / "there.git")
    place = folder / "clone"
    place.mkdir()
    for step in steps.split(";"):
        match shlex.split(step):
            case ["clone", *more]:
                git(place, "clone", "-q", *more, (folder / "there.git").as_uri(), ".")
            case ["cd", name]:
                place = place / name
            case ["write", name, count]:
                write(place / name, int(count))
            case ["commit", name, count]:
                write(place / name, int(count))
                git(place, "add", ".")
                git(place, "commit", "-m", name)
            case ["gitdir", *given]:
                entry = place / ".git"
                found = str(entry if entry.exists() else place)
                if entry.is_file():
                    found = entry.read_text().removeprefix("gitdir: ").strip()
                monkeypatch.setenv("GIT_DIR", *(given or [found]))
            case command:
                with monkeypatch.context() as plain_git:
                    plain_git.delenv("GIT_DIR", raising=False)
                    git(place, *command)
    monkeypatch.chdir(place)


def run(command: str, *args: str) -> Result:
    result = CliRunner().invoke(main, [command, "--format", "json", *args])
    if result.exit_code == 2:
        first, second = result.stderr.splitlines()
        done = {"check": "nothing was scored: ", "who": "no author was looked for: "}[command]
        assert first.startswith(f"error: {done}")
        assert command == "check" or "reviewbot check" not in second
        assert second.startswith("  fix: ")
    return result


@pytest.mark.parametrize(("steps", "args", "code", "added", "read"), TABLE)
def test_no_change_is_green_unread(
    steps: str,
    args: str,
    code: int,
    added: int,
    read: int,
    prepare: Prepare,
) -> None:
    prepare(steps)

    result, who = run("check", *args.split()), run("who", *args.split())

    assert (result.exit_code, who.exit_code) == (code, code), result.stderr
    if code == 0:
        report, people = json.loads(result.stdout), json.loads(who.stdout)
        assert (report["ledger"]["added"], report["ledger"]["scored"]) == (added, read)
        assert sum(len(file["lines"]) for file in people["files"]) == read
        empty = not report["files"] or (added > 0 and not read)  # a merge brings it all
        assert report["verdict"]["reasons"][0].startswith("nothing to check: ") == empty
        assert any(note.startswith("nothing to check: ") for note in people["notes"]) == empty
        assert read or not added or empty


@pytest.mark.parametrize(
    ("steps", "args", "said"),
    [
        (CLONE, "", "HEAD is origin/main and the working tree is clean"),
        (f"{CLONE}; write n.py 1", "", "HEAD is origin/main and the working tree changes no track"),
        (f"{CLONE}; reset --hard HEAD~1", "", "HEAD is part of origin/main and the working tree"),
        (CLONE, "HEAD", "the working tree is clean"),
        (CLONE, "--staged", "nothing is staged"),
        (FEATURE, "HEAD..feature", "HEAD and feature are the same commit"),
        (REVERTED, "main..mine", "main and mine hold the same files"),
        (REVERTED, "", "no file differs from "),
        ("init -b main", "", "there is no commit yet, and nothing is staged"),
        (FEATURE_INTO_MAIN, "--staged", "every added line is already in "),
        (FEATURE_INTO_MAIN, "HEAD", "every added line is already in "),
    ],
)
def test_a_change_of_nothing_says_why_and_is_no_pass(
    steps: str,
    args: str,
    said: str,
    prepare: Prepare,
) -> None:
    prepare(steps)
    for style in ("terminal", "markdown", "html", "gcc", "junit", "sarif", "annotations"):
        result = CliRunner().invoke(main, ["check", "--format", style, *args.split()])
        assert result.exit_code == 0, result.stderr
        assert said in result.stdout.replace("\n", " "), style
        assert "PASS" not in result.stdout
        told = ["reviewbot: nothing to check: " in result.stderr, result.stderr == ""]
        assert told[style == "terminal"]


@pytest.mark.parametrize(
    ("steps", "fix"),
    [
        ("init -b trunk; commit n.py 1; branch other", "name the branch that this one left: "),
        (f"{SHALLOW} -b feature", "fetch more history: git fetch --unshallow"),
        (
            "clone -o fork --single-branch -b feature",
            "git remote set-branches fork '*' && git fetch",
        ),
    ],
)
def test_where_no_base_is_found_the_advice_fits_the_repository(
    steps: str, fix: str, prepare: Prepare
) -> None:
    prepare(steps)

    first, second = run("check").stderr.splitlines()

    assert "nothing was scored: no base found: no upstream" in first
    assert second.startswith(f"  fix: {fix}")
    assert second.endswith(
        "reviewbot check BRANCH. For uncommitted lines alone: reviewbot check HEAD"
    )


@pytest.mark.parametrize(("steps", "place"), [(SHALLOW, "one.py:1"), (NAMELESS, "n.py:2")])
def test_a_line_is_explained_where_no_base_is_found(
    steps: str, place: str, prepare: Prepare
) -> None:
    prepare(steps)

    result = run("explain", place)

    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["line"]["status"] == "scored"
    assert any("compared with HEAD, so only uncommitted" in text for text in found["notes"])
    refused = CliRunner().invoke(main, ["explain", place, "nowhere"]).stderr
    assert refused.startswith("error: nothing was explained: git knows no commit 'nowhere'")


def test_a_descendant_of_head_is_refused_with_what_the_working_tree_is(prepare: Prepare) -> None:
    prepare(f"{CLONE}; write n.py 1")

    said = run("check", "origin/feature").stderr

    assert "is a descendant of HEAD, and the working tree changes no tracked file" in said


@pytest.mark.parametrize(
    ("steps", "args", "processes"),
    [
        (f"{CLONE}; commit n.py 1", "", 8),
        (FEATURE, "", 8),
        (f"{FEATURE}; gitdir", "", 9),  # and one that finds the working tree
        (f"{FEATURE}; write n.py 1; add .", "", 8),
        (f"{FEATURE}; write f.py 3", "", 10),  # a commit and the working tree change it: two blames
        (FEATURE, "origin/main..HEAD", 8),
        (f"{CLONE}; write n.py 1; add .", "--staged", 7),
        (f"{CLONE}; write n.py 1; add .", "HEAD", 6),
    ],
)
def test_a_check_starts_few_processes_of_git(
    steps: str,
    args: str,
    processes: int,
    prepare: Prepare,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepare(steps)
    log, wrapper = tmp_path / "log", tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho "$@" >> "{log}"\nexec "{shutil.which("git")}" "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}")

    assert run("check", *args.split()).exit_code == 0
    calls = log.read_text().splitlines()
    assert len(calls) == processes, calls
