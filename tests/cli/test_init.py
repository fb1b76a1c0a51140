"""`reviewbot init`: what it finds, what it writes, and what it leaves alone."""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reviewbot.app.init import SCHEMA_FILE, WORKFLOW_FILE
from reviewbot.cli import main
from reviewbot.config.load import from_files, settings_from
from tests.app.test_new_files import tree
from tests.app.test_pre_commit import SAMPLE
from tests.git.test_changes import _own_configuration, commit, git

__all__ = ["_own_configuration"]
ROOT = Path(__file__).parents[2]
HOOKS = ".pre-commit-config.yaml"
ALL = ("--settings", "--workflow", "--pre-commit")
FILES = {
    "src/app.py": "a = 1\n",
    "src/web.ts": "let a = 1\n",
    "shop/migrations/0001.py": "a = 1\n",
    "shop/migrations/0001.sql.txt": "no code\n",
    "node_modules/dist/x.js": "skipped anyway\n",
    "marked/generated/x.py": "skipped anyway\n",
    ".gitattributes": "marked/** linguist-generated\n",
    "dist/README.md": "no code\n",
}


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q", "-b", "trunk")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    commit(root, "one")
    git(root, "remote", "add", "origin", "https://me:secret@github.com/a/b.git")
    git(root, "update-ref", "refs/remotes/origin/trunk", "HEAD")
    git(root, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    monkeypatch.chdir(root)
    return root


def init(*args: str) -> Result:
    return CliRunner().invoke(main, ["init", *args], prog_name="reviewbot")


def refused(result: Result, what: str, fix: str) -> None:
    """Two lines on stderr, nothing on stdout, exit code 2."""
    assert (result.exit_code, result.stdout) == (2, "")
    first, second = result.stderr.splitlines()
    assert what in first.removeprefix("error: ")
    assert fix in second.removeprefix("  fix: ")


def test_without_a_flag_it_shows_what_is_there_and_writes_nothing(repo: Path) -> None:
    before = tree(repo)

    result = init("--root", "src")

    assert result.exit_code == 0, result.stderr
    assert tree(repo) == before
    assert "secret" not in result.stdout
    assert (
        result.stdout
        == f"""\
repository      {repo}
forge           GitHub (github.com)
default branch  trunk
languages       python (2 files), typescript (1 file)
settings        none
pre-commit      not used
workflows       none that runs reviewbot
could exclude   migrations/ (1 file)

Nothing was written. These flags of `reviewbot init` write:
  --settings    .reviewbot.toml, and a schema with which editors complete it
  --workflow    .github/workflows/reviewbot.yml, which reviews each pull request
  --pre-commit  two hooks, in .pre-commit-config.yaml

Next:
  reviewbot check      score the lines of your branch and uncommitted work
  reviewbot calibrate  propose thresholds from your own merged changes
"""
    )


def test_all_flags_write_all_files_which_are_valid(repo: Path) -> None:
    before = tree(repo)

    result = init(*ALL)

    assert result.exit_code == 0, result.stderr
    written = [".reviewbot.toml", SCHEMA_FILE, WORKFLOW_FILE, HOOKS]
    assert result.stdout.splitlines()[:4] == [f"wrote {repo / path}" for path in written]
    folders = {".github", ".github/workflows"}
    assert tree(repo).keys() - before.keys() == {*written, *folders}
    settings = settings_from(*from_files(repo))
    assert (settings.artifact, settings.exclude) == ("auto", ("migrations/",))
    assert {n for n, origin in settings.origins.items() if origin != "default"} == {
        "artifact",
        "exclude",
    }
    first = (repo / ".reviewbot.toml").read_text().partition("\n")[0]
    assert (repo / first.removeprefix("#:schema ")).read_bytes() == (
        ROOT / "reviewbot/schemas/settings_v1.json"
    ).read_bytes()
    ready = ROOT / "docs/workflows/pull-request.yml"
    assert (repo / WORKFLOW_FILE).read_bytes() == ready.read_bytes()


def test_without_such_folders_the_settings_exclude_nothing(repo: Path) -> None:
    git(repo, "rm", "-rq", "shop")

    assert init("--settings").exit_code == 0
    assert settings_from(*from_files(repo)).exclude == ()
    assert "exclude" not in (repo / ".reviewbot.toml").read_text()


@pytest.mark.parametrize(
    "command",
    [
        "check-jsonschema --builtin-schema vendor.github-workflows",
        "zizmor --offline --no-progress",
    ],
)
def test_the_workflow_passes_the_checks_of_the_ready_ones(repo: Path, command: str) -> None:
    program, *words = command.split()
    if (path := shutil.which(program)) is None:
        pytest.skip(f"{program} is not installed (pip install -e '.[dev]')")
    assert init("--workflow").exit_code == 0

    done = subprocess.run([path, *words, WORKFLOW_FILE], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("before", ["", SAMPLE])
def test_pre_commit_accepts_what_was_written(repo: Path, before: str) -> None:
    if find_spec("pre_commit") is None:
        pytest.skip("pre-commit is not installed (pip install -e '.[dev]')")
    if before:
        (repo / HOOKS).write_text(before)

    result = init("--pre-commit")

    assert f"{'changed' if before else 'wrote'} {repo / HOOKS}\n" in result.stdout
    assert (repo / HOOKS).read_text().startswith(before)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pre_commit", "validate-config"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    refused(
        init("--pre-commit"), f"nothing was written: {HOOKS} runs reviewbot already", "hooks.md"
    )


@pytest.mark.parametrize(
    ("path", "text", "flag", "what"),
    [
        (".reviewbot.toml", "top = 3\n", "settings", ".reviewbot.toml exists already"),
        ("pyproject.toml", "[tool.reviewbot]\ntop = 3\n", "settings", "pyproject.toml [tool.revi"),
        (SCHEMA_FILE, "{}\n", "settings", f"{SCHEMA_FILE} exists already"),
        (WORKFLOW_FILE, "on: push\n", "workflow", f"{WORKFLOW_FILE} exists already"),
        (".github", "a file\n", "workflow", ".github is no directory"),
        (
            ".github/workflows/ci.yaml",
            "      - uses: a/reviewbot@v1\n",
            "workflow",
            "ci.yaml runs reviewbot already",
        ),
        (
            ".github/workflows/ci.yml",
            "      - run: pip install x && reviewbot check main..HEAD\n",
            "workflow",
            "ci.yml runs reviewbot already",
        ),
        (HOOKS, "repos: []\n", "pre-commit", f"{HOOKS} has a form that init cannot extend"),
    ],
)  # fmt: skip
def test_what_is_there_is_refused_before_anything_is_written(
    repo: Path, path: str, text: str, flag: str, what: str
) -> None:
    (repo / path).parent.mkdir(parents=True, exist_ok=True)
    (repo / path).write_text(text)
    before = tree(repo)

    result = init(*ALL)

    refused(result, what, "")
    assert result.stderr.startswith("error: nothing was written: ")
    assert tree(repo) == before
    overview = init().stdout
    assert f"  --{flag:<11} not possible: " in overview
    assert overview.count("not possible") == 1
    others = [other for other in ALL if other != f"--{flag}"]
    assert init(*others).exit_code == 0


def test_a_workflow_that_only_mentions_reviewbot_does_not_count(repo: Path) -> None:
    path = repo / ".github/workflows/ci.yml"
    path.parent.mkdir(parents=True)
    path.write_text("# uses: a/reviewbot@v1\nname: not reviewbot\n# reviewbot check\n")

    assert "none that runs reviewbot" in init().stdout
    assert init("--workflow").exit_code == 0


@pytest.mark.parametrize(
    ("name", "page"),
    [("GitLab", "docs/gitlab.md"), ("Gitea", "docs/jenkins.md, or docs/editors.md")],
)
def test_another_forge_gets_no_github_workflow(repo: Path, name: str, page: str) -> None:
    host = f"{name.lower()}.example.org"
    git(repo, "remote", "set-url", "origin", f"git@{host}:a/b.git")

    assert f"forge           {name} ({host})\n" in init().stdout
    refused(init("--workflow"), f"{name} hosts this repository", page)


@pytest.mark.parametrize("dangling", [False, True])
@pytest.mark.parametrize("path", [".reviewbot.toml", SCHEMA_FILE, ".github", WORKFLOW_FILE, HOOKS])
def test_no_link_is_followed(repo: Path, tmp_path: Path, path: str, dangling: bool) -> None:
    outside = tmp_path / "outside"
    if not dangling and path == ".github":
        outside.mkdir()
    elif not dangling:
        outside.write_text(SAMPLE if path == HOOKS else "")
    (repo / path).parent.mkdir(parents=True, exist_ok=True)
    (repo / path).symlink_to(outside)
    before = tree(tmp_path)

    result = init(*ALL)

    assert result.exit_code == 2, result.output
    assert len(result.stderr.splitlines()) == 2
    assert tree(tmp_path) == before


def test_a_repository_without_a_commit_or_a_remote_can_be_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q", "-b", "first")
    monkeypatch.chdir(tmp_path)

    shown = init().stdout
    assert "forge           none: no remote with a host\ndefault branch  first\n" in shown
    assert "languages       none in tracked files\n" in shown
    assert init(*ALL).exit_code == 0


def test_names_from_the_repository_are_made_visible(repo: Path) -> None:
    path = repo / ".github/workflows/a\x1b[31m.yml"
    path.parent.mkdir(parents=True)
    path.write_text("- run: reviewbot check\n")

    assert "a<U+001B>[31m.yml" in init().stdout
    assert "\x1b" not in init().stdout + init("--workflow").stderr
