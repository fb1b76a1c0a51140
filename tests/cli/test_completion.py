"""Completion in real shells: what they offer, and that it imports nothing heavy."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from reviewbot.cli import COMMANDS, main
from reviewbot.config.choices import Format
from tests.cli.small import environ

HEAVY = ("torch", "transformers", "onnxruntime", "numpy", "rich", "github", "unidiff", "jinja2")
BASH = """
source <("$PROGRAM" completion bash)
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"
_reviewbot_completion reviewbot
printf '%s\\n' "${COMPREPLY[@]}"
"""
# Outside of its line editor zsh cannot add matches; the script's own logic runs up to that point.
ZSH = """
function compdef { }
function _describe { local name=$3; print -rl -- "${(@P)name}" }
function compadd { print -rl -- "${(@P)${@[-1]}}" }
function _path_files { print -r -- "paths $*" }
source <("$PROGRAM" completion zsh)
words=("$@") CURRENT=$#
_reviewbot_completion
"""
FISH = """
"$PROGRAM" completion fish | source
complete -C "$LINE"
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A command `reviewbot`, first on the PATH."""
    path = tmp_path_factory.mktemp("bin") / "reviewbot"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m reviewbot "$@"\n')
    path.chmod(0o755)
    return path


def offered(shell: str, program: Path, line: str) -> list[str]:
    """What a shell offers at the end of a line."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    words = [*line.split(), *([""] if line.endswith(" ") else [])]
    env = {
        **environ(),
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PROGRAM": str(program),
        "LINE": line,
        "HOME": str(program.parent),
    }
    match shell:
        case "bash":
            command = ["bash", "--norc", "-c", BASH, "bash", *words]
        case "zsh":
            command = ["zsh", "-f", "-c", ZSH, "zsh", *words]
        case _:
            command = ["fish", "--no-config", "-c", FISH]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=60)
    found = done.stdout.splitlines()
    return [re.split("[\t:]", row)[0] for row in found if row]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("reviewbot ", [*COMMANDS]),
        ("reviewbot hoo", ["hook"]),
        ("reviewbot check --form", ["--format"]),
        ("reviewbot check --format ", ["terminal", "json", "markdown", "sarif"]),
        ("reviewbot check --engine on", ["onnx"]),
        ("reviewbot hook install --type ", ["pre-push", "pre-commit"]),
        ("reviewbot completion ", ["bash", "zsh", "fish"]),
    ],
)
def test_a_shell_offers_commands_flags_and_values(
    shell: str, line: str, wanted: list[str], program: Path
) -> None:
    found = offered(shell, program, line)

    assert set(wanted) <= set(found), found
    assert len(wanted) > 1 or found == wanted


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_of_the_shells_syntax(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    text = CliRunner().invoke(main, ["completion", shell]).stdout

    done = subprocess.run([shell, "-n"], input=text, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert "_REVIEWBOT_COMPLETE" in text


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("reviewbot ", list(COMMANDS)),
        ("reviewbot check --format ", list(Format)),
    ],
)
def test_completion_imports_nothing_heavy_and_commands_complete_without_an_import(
    line: str, offered: list[str]
) -> None:
    modules = {place.partition(":")[0] for place, _ in COMMANDS.values()}
    unwanted = {*HEAVY, *(modules if offered == list(COMMANDS) else ())}
    code = (
        "import sys\nfrom reviewbot.cli import main\n"
        "try: main()\n"
        f"finally: print({unwanted!r} & sys.modules.keys(), file=sys.stderr)"
    )
    variables = {
        "_REVIEWBOT_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split())),
    }

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**environ(), **variables}
    )

    assert done.stdout.split() == [f"plain,{name}" for name in offered]
    assert done.stderr == "set()\n"


def commands(group: click.Group, context: click.Context) -> Iterator[click.Command]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield command
        if isinstance(command, click.Group):
            yield from commands(command, click.Context(command, context, name))


def test_whatever_names_a_file_or_a_directory_is_completed_as_a_path() -> None:
    context = click.Context(main, info_name="reviewbot")
    seen = []
    for command in commands(main, context):
        for parameter in command.params:
            if parameter.metavar in ("FILE", "FILE[@N]", "[PATH:LINE]", "DIR"):
                found = [item.type for item in parameter.shell_complete(context, "x")]
                assert found == ["file"], (command.name, parameter.name)
                seen.append(parameter.name)
    assert {"place", "directory", "output", "root", "report"} <= set(seen)
