"""The command line around the commands: start-up, failures, exit codes."""

import errno
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from reviewbot import __version__
from reviewbot.cli import COMMANDS, GROUPS, main
from reviewbot.cli.console import describe
from reviewbot.errors import ArtifactError, UsageError
from tests.cli.small import environ
from tests.cpu import cpu_seconds

NEEDS_FULL = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="needs /dev/full, as Linux has it"
)
HEAVY = ("torch", "transformers", "numpy", "rich", "github", "sklearn", "unidiff", "pathspec")


def run(*args: str, redirect: str = "") -> subprocess.CompletedProcess[str]:
    """Run the real thing in a shell, so that its streams can be redirected."""
    command = f'"$0" -c "from reviewbot.cli import main; main()" "$@" {redirect}'
    return subprocess.run(
        ["sh", "-c", command, sys.executable, *args],
        capture_output=True,
        text=True,
        timeout=60,
        env=environ(),
    )


def invoke_raising(exc: BaseException, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Run a command that fails with `exc`; return the exit code and stderr."""

    @click.command()
    def broken() -> None:
        raise exc

    monkeypatch.setattr(type(main), "get_command", lambda *_: broken)
    result = CliRunner().invoke(main, ["check"])
    assert result.stdout == ""
    return result.exit_code, result.stderr


@pytest.mark.parametrize(
    ("args", "heavy", "shown"),
    [
        (["--help"], HEAVY, [*COMMANDS]),
        (["check", "--help"], ("torch", "numpy", "rich"), ["RANGE"]),
    ],
)
def test_help_imports_nothing_heavy(
    args: list[str], heavy: tuple[str, ...], shown: list[str]
) -> None:
    code = (
        "import sys\nfrom reviewbot.cli import main\n"
        f"try: main({args!r})\n"
        "except SystemExit as exc: print(exc.code)\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )

    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environ()
    ).stdout

    assert out.splitlines()[-2:] == ["0", "[]"]
    assert all(name in out for name in shown)


def test_help_takes_less_than_a_third_of_a_second() -> None:
    def seconds() -> float:
        start = cpu_seconds()
        run("--help")
        return cpu_seconds() - start

    assert min(seconds() for _ in range(5)) < 0.3


def test_the_version_is_the_packages() -> None:
    assert CliRunner().invoke(main, ["--version"]).stdout == f"reviewbot, version {__version__}\n"


def test_no_command_at_all_shows_the_help_and_is_no_success() -> None:
    result = CliRunner().invoke(main, [])

    assert result.exit_code == 2
    assert "Check a change:" in result.stderr


def test_the_help_lists_the_commands_in_groups_with_a_line_each() -> None:
    text = CliRunner().invoke(main, ["--help"], terminal_width=80).stdout
    groups = [part.splitlines() for part in text.split("\n\n")[-len(GROUPS) :]]

    assert [heading for heading, *_ in groups] == [f"{heading}:" for heading in GROUPS]
    assert [line.split()[0] for _, *lines in groups for line in lines] == list(COMMANDS)
    for group in ("model", "train", "hook"):
        inner = CliRunner().invoke(main, [group, "--help"], terminal_width=80).stdout
        assert "..." not in inner.partition("\nCommands:")[2]


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("check", "staged diff root output format artifact show fail-on exclude scope quiet"),
        ("review", "pr from-report root output format artifact show fail-on exclude scope quiet"),
        ("explain", "staged diff root output feature features report format artifact"),
    ],
)
def test_the_help_of_a_command_fits_one_screen_and_help_all_has_the_rest(
    command: str, wanted: str
) -> None:
    runner = CliRunner()
    first, every = (
        runner.invoke(main, [command, flag], terminal_width=80).stdout
        for flag in ("--help", "--help-all")
    )
    names = re.findall(r"^  (?:-h, )?--([\w-]+)", first, re.M)

    assert len(first.splitlines()) <= 24
    assert max(map(len, first.splitlines())) <= 80
    assert {*wanted.split(), "help", "help-all"} <= set(names)
    assert len(names) <= 16
    assert "--engine" not in first
    assert set(names) < set(re.findall(r"^  (?:-h, )?--([\w-]+)", every, re.M))
    assert every.index("\nOptions:") < every.index("\nModel and engine:") < every.index("--engine")


@pytest.mark.parametrize(
    ("exc", "code"), [(UsageError("a\nb", fix="c"), 2), (ArtifactError("a b", fix="c"), 4)]
)
def test_our_errors_are_two_lines_with_their_own_exit_code(
    exc: Exception, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert invoke_raising(exc, monkeypatch) == (code, "error: a b\n  fix: c\n")


@pytest.mark.parametrize(
    ("exc", "code", "words"),
    [
        (KeyboardInterrupt(), 130, "stopped; no result was written"),
        (click.Abort(), 130, "stopped; no result was written"),
        (MemoryError(), 4, "memory"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you"), 4, "memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), 4, "memory"),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), 4, "/x: No space left"),
        (OSError(errno.EROFS, "Read-only file system", "/x"), 4, "/x: Read-only"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), 4, "/x: Permission denied"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "/x"), 4, "/x: File name too long"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 4, "Broken pipe"),
        (click.FileError("f", "gone"), 2, "gone"),
        (RuntimeError("a shape is wrong"), 70, "this is a bug in reviewbot"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/x"), 70, "this is a bug in reviewbot"),
        (SystemExit("words"), 70, "this is a bug in reviewbot"),
        (SystemExit(3), 3, ""),
        (SystemExit(None), 0, ""),
    ],
)
def test_every_failure_has_its_exit_code(
    exc: BaseException, code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, stderr = invoke_raising(exc, monkeypatch)

    assert found == code
    assert words in stderr
    if code == 4:
        assert len(stderr.splitlines()) == 2
    assert ("Traceback" in stderr) == (code == 70)


def test_untrusted_text_in_an_error_is_inert_and_cut() -> None:
    text, _ = describe(UsageError("no file \x1b[2J\u202e", fix="none"))
    bug, _ = describe(ValueError("\x1b[2J"))

    assert text == "error: no file <U+001B>[2J<U+202E>\n  fix: none"
    assert "\x1b" not in bug
    assert len(describe(UsageError("x" * 1_000_000, fix="y"))[0]) < 3_000


@NEEDS_FULL
@pytest.mark.parametrize("args", [["--help"], ["--version"], ["check", "--print-settings"]])
def test_a_full_disk_behind_stdout_is_exit_4_in_two_lines(args: list[str]) -> None:
    result = run(*args, redirect=">/dev/full")

    assert result.returncode == 4
    assert "No space left" in result.stderr
    assert len(result.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    ("args", "redirect", "code"),
    [
        ("--version", ">&-", 4),
        ("--nope", "2>&-", 2),
        pytest.param("--nope", "2>/dev/full", 2, marks=NEEDS_FULL),
    ],
)
def test_a_closed_stdout_is_exit_4_and_stderr_changes_nothing(
    args: str, redirect: str, code: int
) -> None:
    assert run(args, redirect=redirect).returncode == code


@pytest.mark.parametrize(
    ("body", "shell", "words"),
    [
        pytest.param(
            "emit('x' * 10_000_000)", '("$0" -c "$1"; echo $? >&2) | true', "closed the pipe"
        ),
        pytest.param(
            "print('x')", '"$0" -c "$1" >/dev/full; echo $? >&2', "No space left", marks=NEEDS_FULL
        ),
    ],
    ids=["a reader that goes away", "a full disk when the buffer is flushed"],
)
def test_output_that_cannot_be_written_is_exit_4_without_a_traceback(
    body: str, shell: str, words: str
) -> None:
    code = (
        "from reviewbot.cli import main\nimport click\n"
        "from reviewbot.cli.console import emit\n"
        f"@click.command()\ndef loud(): {body}\n"
        "type(main).get_command = lambda *_: loud\nmain(['check'])"
    )

    result = subprocess.run(
        ["sh", "-c", shell, sys.executable, code],
        capture_output=True,
        text=True,
        timeout=60,
        env=environ(),
    )

    first, _, exit_code = result.stderr.splitlines()
    assert words in first
    assert exit_code == "4"
