"""`reviewbot check`, from a real git repository to the exit code; only the model is small."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from reviewbot.app import load
from reviewbot.cli import main
from reviewbot.cli.console import look, rendered, write_file
from reviewbot.config.schema import Settings
from reviewbot.errors import EnvironmentFailure
from reviewbot.git import changes
from reviewbot.models.ensure import ensure_model
from reviewbot.report.json_v1 import schema
from reviewbot.scoring.artifact import ArtifactModel
from tests import tiny
from tests.cli.small import ByteEncoder, environ, write_artifact
from tests.git.test_changes import copy_of
from tests.render.examples import report, scored
from tests.tiny import edit_json

LOAD_MODEL = load.load_model
LONG = "value = compute(first, second, third) + other(fourth, fifth)"
DIFF = """\
diff --git a/a.py b/a.py
index 1111111..2222222 100644
--- a/a.py
+++ b/a.py
@@ -1 +1,2 @@
 x = 1
+y = 2
"""


def git(where: Path, *args: str) -> None:
    """Run git as a person without any configuration would."""
    names = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *names, *args], cwd=where, check=True, capture_output=True, env=env)


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit on main, settings that name a small artifact, and no model."""
    for name in [name for name in os.environ if name.startswith("REVIEWBOT_")]:
        monkeypatch.delenv(name)
    artifact = write_artifact(tmp_path / "artifact")
    monkeypatch.setenv("REVIEWBOT_ARTIFACT", str(artifact))
    monkeypatch.setenv("REVIEWBOT_FAIL_ON", "critical")
    monkeypatch.setattr("reviewbot.app.check.load_model", lambda *_: ByteEncoder())
    where = copy_of(first_commit, tmp_path / "repo")
    monkeypatch.chdir(where)
    return where


def first_commit(where: Path) -> None:
    git(where, "init", "-b", "main")
    (where / "a.py").write_text("x = 1\n")
    git(where, "add", ".")
    git(where, "commit", "-m", "first")


def check(*args: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["check", *args], input=stdin)


def as_json(result: Result) -> Any:
    assert result.stdout, result.stderr
    found = json.loads(result.stdout)
    jsonschema.validate(found, schema())
    return found


def test_a_risky_line_blocks_and_is_shown(repo: Path) -> None:
    (repo / "a.py").write_text(f"x = 1\n{LONG}\ny = 2\n")

    result = check()

    assert result.exit_code == 1
    assert "1. a.py:2" in result.stdout
    assert LONG in result.stdout
    assert "BLOCK (exit 1): 1 line is critical (fail-on critical, 0 allowed)" in result.stdout
    assert "\x1b" not in result.stdout
    assert result.stderr == ""


def with_changes(artifact: Path) -> Path:
    """Let an artifact know other changes: ten in a hundred have no risk, others up to 0.9."""
    rows = [{"least": 0, "changes": 76, "fixed": 20}, {"least": 0.5, "changes": 76, "fixed": 62}]
    survived = [max(0, n - 10) / 100 for n in range(101)]
    edit_json(artifact / "manifest.json", changes={"survived": survived, "labelled": rows})
    return artifact


def test_the_change_as_a_whole_has_one_figure_in_every_format(repo: Path, tmp_path: Path) -> None:
    with_changes(tmp_path / "artifact")
    (repo / "a.py").write_text(f"x = 1\n{LONG}\ny = 2\n")

    found = as_json(check("--format=json"))

    level, risks = found["change"]["level"], [one["risk"] for one in found["files"][0]["lines"]]
    assert level["expected"] == pytest.approx(sum(risks), abs=2e-6)
    assert (level["percentile"], level["counted"], level["last_changes"]) == (99, 99, None)
    words = "about 1.0 wrong lines expected; riskier than 99 % of AI-authored changes that survived"
    for style in ("terminal", "markdown", "html", "junit"):
        assert f"he change: {words}" in " ".join(check(f"--format={style}").stdout.split())


def test_a_change_above_its_limit_blocks_and_says_why(repo: Path, tmp_path: Path) -> None:
    with_changes(tmp_path / "artifact")
    for text, lines, code in ((LONG, 1, 1), (LONG, 3, 0), ("y = 2", 1, 0)):
        (repo / "a.py").write_text(f"x = 1\n{text}\n")
        flags = ("--fail-on=never", "--fail-on-change=90", f"--min-lines={lines}")
        result = check(*flags)
        assert result.exit_code == code
        words = "riskier than 99 % of AI-authored changes that survived (fail-on-change 90)"
        assert (words in " ".join(result.stdout.split())) == (text == LONG)


