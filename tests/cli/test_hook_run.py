"""`reviewbot hook run`: what is checked, what is said, and the exit code that stops git."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reviewbot.cli import main
from reviewbot.errors import EnvironmentFailure
from tests.cli.small import ByteEncoder, outside_ci, write_artifact
from tests.git.test_changes import _own_configuration, commit, git
from tests.git.test_pushes import clone as pushed

__all__ = ["_own_configuration", "pushed"]
ZERO = "0" * 40
AI_ONLY = ("--gate-scope", "ai")
LONG = "value = compute(first, second, third) + other(fourth, fifth)\n"


@pytest.fixture(name="clone")
def _clone(pushed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The clone of test_pushes as the current directory; the model is small."""
    artifact = write_artifact(tmp_path / "artifact")
    monkeypatch.setenv("REVIEWBOT_ARTIFACT", str(artifact))
    monkeypatch.setattr("reviewbot.app.check.load_model", lambda *_: ByteEncoder())
    monkeypatch.chdir(pushed)
    return pushed


def push(*refs: tuple[str, str], flags: tuple[str, ...] = ()) -> Result:
    """Say to the hook that git pushes these: (local hash, ref there)."""
    lines = "".join(f"refs/heads/x {oid} {ref} {ZERO}\n" for oid, ref in refs)
    args = ["hook", "run", *flags, "--", "pre-push", "origin", "url"]
    return CliRunner().invoke(main, args, input=lines)


def test_a_harmless_push_passes_in_three_lines_on_stderr(clone: Path) -> None:
    head = commit(clone, "two", f_py="a\nb = 2\n")

    result = push((head, "refs/heads/topic"))

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines() == [
        "reviewbot: refs/heads/topic: 1 commit",
        "PASS (exit 0): no line blocks (fail-on critical); all lines are low",
        "1 line added = 1 scored + 0 skipped",
    ]


@pytest.mark.parametrize(
    ("files", "flags", "code", "words"),
    [
        ({"f_py": LONG}, (), 1, "1. f.py:1"),
        ({"f_py": "b = 2\n" * 30}, ("--max-file-lines", "10"), 3, "INCOMPLETE"),
        # the settings of the base count, not those that are pushed
        ({"f_py": LONG, ".reviewbot_toml": "max-lines-over = 9\n"}, (), 1, "BLOCK"),
    ],
)
def test_a_push_that_is_stopped_names_the_way_around(
    clone: Path, files: dict[str, str], flags: tuple[str, ...], code: int, words: str
) -> None:
    head = commit(clone, "two", **files)

    result = push((head, "refs/heads/topic"), flags=flags)

    assert (result.exit_code, result.stdout) == (code, "")
    assert words in result.stderr
    assert result.stderr.endswith(f"(exit {code}); to do it anyway: git push --no-verify\n")


def test_the_worst_of_several_refs_counts_and_each_range_is_read_once(clone: Path) -> None:
    bad = commit(clone, "two", f_py=LONG)
    good = commit(clone, "three", f_py="a = 2\n")

    result = push((bad, "refs/tags/a"), (bad, "refs/tags/b"), (good, "refs/heads/c"))

    assert result.exit_code == 1
    assert "refs/tags/b: the same as refs/tags/a" in result.stderr
    assert result.stderr.count("BLOCK") == 1
    assert "refs/heads/c: 2 commits\nPASS" in result.stderr


def test_a_branch_that_says_who_wrote_it_is_checked_beside_one_that_does_not(clone: Path) -> None:
    head = commit(clone, "two", f_py=LONG)

    result = push((head, "refs/heads/tmp"), (head, "refs/heads/claude/x"), flags=AI_ONLY)

    assert result.exit_code == push((head, "refs/heads/claude/x"), flags=AI_ONLY).exit_code == 1
    assert push((head, "refs/heads/tmp"), flags=AI_ONLY).exit_code == 0
    assert "the same as" not in result.stderr


