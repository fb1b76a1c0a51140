"""One `reviewbot check` as a whole process, and what it needed."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from research.benchmarks.changes import FIRST

READING = "reading the code and scoring"  # the step's name in `--timings`
CONNECTING = "connecting to the server"  # another
VERDICTS = (0, 1, 3)
LINES = "lines"  # the folder of the line cache inside the cache
KEPT = ("REVIEWBOT_MODEL_PATH",)


@dataclass(frozen=True, slots=True)
class Run:
    """One process. Start-up is all that is not reading: Python, imports, git, loading, which the
    check's clock hears of although it goes on in the background."""

    wall_s: float
    reading_s: float
    start_up_s: float
    cpu_s: float
    peak_mb: float
    exit_code: int
    served: bool  # by a running `reviewbot serve`


def steps(stderr: str) -> dict[str, float]:
    """Read what `--timings` said: step -> seconds."""
    found = re.findall(r"^ *(\d+\.\d+) s  (.+)$", stderr, re.MULTILINE)
    return {name: float(seconds) for seconds, name in found}


def environment(
    environ: Mapping[str, str], code: Path, cache: Path, cap: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment of a check: whose code, which cache, and no setting of this shell.

    cap  variables of `tests.avx2.cap`; none: all of the processor is used
    """
    clean = {
        key: value
        for key, value in environ.items()
        if not key.startswith("REVIEWBOT_") or key in KEPT
    }
    path = os.pathsep.join([*filter(None, [cap.get("PYTHONPATH")]), str(code)])
    # A server's socket is then in the cache, so that no server of the user answers.
    own = {"PYTHONPATH": path, "REVIEWBOT_CACHE": str(cache), "XDG_RUNTIME_DIR": ""}
    return clean | dict(cap) | own


@contextmanager
def serving(flags: Sequence[str], environ: Mapping[str, str], folder: Path) -> Iterator[None]:
    """Run `reviewbot serve` in `folder`. Raises SystemExit where it does not start."""
    command = [sys.executable, "-P", "-m", "reviewbot", "serve", *flags]
    with subprocess.Popen(
        command, env=dict(environ), cwd=folder, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            said: list[str] = []
            for line in server.stderr or ():
                said.append(line)
                if "ready: " in line:
                    break
            else:
                raise SystemExit(f"`reviewbot serve` did not start:\n{''.join(said)[-2_000:]}")
            yield
        finally:
            server.terminate()


def linked(cache: Path, folder: Path) -> Path:
    """Make a cache in `folder` that holds the models of `cache` as links, and no line."""
    folder.mkdir(parents=True)
    for entry in sorted(cache.iterdir()) if cache.is_dir() else ():
        if entry.name != LINES:
            (folder / entry.name).symlink_to(entry, target_is_directory=entry.is_dir())
    return folder


def timed(
    flags: Sequence[str], change: Path, environ: Mapping[str, str], commits: str = FIRST
) -> tuple[Run, dict[str, Any]]:
    """Check commits of `change` in a fresh process; return what it needed and its report.

    raises  SystemExit where there is no verdict
    """
    command = [sys.executable, "-P", "-m", "reviewbot", "check", "--format=json", "--timings"]
    command += [*flags, f"--root={change}", commits]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=err, env=dict(environ), cwd=change)
        _, status, usage = os.wait4(child.pid, 0)  # this child's own peak, not the largest so far
        wall = time.perf_counter() - start
        child.returncode = code = os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        said = err.read()
        if code not in VERDICTS:
            raise SystemExit(f"the check ended with {code}:\n{said[-2_000:]}")
        took = steps(said)
        reading = took.get(READING)
        if reading is None:
            raise SystemExit(f"--timings names no step {READING!r}:\n{said[-2_000:]}")
        unit = 1 if sys.platform == "darwin" else 1_024  # of ru_maxrss, in bytes
        times = (wall, reading, wall - reading, usage.ru_utime + usage.ru_stime)
        return Run(*times, usage.ru_maxrss * unit / 1e6, code, CONNECTING in took), json.load(out)
