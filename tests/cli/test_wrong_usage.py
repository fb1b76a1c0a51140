"""Wrong usage is told as what it is, with its way out, before a model is fetched or loaded."""

import os
import pty
import subprocess
import sys
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
from tests.cli.test_check import git, repo

__all__ = ["repo"]  # the fixture
ONE = "give quick, deep, or an artifact's directory"
NAMES = "give quick, deep, auto, or an artifact's directory"
MODELS = "use one of qwen2.5-coder-0.5b, qwen2.5-coder-1.5b, smollm2-135m, smollm2-135m-8"
FORMATS = "the formats are: terminal, json, markdown, sarif, html, annotations, rdjson, "
FILES = "git diff HEAD -- FILE | reviewbot {} --diff -"
CHECK, WHO, EXPLAIN = (FILES.format(word) for word in ("check", "who", "explain PATH:LINE"))
AUTHOR, EXPLAINED = "no author was looked for: ", "nothing was explained: "
PLACE = "run it inside a repository"
USAGE: list[tuple[str, str, str]] = [  # words, what happened, how the advice begins or what it has
    ("check --artifact huge", "nothing was scored: no artifact is named 'huge'", NAMES),
    ("check --artifact quik", "no artifact is named 'quik'", f"did you mean 'quick'? {NAMES}"),
    ("check --artifact small", "no artifact is named 'small'", NAMES),
    ("check --artifact .", "the directory '.' holds no artifact (manifest.json is missing)", NAMES),
    ("check --artifact a.py", "no artifact is named 'a.py'", NAMES),
    ("check --artifact ~nobody/x", "no artifact is named '~nobody/x'", NAMES),
    ("features list --artifact huge", "nothing was shown: no artifact is named 'huge'", ONE),
    ("model path --artifact huge", "nothing was done: no artifact is named 'huge'", NAMES),
    ("hook install -- --artifact huge", "nothing was installed: no artifact is named", NAMES),
    ("model pull smollm-135m", "no model is named", f"did you mean 'smollm2-135m'? {MODELS}"),
    ("check --calibration atuo", "there is no calibration file 'atuo'", "did you mean 'auto'? "),
    ("check a.py", "'a.py' is a path, and a range names commits", CHECK),
    ("check main..a.py", "'a.py' is a path, and a range names commits", CHECK),
    ("check ..", "'..' is a path, and a range names commits", CHECK),
    ("check ../repo/a.py", "'../repo/a.py' is a path, and a range names commits", CHECK),
    ("check .git/../a.py", "'.git/../a.py' is a path, and a range names commits", CHECK),
    ("who a.py", f"{AUTHOR}'a.py' is a path, and a range names commits", WHO),
    ("explain a.py:1 a.py", f"{EXPLAINED}'a.py' is a path, and a range names comm", EXPLAIN),
    ("check a.py b.py", "expected one RANGE (A, A..B or A...B), got 2 arguments", CHECK),
    ("explain a.py:1 a.py b.py", f"{EXPLAINED}expected one RANGE", EXPLAIN),
    ("who --staged main", f"{AUTHOR}--staged cannot be combined with a range", "give only one"),
    ("chek", "No such command 'chek'. Did you mean 'check'?", "see `reviewbot --help`"),
    ("model pul", "No such command 'pul'. Did you mean 'pull'?", "see `reviewbot model --help`"),
    ("check --format HTM", "format cannot be 'HTM' (flag --format)", "did you mean 'html'? give"),
    ("check --engine tourch", "engine cannot be 'tourch'", "did you mean 'torch'? give one of "),
    ("check --also pdf=x", "--also 'pdf=x': no format is named 'pdf'", FORMATS),
    ("review --also htm=x", "no format is named 'htm'", f"did you mean 'html'? {FORMATS}"),
    ("check --also html", "--also 'html' is not FORMAT=FILE", "such as --also html=FILE; the form"),
    ("check --also =x", "--also '=x' is not FORMAT=FILE", "such as --also json=FILE; the formats"),
    ("check --max-risk-for a=.1 --max-risk-for b=2", "max-risk-for cannot be 'b=2'", "PATTERN="),
    ("--nope", "No such option '--nope'", "see `reviewbot --help`"),
    ("check --nope", "No such option '--nope'", "see `reviewbot check --help`"),
    ("check --top", "Option '--top' requires an argument", "see `reviewbot --help`"),
    ("review a", "Got unexpected extra argument (a)", "see `reviewbot review --help`"),
    ("check --diff=- --staged", "--diff cannot be combined with --staged", "give only one"),
    ("check --diff=- HEAD", "--diff cannot be combined with a range", "give only one"),
    ("check --staged HEAD", "--staged cannot be combined with a range", "give only one"),
    ("check --diff=nowhere.diff", "nowhere.diff: No such file", "name the file of a diff, or -"),
    ("check --diff=.", "nothing was checked: .: Is a directory", "name the file of a diff, or -"),
    ("check --root=nowhere", "nowhere is no directory", "give an existing one as --root"),
    ("init --root=nowhere", "nothing was written: nowhere is no directory", "give an existing one"),
    ("check no-such-revision", "git knows no commit 'no-such-revision'", "name a branch, a tag"),
    ("who no-such-branch", f"{AUTHOR}git knows no commit 'no-such-branch'", "name a branch, a tag"),
    ("check --max-risk=nan", "max-risk cannot be nan (flag --max-risk)", "a number between 0 and"),
    ("calibrate --budget 1", "Invalid value for '--budget': give a share", "see `reviewbot calib"),
    ("check --top=-1", "top cannot be -1 (flag --top)", "a whole number of at least 0 and at most"),
    ("check --exclude=!", "exclude cannot be '!' (flag --exclude)", "patterns as in .gitignore"),
    ("who --format sarif", "authors have no format 'sarif'", "use one of: json, markdown, term"),
]  # fmt: skip


def reviewbot(*args: str) -> Result:
    return CliRunner().invoke(main, args)


def refused(result: Result, what: str, fix: str, code: int = 2) -> None:
    """Two lines on stderr, nothing on stdout."""
    assert (result.exit_code, result.stdout) == (code, "")
    first, second = result.stderr.splitlines()
    assert what in first.removeprefix("error: ")
    assert fix in second.removeprefix("  fix: ")


@pytest.mark.parametrize(("words", "what", "fix"), USAGE, ids=[row[0] for row in USAGE])
def test_wrong_usage_names_what_is_wrong_and_what_was_perhaps_meant(
    repo: Path, words: str, what: str, fix: str
) -> None:
    refused(reviewbot(*words.split()), what, fix)


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
        "features html --output -",
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
