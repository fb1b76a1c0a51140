"""How long `reviewbot check` takes on a named change, as a whole process, and what it needs.

    python benchmarks/check.py                              the demo change
    python benchmarks/check.py --lines 200                  200 lines out of this package's own code
    python benchmarks/check.py --diff FILE --root DIR
    python benchmarks/check.py --lines 200 -- --threads 1   what follows "--" goes to the check

The model must be in the cache, or will be fetched first: a run that counts the tokens comes before
the timed ones, and warms the disk. Prints JSON, then a Markdown table of the medians.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]
READING = "reading the code and scoring"  # the step's name in `--timings`
FLAGS = ("avx2", "avx_vnni", "avx512f", "avx512_bf16", "avx512_vnni", "amx_tile", "amx_bf16")
BLOCK = 40  # lines that one file of the synthetic change gains
VERDICTS = (0, 1, 3)


@dataclass(frozen=True, slots=True)
class Run:
    """One process. Start-up is all that is not reading: Python, imports, git, loading."""

    wall_s: float
    reading_s: float
    start_up_s: float
    cpu_s: float
    peak_mb: float
    exit_code: int


def planned(files: Mapping[str, str], lines: int) -> dict[str, tuple[str, str]]:
    """Return path -> (base text, head text) of a change that adds exactly `lines` lines.

    Each file gains up to `BLOCK` lines in its middle; files are taken by name.
    raises  ValueError where the files are too few
    """
    change, missing = {}, lines
    for path, text in sorted(files.items()):
        rows = text.splitlines(keepends=True)
        size = min(BLOCK, missing)
        if size and len(rows) >= 2 * BLOCK:
            at = (len(rows) - size) // 2
            change[path] = ("".join(rows[:at] + rows[at + size :]), text)
            missing -= size
    if missing:
        raise ValueError(f"the files hold {lines - missing} lines for a change, not {lines}")
    return change


def steps(stderr: str) -> dict[str, float]:
    """Read what `--timings` said: step -> seconds."""
    found = re.findall(r"^ *(\d+\.\d+) s  (.+)$", stderr, re.MULTILINE)
    return {name: float(seconds) for seconds, name in found}


def cpu(cpuinfo: str) -> dict[str, object]:
    """Return the processor's name and those of our flags that it has, from /proc/cpuinfo."""
    rows = [line.partition(":") for line in cpuinfo.splitlines()]
    values = {key.strip(): value.strip() for key, _, value in reversed(rows)}
    has = values.get("flags", "").split()
    return {
        "cpu": values.get("model name", "unknown"),
        "flags": [flag for flag in FLAGS if flag in has],
    }


def table(result: Mapping[str, Any]) -> str:
    """Return the medians as a Markdown table."""
    rows = [
        ("change", result["change"]),
        ("lines scored", result["scored"]),
        ("tokens read", result["tokens"]),
        ("wall", f"{result['wall_s']:.2f} s"),
        ("start-up", f"{result['start_up_s']:.2f} s"),
        ("reading", f"{result['reading_s']:.2f} s, {result['tokens_per_s']:.0f} tokens/s"),
        ("peak memory", f"{result['peak_mb']:.0f} MB"),
        ("processor", f"{result['cpu']} ({', '.join(result['flags']) or 'none of our flags'})"),
        ("threads of torch", f"{result['threads']} (of {result['cores']} cores)"),
    ]
    lines = [f"| {name} | {str(value).replace('|', '/')} |" for name, value in rows]
    return "\n".join([f"| median of {len(result['runs'])} | |", "|---|---|", *lines])


def write_repository(where: Path, change: Mapping[str, tuple[str, str]]) -> None:
    """Make a git repository whose last commit is the change."""
    for side in (0, 1):
        for path, texts in change.items():
            (where / path).parent.mkdir(parents=True, exist_ok=True)
            (where / path).write_text(texts[side], encoding="utf-8")
        me = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost")
        for args in (("init", "-q"), ("add", "-A"), (*me, "commit", "-qm", f"side {side}")):
            environ = os.environ | {
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_CONFIG_SYSTEM": os.devnull,
            }
            subprocess.run(["git", *args], cwd=where, check=True, env=environ)


