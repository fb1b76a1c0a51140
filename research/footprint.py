"""Count the files, functions and git processes that one added line passes through.

    python -m research.footprint [--files]

Makes a repository with one added line on a feature branch and runs `reviewbot check` there. The
model is a stub (no weights are read); git and the default artifact are real. A file counts as
entered when one of its functions is called; import alone does not count.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Any

import reviewbot

PACKAGE = Path(reviewbot.__file__).parent
REPOSITORY = """
set -e
git init -q -b main . && git config user.email a@example.org && git config user.name A
printf 'def add(a, b):\\n    return a + b\\n' > calc.py
git add calc.py && git commit -qm 'Add calc'
git checkout -qb feature
printf 'def double(a):  return a * 2\\n' >> calc.py && git commit -qam 'Add double'
"""
Calls = set[tuple[str, str]]  # file and function


def traced_check() -> None:
    """Run `reviewbot check` in this process; print each file and function called to stderr."""
    import numpy as np

    from reviewbot.app import load
    from reviewbot.cli import main
    from reviewbot.encoders.encoder import Tokens
    from reviewbot.encoders.spans import Span
    from reviewbot.encoders.states import HiddenStates

    class Stub:
        """Reads nothing: one token per character, states of zeros."""

        dtype = engine = "stub"

        def __init__(self, width: int) -> None:
            self.width = width

        def tokenize(self, text: str) -> Tokens:
            return Tokens([ord(c) for c in text], [Span(i, i + 1) for i in range(len(text))])

        def token(self, number: int) -> str:
            return chr(number)

        def states(self, ids: list[int], first: int = 0) -> HiddenStates:
            return HiddenStates(np.zeros((len(ids) - first, self.width), np.float32))

    # Before any module binds the name.
    load.load_model = lambda _settings, artifact, _clock: Stub(artifact.model.width)  # type: ignore[assignment,return-value]
    calls: Calls = set()

    def note(frame: FrameType, event: str, _arg: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(f"{PACKAGE}{os.sep}"):
            calls.add((code.co_filename, code.co_qualname))

    sys.setprofile(note)
    try:
        main(["check", "--line-cache", "0", "--server", "never"])
    finally:
        sys.setprofile(None)
        inside = {(f, name) for f, name in calls if name != "<module>" and "<" not in name[:1]}
        Path("calls.txt").write_text(
            "".join(f"{Path(f).relative_to(PACKAGE)}\t{name}\n" for f, name in sorted(inside))
        )


def measure(folder: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the (file, function) pairs that the check called, and the git command lines."""
    where, tools = folder / "repository", folder / "bin"
    where.mkdir()
    tools.mkdir()
    subprocess.run(["sh", "-c", REPOSITORY], cwd=where, check=True)
    git = tools / "git"
    git.write_text(
        f'#!/bin/sh\necho "$@" >> "{folder}/git.txt"\nexec "{shutil.which("git")}" "$@"\n'
    )
    git.chmod(0o755)
    environ = {
        **os.environ,
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(PACKAGE.parent),
    }
    command = [sys.executable, "-c", "from research.footprint import traced_check as t; t()"]
    done = subprocess.run(command, cwd=where, env=environ, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"the check ended with exit code {done.returncode}: {done.stderr}")
    calls = [line.split("\t") for line in (where / "calls.txt").read_text().splitlines()]
    return [(file, name) for file, name in calls], (folder / "git.txt").read_text().splitlines()


def main() -> None:
    """Print the three counts, and with --files what was counted."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", action="store_true", help="list the files and the git commands")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        calls, commands = measure(Path(folder))
    files = sorted({file for file, _ in calls})
    counts = f"{len(files)} files entered, {len(calls)} functions called"
    sys.stdout.write(f"{counts}, {len(commands)} git processes\n")
    if options.files:
        sys.stdout.write("".join(f"{file}\n" for file in files))
        sys.stdout.write("".join(f"git {words}\n" for words in commands))


if __name__ == "__main__":
    main()
