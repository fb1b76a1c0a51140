"""reviewbot as a process in which the packages of all extras, or of some, cannot be imported."""

import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from reviewbot.errors import EXTRAS
from tests.cli.small import environ

ALL = {module for modules in EXTRAS.values() for module in modules}


def python(
    code: str,
    *args: str,
    without: Iterable[str] = ALL,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `code` where the modules `without` are as if they were not installed."""
    blocked = f"import sys\nsys.modules.update(dict.fromkeys({sorted(without)!r}))\n"
    return subprocess.run(
        [sys.executable, "-c", blocked + code, *args],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**environ(), **(env or {})},
        timeout=120,
    )


def reviewbot(
    *args: str,
    without: Iterable[str] = ALL,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the command line there."""
    code = "from reviewbot.cli import main\nmain()"
    return python(code, *args, without=without, cwd=cwd, env=env)