def timed(arguments: Sequence[str], command: Sequence[str]) -> tuple[Run, dict[str, Any]]:
    """Run one check in a fresh process; return what it needed and its report."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        start = time.perf_counter()
        child = subprocess.Popen([*command, *arguments], stdout=out, stderr=err)
        _, status, usage = os.wait4(child.pid, 0)  # this child's own peak, not the largest so far
        wall = time.perf_counter() - start
        child.returncode = code = os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        said = err.read()
        if code not in VERDICTS:
            raise SystemExit(f"the check ended with {code}:\n{said[-2_000:]}")
        reading = steps(said).get(READING)
        if reading is None:
            raise SystemExit(f"--timings names no step {READING!r}:\n{said[-2_000:]}")
        unit = 1 if sys.platform == "darwin" else 1_024  # of ru_maxrss, in bytes
        times = (wall, reading, wall - reading, usage.ru_utime + usage.ru_stime)
        return Run(*times, usage.ru_maxrss * unit / 1e6, code), json.load(out)


def count_tokens(arguments: Sequence[str]) -> dict[str, int]:
    """Run one check in this process, counting every token that passes through the model."""
    from unittest.mock import patch

    import torch

    from reviewbot.cli import assemble
    from reviewbot.cli import load as loading
    from reviewbot.cli.check import check
    from reviewbot.encoders import Encoder

    load, tokens = loading.load_model, 0

    def counting(*args: Any) -> Encoder:
        encoder = load(*args)
        read = encoder.states

        def states(ids: Sequence[int]) -> Any:
            nonlocal tokens
            tokens += len(ids)
            return read(ids)

        encoder.states = states  # type: ignore[method-assign]
        return encoder

    with patch.object(assemble, "load_model", counting), tempfile.TemporaryDirectory() as folder:
        try:
            check.main([*arguments, f"--output={folder}/report"], standalone_mode=False)
        except SystemExit as exc:
            if exc.code not in VERDICTS:
                raise
    return {"tokens": tokens, "threads": torch.get_num_threads()}


def main() -> None:
    """Measure one change."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--diff", type=Path, default=ROOT / "examples" / "demo.diff")
    parser.add_argument("--root", type=Path, default=ROOT / "examples" / "demo")
    parser.add_argument("--lines", type=int, help="a change of that many lines of this package")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--count", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("flags", nargs="*", help="flags of `reviewbot check`, behind --")
    given = parser.parse_args()
    if given.count:  # in a process of its own: a child of a large process would look as large
        print(json.dumps(count_tokens(given.flags)))
        return
    with tempfile.TemporaryDirectory() as folder:
        if given.lines:
            own = {str(p.relative_to(ROOT)): p.read_text() for p in ROOT.glob("reviewbot/**/*.py")}
            write_repository(Path(folder), planned(own, given.lines))
            name, change = f"{given.lines} own lines", [f"--root={folder}", "HEAD~1..HEAD"]
        else:
            name, change = given.diff.name, [f"--diff={given.diff}", f"--root={given.root}"]
        arguments = ["--format=json", "--timings", *given.flags, *change]
        os.environ["PYTHONPATH"] = str(ROOT)
        again = [sys.executable, __file__, "--count", "--", *arguments]
        counted = json.loads(subprocess.run(again, check=True, stdout=subprocess.PIPE).stdout)
        command = [sys.executable, "-m", "reviewbot", "check"]
        measured = [timed(arguments, command) for _ in range(max(1, given.repeats))]
    runs = [asdict(run) for run, _ in measured]
    result = {key: median(run[key] for run in runs) for key in runs[0] if key != "exit_code"}
    info = Path("/proc/cpuinfo")
    result |= {
        "change": name,
        "check": given.flags,
        "scored": measured[0][1]["ledger"]["scored"],
        **counted,
        "tokens_per_s": counted["tokens"] / max(result["reading_s"], 0.005),  # the clock's step
        **cpu(info.read_text() if info.exists() else ""),
        "cores": os.cpu_count(),
        "runs": runs,
    }
    print(json.dumps(result, indent=1), table(result), sep="\n\n")


if __name__ == "__main__":
    main()