def test_a_limit_for_changes_needs_others_to_compare_with_before_anything_is_read(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo / "a.py").write_text(f"x = 1\n{LONG}\n")
    monkeypatch.setenv("REVIEWBOT_FAIL_ON_CHANGE", "90")
    assert CliRunner().invoke(main, ["explain", "a.py:2"]).exit_code == 0  # a line is no change
    monkeypatch.setattr("reviewbot.app.check.load_model", lambda *_: pytest.fail("it was loaded"))

    result = check()

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        "error: nothing was scored: fail-on-change 90 compares with other changes, and artifact"
        " 'small' knows none",
        "  fix: run `reviewbot calibrate`, give --artifact quick or auto, or leave fail-on-change"
        " out",
    ]


def test_a_change_that_needs_no_reading_says_its_kind_and_is_judged_all_the_same(
    repo: Path, tmp_path: Path
) -> None:
    (repo / "tests").mkdir()
    (repo / "tests" / "test_a.py").write_text(f"{LONG}\n")
    git(repo, "add", ".")

    result = check("--format=json")

    assert as_json(result)["change"]["cleared"] == "tests"
    assert result.exit_code == 1
    (repo / "a.py").write_text("x = 2\n")
    assert as_json(check("--format=json"))["change"]["cleared"] == ""


def test_a_harmless_change_passes_in_two_lines_when_quiet_is_asked_for(repo: Path) -> None:
    (repo / "a.py").write_text("x = 1\ny = 2\n")

    result = check("--quiet", "--timings")

    assert result.exit_code == 0
    assert "reading the code and scoring" in result.stderr
    assert result.stdout.splitlines() == [
        "PASS (exit 0): no line blocks (fail-on critical); all lines are low",
        "1 line added = 1 scored + 0 skipped",
    ]


def test_json_keeps_the_schema_and_the_same_change_gives_the_same_bytes(repo: Path) -> None:
    (repo / "a.py").write_text(f"x = 1\n{LONG}\n\ny = 2\n")

    first, second = check("--format", "json"), check("--format=json")

    found = as_json(first)
    assert first.stdout_bytes == second.stdout_bytes
    assert found["ledger"]["added"] == 3
    statuses = [line["status"] for line in found["files"][0]["lines"]]
    assert statuses == ["scored", "skipped", "scored"]
    assert found["change"]["head"] == "worktree"
    assert (found["artifact"]["name"], found["model"]["name"]) == ("small", "letters")
    assert (found["policy"]["fail_on"], found["policy"]["max_risk"]) == ("critical", None)
    assert [line["level"] for line in found["files"][0]["lines"]] == ["critical", None, "low"]


def test_flags_rule_the_gate(repo: Path) -> None:
    (repo / "a.py").write_text(f"x = 1\n{LONG}\n")

    assert check("--max-lines-over=1").exit_code == 0
    assert check("--fail-on=high").exit_code == 1
    assert check("--min-lines=2").exit_code == 0
    assert check("--fail-on=never").exit_code == 0
    assert check("--fail-on=never", "--max-risk=0.1").exit_code == 1
    assert check("--fail-on=never", "--fail-on-for=*.py=medium").exit_code == 1
    assert check("--fail-on-for=*.py=never").exit_code == 0


