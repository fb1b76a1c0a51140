"""Two commits on the same changes, their runs taking turns: A B A B."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

from research.benchmarks.figures import ratios
from research.benchmarks.machine import machine
from research.benchmarks.measure import FIXED, ROOT, Plan, Say, make_changes
from research.benchmarks.process import Run, environment, linked, timed
from reviewbot.models.cache import cache_dir


def git(*args: str) -> str:
    """Ask git about this repository. Raises SystemExit with what it said."""
    done = subprocess.run(["git", *args], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"git {args[0]} failed, nothing was compared:\n{done.stderr.strip()}")
    return done.stdout.strip()


@contextmanager
def worktree(revision: str, where: Path) -> Iterator[str]:
    """Check a commit out in a folder of its own; yields its short name. Removed at the end."""
    name = git("rev-parse", "--short=12", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    git("worktree", "add", "--detach", "--force", str(where), name)
    try:
        yield name
    finally:
        git("worktree", "remove", "--force", str(where))


def help_of(code: Path) -> str:
    """Return the whole help of `check` of another commit; a SystemExit where it is not its own."""
    environ = environment(os.environ, code, code, {})

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", *command], env=environ, capture_output=True, text=True, cwd=code
        )

    place = run("-c", "import reviewbot; print(reviewbot.__file__)")
    whole = run("-m", "reviewbot", "check", "--help-all")
    if whole.returncode:  # before 0.2.0 --help was the whole
        whole = run("-m", "reviewbot", "check", "--help")
    for done in (place, whole):
        if done.returncode:
            raise SystemExit(f"the commit cannot be run:\n{done.stderr[-2_000:]}")
    if not Path(place.stdout.strip()).is_relative_to(code):
        raise SystemExit(f"another reviewbot would be measured: {place.stdout.strip()}")
    return whole.stdout


def lacking(help_text: str, flags: Sequence[str]) -> list[str]:
    """Name the flags that a `check --help` does not know."""
    words = set(help_text.replace(",", " ").split())
    names = [flag.partition("=")[0] for flag in flags if flag.startswith("--")]
    return [name for name in names if name not in words]


def flags_for(help_text: str, revision: str, flags: Sequence[str]) -> list[str]:
    """Return the flags for one commit: those given, and of ours the ones that it knows.

    raises  SystemExit where it lacks one that was given: it would be measured with another meaning
    """
    if missing := lacking(help_text, flags):
        raise SystemExit(
            f"nothing was compared: `reviewbot check` of {revision} knows no {missing[0]}\n"
            "  fix: leave the flag out, or compare commits that both have it"
        )
    return [*(flag for flag in FIXED if not lacking(help_text, [flag])), *flags]


def both(preset: str) -> tuple[str, str]:
    """Return what the first and the second commit call a preset: "tiny=quick", or one name."""
    first, _, second = preset.partition("=")
    return first, second or first


def compare(revisions: tuple[str, str], plan: Plan, say: Say) -> dict[str, Any]:
    """Return both commits' figures and their ratios, ready for JSON.

    An engine is only named to the check where the plan names one; every run starts with a cache
    that holds no line, so that neither commit gains from an earlier run.
    """
    cache = cache_dir(None, os.environ)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        facts = make_changes(plan.changes, folder / "changes")
        first, second = folder / "first", folder / "second"
        with worktree(revisions[0], first) as one, worktree(revisions[1], second) as two:
            asked = [*(f"--engine={engine}" for engine in plan.engines[:1]), *plan.flags]
            given = {
                code: flags_for(help_of(code), revision, asked)
                for code, revision in zip((first, second), revisions, strict=True)
            }
            figures = []
            for change, isa, preset in product(plan.changes, plan.isas, plan.presets):
                runs = _turns(given, folder / "changes" / change, isa, preset, plan, cache, say)
                figures.append(
                    {"change": change, "isa": isa, "preset": preset, "ratios": ratios(*runs)}
                    | {"runs": [[asdict(run) for run in part] for part in runs]}
                )
    return {
        "machine": machine(ROOT),
        "changes": facts,
        "commits": [one, two],
        "flags": asked,
        "repeats": plan.repeats,
        "figures": figures,
    }


def _turns(
    given: dict[Path, list[str]],
    change: Path,
    isa: str,
    preset: str,
    plan: Plan,
    cache: Path,
    say: Say,
) -> tuple[list[Run], list[Run]]:
    presets = both(preset)
    runs: tuple[list[Run], list[Run]] = ([], [])
    for repeat in range(-1, plan.repeats):  # the first pair is not kept: it compiles and converts
        for part, name, (code, flags) in zip(runs, presets, given.items(), strict=True):
            with tempfile.TemporaryDirectory() as folder:
                own = cache if repeat < 0 else linked(cache, Path(folder) / "cache")
                environ = environment(os.environ, code, own, plan.isas[isa])
                run, _ = timed([*flags, f"--artifact={name}"], change, environ)
            if repeat >= 0:
                part.append(run)
                say(f"{change.name} {isa} {name} {code.name}: {run.wall_s:.2f} s")
    return runs
