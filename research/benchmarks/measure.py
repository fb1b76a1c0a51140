"""Time every change with every preset and backend, and the ceiling in the same run."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from research.benchmarks import ceiling
from research.benchmarks.changes import (
    CHANGES,
    content_hash,
    planned,
    standard_library,
    write_repository,
)
from research.benchmarks.figures import ceilings, figure, joined
from research.benchmarks.machine import machine
from research.benchmarks.process import LINES, Run, environment, linked, timed
from reviewbot.encoders.encoder import ENCODERS
from reviewbot.errors import EXTRAS, missing
from reviewbot.models.cache import cache_dir

ROOT = Path(__file__).parents[2]
FIXED = ("--server=never",)
COUNTING = "--engine=torch"  # whose checkpoint holds the config; torch itself is not needed
NO_LINES = "--line-cache=0"
COLD, WARM = "cold", "warm"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure."""

    changes: Sequence[str]
    presets: Sequence[str]
    engines: Sequence[str]
    repeats: int
    flags: Sequence[str]  # for the check, behind ours


def installed() -> list[str]:
    """Name the engines that can run here."""
    return [name for name in ENCODERS if not missing(EXTRAS.get(name, ()))]


def make_changes(names: Sequence[str], folder: Path) -> dict[str, dict[str, Any]]:
    """Write each change as a repository `folder/name`; return what it is.

    raises  ValueError where the standard library is too small for one
    """
    files, facts = standard_library(), {}
    for name in names:
        size, change = CHANGES[name], planned(files, CHANGES[name])
        (folder / name).mkdir(parents=True)
        write_repository(folder / name, change)
        facts[name] = {
            "lines": size.lines,
            "files": size.files,
            "sha256": content_hash(change),
        }
    return facts


def counted(flags: Sequence[str], change: Path, cache: Path) -> dict[str, Any]:
    """Ask `research.benchmarks.counted`. Raises SystemExit where it fails."""
    command = [sys.executable, "-P", "-m", "research.benchmarks.counted", *flags, NO_LINES]
    done = subprocess.run(
        [*command, f"--root={change}", "HEAD~1..HEAD"],
        env=environment(os.environ, ROOT, cache),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"the tokens of {change.name} were not counted:\n{done.stderr[-2_000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure(plan: Plan, say: Say) -> dict[str, Any]:
    """Return all figures, ready for JSON. Raises SystemExit where a check fails."""
    cache = cache_dir(None, os.environ)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        facts = make_changes(plan.changes, folder)
        result = {"machine": machine(ROOT), "changes": facts, "repeats": plan.repeats}
        cases = [(preset, engine) for preset in plan.presets for engine in plan.engines]
        flags = {
            (preset, engine): [*FIXED, f"--artifact={preset}", f"--engine={engine}", *plan.flags]
            for preset, engine in cases
        }
        numbers, counts = {}, {}
        for case in cases:  # models are fetched and converted now, and a case that cannot run fails
            say(f"{' '.join(case)}: not timed, once")
            first = folder / plan.changes[0]
            environ = environment(os.environ, ROOT, cache)
            _, report = timed([*flags[case], NO_LINES], first, environ)
            numbers[case] = report["model"]["dtype"]
        for preset in plan.presets:
            given = [*FIXED, f"--artifact={preset}", *plan.flags, COUNTING]
            for change in plan.changes:
                counts[preset, change] = counted(given, folder / change, cache)
        layers = {p: counts[p, plan.changes[0]]["matrices"] for p in plan.presets}
        before = {preset: ceiling.measured(matrices) for preset, matrices in layers.items()}
        found = []
        for change in plan.changes:
            runs = _runs(plan, folder, change, flags, cache, say)
            found += [(change, *key, *value) for key, value in runs.items() if value[0]]
        after = {preset: ceiling.measured(matrices) for preset, matrices in layers.items()}
    rates = {preset: joined(before[preset], after[preset]) for preset in plan.presets}
    tops = {preset: ceilings(rates[preset]) for preset in plan.presets}
    figures = []
    for change, preset, engine, lines, measured, ledger in found:
        count, kind = counts[preset, change], numbers[preset, engine]
        top = tops[preset].get(kind)
        figures.append(
            {"change": change, "preset": preset, "engine": engine, "numbers": kind}
            | {"line_cache": lines, "tokens": count["tokens"], "windows": count["windows"]}
            | {"added": ledger["added"], "scored": ledger["scored"], "flags": plan.flags}
            | figure(measured, count, top, read=lines == COLD)
        )
    warm = any(entry["line_cache"] == WARM for entry in figures)
    notes = [] if warm else ["no line cache was written, so none was measured warm"]
    return result | {"figures": figures, "ceilings": rates, "notes": notes}


def _runs(
    plan: Plan,
    folder: Path,
    change: str,
    flags: dict[tuple[str, str], list[str]],
    cache: Path,
    say: Say,
) -> dict[tuple[str, str, str], tuple[list[Run], dict[str, int]]]:
    """Let the backends take turns: what the machine does meanwhile is shared by all."""
    runs: dict[tuple[str, str, str], tuple[list[Run], dict[str, int]]] = {}
    for repeat in range(plan.repeats):
        for case, given in flags.items():
            with tempfile.TemporaryDirectory(dir=folder) as name:
                own = linked(cache, Path(name) / "cache")
                for lines in (COLD, WARM):
                    if lines == WARM and not any((own / LINES).glob("**/*")):
                        continue
                    environ = environment(os.environ, ROOT, own)
                    run, report = timed(given, folder / change, environ)
                    runs.setdefault((*case, lines), ([], report["ledger"]))[0].append(run)
                    said = f"{change} {' '.join(case)} {lines}: {run.wall_s:.2f} s"
                    say(f"{said} ({repeat + 1} of {plan.repeats})")
    return runs