def test_by_default_a_check_is_advisory_and_shows_what_is_high(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REVIEWBOT_FAIL_ON")
    (repo / "a.py").write_text(f"x = 1\n{LONG}\n\n\n\n{'h' * 21}\n\n\n\n{'m' * 19}\n")

    result = check()

    assert result.exit_code == 0
    places = ("1.", "2.", "3.", "below")
    assert [line for line in result.stdout.splitlines() if line.startswith(places)] == [
        "1. a.py:2",
        "2. a.py:6",
        "below the level shown (high):",
        "3. a.py:10",
    ]
    assert "critical: riskier than 99.8 % of changed lines (risk 1.00)" in result.stdout
    last = "PASS (exit 0): no line blocks: fail-on is never; 1 critical, 1 high, 1 medium"
    assert result.stdout.splitlines()[-1] == last
    assert "below the level" not in check("--show=medium").stdout
    assert "3. a.py:10" not in check("--top=2").stdout
    (repo / "a.py").write_text(f"x = 1\n{'y' * 60_000}\n")
    assert check().exit_code == 3


def test_settings_of_the_top_directory_count_from_below_it_too(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo / ".reviewbot.toml").write_text("max-lines-over = 1\n")
    (repo / "a.py").write_text(f"x = 1\n{LONG}\n")
    (repo / "below").mkdir()
    monkeypatch.chdir(repo / "below")

    assert check().exit_code == 0
    assert check("--max-lines-over=0").exit_code == 1


def test_staged_and_range_and_untracked_files(repo: Path) -> None:
    (repo / "a.py").write_text("x = 1\ny = 2\n")
    git(repo, "add", ".")
    (repo / "a.py").write_text("x = 1\ny = 2\nz = 3\n")
    (repo / "new.py").write_text("n = 1\n")

    assert as_json(check("--staged", "--format=json"))["ledger"]["added"] == 1
    worktree = as_json(check("HEAD", "--format=json"))
    assert worktree["ledger"]["added"] == 2
    assert worktree["notes"] == ["1 untracked file is not part of the change: new.py"]
    git(repo, "commit", "-m", "second")
    assert as_json(check("HEAD~1..HEAD", "--format=json"))["ledger"]["added"] == 1


def test_the_page_names_the_repository_by_its_remote_else_by_its_directory(repo: Path) -> None:
    (repo / "a.py").write_text("x = 1\n")

    assert f"{repo.name}, from " in check("--format", "html").stdout
    git(repo, "remote", "add", "origin", "https://me:secret@example.org/team/app.git")
    page = check("--format", "html").stdout
    assert "team/app, from " in page
    assert "secret" not in page


def test_a_diff_on_stdin_or_in_a_file_needs_no_repository(repo: Path, tmp_path: Path) -> None:
    bare = tmp_path / "files"
    bare.mkdir()
    (bare / "a.py").write_text("x = 1\ny = 2\n")
    (tmp_path / "change.diff").write_text(DIFF)

    piped = check("--diff=-", f"--root={bare}", "--format=json", stdin=DIFF.encode())
    named = check(f"--diff={tmp_path / 'change.diff'}", f"--root={bare}", "--format=json")

    assert as_json(piped)["change"].items() >= {"base": None, "head": "files"}.items()
    assert as_json(piped)["ledger"]["scored"] == 1
    assert piped.stdout == named.stdout


@pytest.mark.parametrize("flags", [(), ("--fail-on=never",)])
def test_a_diff_that_does_not_fit_the_files_is_incomplete(
    repo: Path, flags: tuple[str, ...]
) -> None:
    (repo / "a.py").write_text("something else\n")

    result = check("--diff=-", *flags, stdin=DIFF.encode())

    assert result.exit_code == 3
    assert "INCOMPLETE (exit 3)" in result.stdout
    assert "not scored: a.py, line 2" in result.stdout


@pytest.mark.parametrize(
    ("name", "where", "why"),
    [("src/dir.py", "failed", "missing or may not be read"), ("src", "skipped", "not code")],
)
def test_a_directory_is_no_head_file(repo: Path, name: str, where: str, why: str) -> None:
    (repo / "src" / "dir.py").mkdir(parents=True)
    diff = f"--- /dev/null\n+++ b/{name}\n@@ -0,0 +1,1 @@\n+x = 1\n"

    result = check("--diff=-", "--format=json", stdin=diff.encode())

    assert result.exit_code == (3 if where == "failed" else 0), result.stderr
    (line,) = as_json(result)["files"][0]["lines"]
    assert line["status"] == where
    assert why in line["why"]


def test_nothing_to_check_is_a_pass_that_loads_no_model_and_no_torch(repo: Path) -> None:
    code = (
        "import sys\nfrom reviewbot.cli import main\n"
        "try: main(['check', '--model', 'no-such-model'])\n"
        "except SystemExit as exc: print(exc.code)\n"
        "print([n for n in ('torch', 'transformers', 'gguf', 'github') if n in sys.modules])"
    )

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environ()
    )

    assert result.stdout.splitlines()[-2:] == ["0", "[]"], result.stderr
    assert "no line was added" in result.stdout


def test_bytes_that_are_no_diff_are_exit_2(repo: Path) -> None:
    result = check("--diff=-", stdin=b"this is no diff\n\xff\n")

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 2


def test_output_goes_to_a_file_and_the_verdict_to_stderr(repo: Path, tmp_path: Path) -> None:
    (repo / "a.py").write_text("x = 1\ny = 2\n")
    target = tmp_path / "report.json"
    target.write_text("old")

    result = check("--format=json", f"--output={target}")

    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr == f"pass (exit 0), see {target}\n"
    jsonschema.validate(json.loads(target.read_text()), schema())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["artifact", "repo", "report.json"]


def test_a_damaged_artifact_or_a_missing_directory_is_exit_4_even_when_nothing_changed(
    repo: Path, tmp_path: Path
) -> None:
    assert check("--output=nowhere/report.json").exit_code == 4
    (tmp_path / "artifact" / "features.json").write_text("{}")

    result = check()

    assert result.exit_code == 4
    assert len(result.stderr.splitlines()) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, as Linux has it")
def test_a_device_is_written_to_and_never_replaced() -> None:
    with pytest.raises(EnvironmentFailure, match="No space left"):
        write_file(Path("/dev/full"), "x")
    write_file(Path(os.devnull), "x")

    assert Path(os.devnull).is_char_device()


