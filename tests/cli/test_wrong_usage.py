"""Wrong usage is told as what it is, with its way out, before a model is fetched or loaded."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reviewbot.app import load
from reviewbot.cli import console, main
from reviewbot.cli.train_reader import open_reader
from reviewbot.config.load import load_settings
from reviewbot.errors import EnvironmentFailure, MissingExtra, ReviewbotError, UsageError
from reviewbot.scoring.artifact import PRESETS, load_artifact
from tests.cli.small import environ
from tests.cli.test_check import DIFF, git, repo

__all__ = ["repo"]  # the fixture
GOLDEN = Path(__file__).parents[1] / "golden" / "wrong_usage.txt"
PLACE = "run it inside a repository"
USAGE = {
    "Commands and options": [
        "chek",
        "hook instal",
        "--nope",
        "check --formt json",
        "check --templates nowhere",
        "check --top",
        "hook run",
        "hook run pre-push --top",
        "completion powershell",
        "stats",
    ],
    "Changes": [
        "check a.py",
        "check main..a.py",
        "check ..",
        "check ../repo/a.py",
        "check .git/../a.py",
        "who a.py",
        "check a.py b.py",
        "check no-such-revision",
        "check mian..HEAD",
        "check release",
        "who no-such-branch",
        "who --staged main",
        "check --staged HEAD",
        "check --diff=- --staged",
        "check --diff=- HEAD",
        "check --diff=nowhere.diff",
        "check --diff=.",
        "check --diff=damaged.json",
        "check --root=nowhere",
        "init --root=nowhere",
        "check --root=../outside",
        "who --root=../outside",
    ],
    "Formats and outputs": [
        "check --format HTM",
        "check --also pdf=x",
        "check --also htm=x",
        "check --also html",
        "check --also =x",
        "check --also json=x --also html=x",
        "check --output x --also json=x",
        "check --output=nowhere/x",
        "who --format sarif",
        "explain a.py:1 --format sarif",
        "explain a.py:1 --format html",
    ],
    "Settings": [
        "check --diff=a.diff --root=typo",
        "check --diff=a.diff --root=type",
        "check --diff=a.diff --root=bounds",
        "check --diff=a.diff --root=choice",
        "check --diff=a.diff --root=syntax",
        "check --max-risk=nan",
        "check --max-risk=high",
        "check --top=-1",
        "check --exclude=!",
        "check --engine tourch",
        "check --fail-on-for a=.1 --fail-on-for b=2",
        "calibrate --budget 1",
    ],
    "Artifacts and models": [
        "check --artifact huge",
        "check --artifact quik",
        "check --artifact small",
        "check --artifact .",
        "check --artifact a.py",
        "check --artifact ~nobody/x",
        "explain --features --artifact huge",
        "model path --artifact huge",
        "serve --artifact huge",
        "hook install -- --artifact huge",
        "model pull smollm-135m",
        "check --calibration atuo",
    ],
    "Explanations": [
        "explain",
        "explain a.py",
        "explain a.py:99",
        "explain a.py:1 a.py",
        "explain a.py:1 a.py b.py",
        "explain a.py:1 --feature 3",
        "explain a.py:1 --staged --report damaged.json",
        "explain --feature 3 --report damaged.json",
        "explain a.py:1 --report damaged.json",
        "explain a.py:1 --report nowhere.json",
    ],
    "Pull requests": [
        "review",
        "review main..HEAD",
        "review --pr one",
        "review --pr 1 --repository name",
        "review --pr 1 --repository o/r",
        "review --from-report nowhere.json",
        "review --from-report damaged.json",
        "review --from-report part.json",
        "review --from-report damaged.json main..HEAD",
        "review --from-report damaged.json --output x",
    ],
    "Training": [
        "train nope",
        "train predictor --out made",
        "train evaluate --out made",
        "train sae --corpus nowhere --work w --out made",
    ],
}


@pytest.fixture
def wrong(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository, with files to be wrong about; outside of any workflow."""
    for name in [name for name in os.environ if name.startswith("GITHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("GH_TOKEN", raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(repo.parent))
    git(repo, "update-ref", "refs/remotes/origin/release", "HEAD")
    (repo.parent / "outside").mkdir()
    (repo / "a.diff").write_text(DIFF)
    (repo / "damaged.json").write_text('{"schema": "reviewbot/1", "verdict":')
    (repo / "part.json").write_text('{"schema": "reviewbot/1"}')
    for name, line in {
        "typo": "max-rsk = 0.5",
        "type": 'exclude = "*.md"',
        "bounds": "max-risk = 2",
        "choice": 'engine = "tourch"',
        "syntax": "max-risk =",
    }.items():
        (repo / name).mkdir()
        (repo / name / ".reviewbot.toml").write_text(f"{line}\n")
    return repo


def reviewbot(*args: str) -> Result:
    return CliRunner().invoke(main, args)


def refused(result: Result, what: str, fix: str, code: int = 2) -> None:
    """Two lines on stderr, nothing on stdout."""
    assert (result.exit_code, result.stdout) == (code, "")
    first, second = result.stderr.splitlines()
    assert what in first.removeprefix("error: ")
    assert fix in second.removeprefix("  fix: ")


def test_wrong_usage_names_what_is_wrong_and_what_was_perhaps_meant(
    wrong: Path, golden: Callable[[Path, str], None]
) -> None:
    text = ""
    for heading, commands in USAGE.items():
        text += f"{heading}\n\n"
        for words in commands:
            result = reviewbot(*words.split())
            assert result.stdout == "", words
            what, fix = result.stderr.splitlines()
            assert what.startswith("error: "), words
            assert fix.startswith("  fix: "), words
            text += f"$ reviewbot {words}\n{what}\n{fix}\n  exit: {result.exit_code}\n\n"

    assert not {"x", "made", "w"} & {path.name for path in wrong.iterdir()}
    golden(GOLDEN, text)


@pytest.mark.parametrize(
    ("words", "done"),
    [
        ("hook install", "installed"),
        ("init --settings", "written"),
        ("calibrate", "stored"),
        ("stats --root . .", "counted"),
    ],
)
def test_outside_a_repository_no_command_gives_the_advice_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, done: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    result = reviewbot(*words.split())

    refused(result, f"nothing was {done}: . is not in a git repository", PLACE)
    assert "--diff" not in result.stderr
    assert f"{PLACE}, or pass a diff with --diff" in reviewbot("check").stderr


def test_a_branch_that_is_called_like_a_file_is_a_range(repo: Path) -> None:
    git(repo, "branch", "a.py")

    assert reviewbot("who", "a.py").exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        "check --format html",
        "check --output - --format html",
        "check --output x --also html=-",
        "review --format html",
        "stats . --format html",
        "explain --features --format html --output -",
    ],
)
def test_a_page_is_not_poured_onto_a_terminal(
    repo: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setattr(console, "stdout_is_terminal", lambda: True)
    for module in ("review", "check"):  # the first imports from the second
        monkeypatch.setattr(
            f"reviewbot.app.{module}.score_source", lambda *_, **__: pytest.fail("it was scored")
        )

    refused(reviewbot(*words.split()), "is a page, and stdout is a terminal", "add --output FILE")


def test_only_a_page_is_kept_off_a_terminal_and_only_off_a_terminal(repo: Path) -> None:
    (repo / "notes.txt").write_text("nothing that a model has to read\n")
    git(repo, "add", ".")
    ours, theirs = pty.openpty()
    codes = []
    for style, stdout in (("html", theirs), ("gcc", theirs), ("html", subprocess.PIPE)):
        command = [sys.executable, "-m", "reviewbot", "check", "--staged", f"--format={style}"]
        done = subprocess.run(
            command, stdout=stdout, stderr=subprocess.PIPE, timeout=60, env=environ()
        )
        codes.append((done.returncode, b"is a terminal" in done.stderr))
    os.close(theirs)
    os.close(ours)

    assert codes == [(2, True), (0, False), (0, False)]
    assert done.stdout.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("device", "quantize", "error", "what"),
    [
        ("cuda", "none", EnvironmentFailure, "device is cuda, and torch .* sees no GPU"),
        ("cpu", "8bit", UsageError, "'8bit' needs a GPU"),
        ("cuda", "4bit", MissingExtra, "needs bitsandbytes"),
    ],
)
def test_what_this_machine_cannot_compute_is_said_before_a_model_is_made_ready(
    monkeypatch: pytest.MonkeyPatch,
    device: str,
    quantize: str,
    error: type[ReviewbotError],
    what: str,
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("reviewbot.encoders.quantization.find_spec", lambda _: None)
    monkeypatch.setattr(
        "reviewbot.models.ensure.ensure_model", lambda *_, **__: pytest.fail("fetched")
    )
    settings = load_settings({}, {"device": device, "quantize": quantize, "server": "never"})

    with pytest.raises(error, match=what):
        load.load_model(settings, load_artifact(PRESETS["quick"]), lambda _: None)
    with pytest.raises(error, match=what):
        open_reader(
            model="smollm2-135m-8",
            layer=None,
            dtype=None,
            threads=1,
            description=False,
            device=device,
            quantize=quantize,
        )