def test_a_ref_that_cannot_be_checked_stops_the_push_and_the_others_are_still_read(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = commit(clone, "two", f_py=LONG)
    second = commit(clone, "three", f_py="a = 2\n")
    failures = [EnvironmentFailure("nothing was scored: gone", fix="look")]

    def load(*_: object) -> ByteEncoder:
        if failures:
            raise failures.pop()
        return ByteEncoder()

    monkeypatch.setattr("reviewbot.app.check.load_model", load)

    result = push((first, "refs/heads/a"), (second, "refs/heads/b"))

    assert result.exit_code == 4
    assert "error: nothing was scored: gone\n  fix: look\n" in result.stderr
    assert "refs/heads/b: 2 commits\nPASS" in result.stderr


def test_rubbish_on_stdin_stops_the_push(clone: Path) -> None:
    args = ["hook", "run", "pre-push", "origin", "url"]

    result = CliRunner().invoke(main, args, input="what is this\n")

    assert result.exit_code == 2
    assert "git push --no-verify" in result.stderr


def test_a_hostile_ref_does_not_act_on_the_terminal(clone: Path) -> None:
    head = commit(clone, "two", f_py="a = 2\n")

    result = push((head, "refs/heads/\u202ex\u2066" + "y" * 500))

    assert "reviewbot: refs/heads/<U+202E>x<U+2066>yyy" in result.stderr
    assert max(map(len, result.stderr.splitlines())) < 250


def test_where_all_of_a_history_is_pushed_it_does_not_call_itself_generated(clone: Path) -> None:
    git(clone, "update-ref", "-d", "refs/remotes/origin/main")
    (clone / ".gitattributes").write_text("*.py linguist-generated -diff\n")
    head = commit(clone, "two", f_py=LONG)

    result = push((head, "refs/heads/topic"))

    assert "all of its history" in result.stderr
    assert "1. f.py:1" in result.stderr
    assert result.exit_code == 1


def test_what_is_staged_can_stop_a_commit(clone: Path) -> None:
    (clone / "f.py").write_text(LONG)
    git(clone, "add", "f.py")

    result = CliRunner().invoke(main, ["hook", "run", "pre-commit"])

    assert result.exit_code == 1
    assert result.stderr.endswith("git commit --no-verify\n")


FROM_TO = ("PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF")
BRANCH = ("PRE_COMMIT_REMOTE_NAME", "PRE_COMMIT_LOCAL_BRANCH")


@pytest.mark.parametrize(
    ("named", "code", "words"),
    [
        (dict(zip(FROM_TO, ("main", "topic"), strict=True)), 1, "f.py:2"),
        (dict(zip(BRANCH, ("origin", "topic"), strict=True)), 1, ": 1 commit\n"),
        (
            dict(
                zip(
                    (*BRANCH, *FROM_TO),
                    ("origin", "refs/heads/topic", "main", "topic"),
                    strict=True,
                )
            )
            | {"PRE_COMMIT_REMOTE_BRANCH": "refs/heads/here"},
            1,
            "refs/heads/here: 1 commit\n",
        ),
        ({}, 1, "from"),
        (dict(zip(FROM_TO, ("topic", "main"), strict=True)), 2, "topic is a descendant of main"),
        (dict(zip(FROM_TO, ("--output=x", "topic"), strict=True)), 2, "is not a revision"),
    ],
)
def test_the_framework_names_the_range_in_variables(
    clone: Path, monkeypatch: pytest.MonkeyPatch, named: dict[str, str], code: int, words: str
) -> None:
    commit(clone, "two", f_py="a = 1\n" + LONG)
    for name, value in named.items():
        monkeypatch.setenv(name, value)

    result = CliRunner().invoke(main, ["hook", "run", "pre-push"])

    assert result.exit_code == code
    assert words in result.stderr
    assert ("f.py:2" in result.stderr) == (code == 1)
    assert not (clone / "x").exists()


def test_a_push_waits_until_its_riskiest_places_are_acknowledged(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside_ci(monkeypatch)
    monkeypatch.setenv("REVIEWBOT_FAIL_ON", "never")
    head = commit(clone, "two", f_py=LONG)
    stopped = push((head, "refs/heads/topic"), flags=("--ack-top", "3"))
    command = stopped.stderr.partition("   reviewbot ack ")[2].split()

    assert stopped.exit_code == 1
    assert CliRunner().invoke(main, ["ack", command[0], "read"]).exit_code == 0
    assert push((head, "refs/heads/topic"), flags=("--ack-top", "3")).exit_code == 0