def test_a_file_that_cannot_be_written_in_full_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "report.json"
    target.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EnvironmentFailure, match="No space left"):
        write_file(target, "new")

    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_print_settings_shows_values_and_origins_and_checks_nothing(repo: Path) -> None:
    (repo / ".reviewbot.toml").write_text("top = 3\n")

    result = check("--print-settings", "--max-risk", "0.25")

    assert result.exit_code == 0
    lines = {" ".join(line.split()) for line in result.stdout.splitlines()}
    assert "top = 3 # .reviewbot.toml" in lines
    assert "max-risk = 0.25 # flag --max-risk" in lines
    assert 'depth = "trunk" # default' in lines


@pytest.mark.parametrize(
    ("environ", "to_terminal", "coloured"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(
    environ: dict[str, str], to_terminal: bool, coloured: bool
) -> None:
    text = rendered(
        report(scored(1, "x", 0.99)), Settings(), look(environ, to_terminal=to_terminal)
    )

    assert ("\x1b[" in text) == coloured


def test_a_change_cannot_call_its_own_code_generated_but_its_base_can(repo: Path) -> None:
    (repo / "a.py").write_text("x = 1\ny = 2\n")
    (repo / ".gitattributes").write_text("*.py linguist-generated\n")

    assert as_json(check("--format=json"))["ledger"]["scored"] == 1

    git(repo, "add", ".gitattributes")
    git(repo, "commit", "-m", "attributes")
    assert as_json(check("--format=json"))["ledger"]["scored"] == 0
    assert as_json(check("--format=json", "--include=a.py"))["ledger"]["scored"] == 1


def test_a_diff_that_git_itself_counts_differently_is_exit_4(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo / "a.py").write_text("x = 1\ny = 2\n")
    request = changes.collect(repo)
    torn = replace(request, numstat={"a.py": (2, 0)})
    monkeypatch.setattr(changes, "collect", lambda *_, **__: torn)

    result = check()

    assert result.exit_code == 4
    assert "git's own count" in result.stderr


def test_a_model_from_a_directory_is_loaded_and_a_wrong_one_is_refused(
    repo: Path,
    tmp_path: Path,
    tiny_model: Path,
    tiny_artifact: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("reviewbot.app.check.load_model", LOAD_MODEL)
    monkeypatch.setenv("REVIEWBOT_CACHE", str(tmp_path / "cache"))
    (repo / "a.py").write_text("x = 1\ny = 2\n")
    artifact = tmp_path / "tiny"
    shutil.copytree(tiny_artifact, artifact)
    flags = (f"--artifact={artifact}", f"--model={tiny_model}", "--threads=1", "--format=json")

    wrong = check(*flags)

    assert wrong.exit_code == 4
    assert "was trained on the model" in wrong.stderr
    manifest = json.loads((artifact / "manifest.json").read_text())
    manifest["model"]["sha256"] = ensure_model(str(tiny_model), environ=os.environ).sha256
    (artifact / "manifest.json").write_text(json.dumps(manifest))
    for engine, depth in product((("torch", "fp32"), ("onnx", "int8")), ("trunk", "full")):
        more = (f"--engine={engine[0]}", f"--depth={depth}", "--max-risk=1")
        found = as_json(check(*flags, *more))
        line = found["files"][0]["lines"][0]
        assert (line["status"], found["model"]["dtype"]) == ("scored", engine[1])
        assert (line["surprisal"] is not None) == (depth == "full")


def test_an_artifact_that_reads_more_of_the_model_gets_it_unasked(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_model: Path
) -> None:
    monkeypatch.setattr("reviewbot.app.check.load_model", LOAD_MODEL)
    monkeypatch.setenv("REVIEWBOT_CACHE", str(tmp_path / "cache"))
    (repo / "a.py").write_text("x = 1\ny = 2\n\nfor z in x:\n    print(z)\n")
    sha256 = ensure_model(str(tiny_model), environ=os.environ).sha256
    tiny.tiny_artifact(
        tmp_path / "deep",
        groups=("sae_max", "deep_mean", "surprisal", "block", "block_end", "surface"),
        model=ArtifactModel("tiny", sha256, tiny.LAYER, tiny.WIDTH, deep=3, full=True),
        plan=replace(tiny.PLAN, description=True),
    )

    found = as_json(
        check(f"--artifact={tmp_path / 'deep'}", f"--model={tiny_model}", "--format=json")
    )

    scored = [line for line in found["files"][0]["lines"] if line["status"] == "scored"]
    assert len(scored) == 3
    assert all(line["surprisal"] > 0 for line in scored)
