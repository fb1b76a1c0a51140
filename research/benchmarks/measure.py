"""Time every change with every preset and backend, and the ceiling in the same run."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from research.benchmarks import ceiling
from research.benchmarks.changes import (
    CHANGES,
    FIRST,
    SECOND,
    content_hash,
    planned,
    standard_library,
    with_push,
    write_repository,
)
from research.benchmarks.figures import ceilings, figure, joined
from research.benchmarks.machine import machine
from research.benchmarks.process import (
    LINES,
    READING,
    Run,
    environment,
    linked,
    serving,
    steps,
    timed,
)
from research.benchmarks.profiled import shares
from reviewbot.app.warm import MODEL_SETTINGS
from reviewbot.encoders.encoder import ENCODERS
from reviewbot.encoders.processor import usable_cores
from reviewbot.errors import EXTRAS, missing
from reviewbot.models.cache import cache_dir

ROOT = Path(__file__).parents[2]
FIXED = ("--server=never",)
COUNTING = "--engine=torch"  # whose checkpoint holds the config; torch itself is not needed
NO_LINES = "--line-cache=0"
PROFILED = "onnx"  # the engine that has a profiler
COLD = "cold"
ROUND = {COLD: FIRST, "warm": FIRST, "second push": SECOND}  # line cache -> commits, in this order
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure."""

    isas: Mapping[str, Mapping[str, str]]  # name -> the variables that cap the processor
    changes: Sequence[str]
    presets: Sequence[str]
    engines: Sequence[str]
    repeats: int
    flags: Sequence[str]  # for the check, behind ours


class Case(NamedTuple):
    """What takes turns."""

    isa: str
    preset: str
    engine: str


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
        write_repository(folder / name, with_push(change))
        facts[name] = {
            "lines": size.lines,
            "files": size.files,
            "sha256": content_hash(change),
        }
    return facts


def asked(
    module: str, flags: Sequence[str], change: Path, environ: Mapping[str, str]
) -> tuple[dict[str, Any], str]:
    """Run `counted` or `profiled`; return its JSON and its stderr. Raises SystemExit on failure."""
    command = [sys.executable, "-P", "-m", f"research.benchmarks.{module}", *flags, NO_LINES]
    command += ["--timings", f"--root={change}", FIRST]
    done = subprocess.run(command, env=dict(environ), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{change.name} was not {module}:\n{done.stderr[-2_000:]}")
    return json.loads(done.stdout), done.stderr


def measure(plan: Plan, say: Say) -> dict[str, Any]:
    """Return all figures, ready for JSON. Raises SystemExit where a check fails."""
    with tempfile.TemporaryDirectory() as name:
        return Benchmark(plan, Path(name), say).result()


class Benchmark:
    """One run of all."""

    def __init__(self, plan: Plan, folder: Path, say: Say) -> None:
        """Measure nothing yet; changes and caches will be written to `folder`."""
        self.plan, self.folder, self.say = plan, folder, say
        self.cache = cache_dir(None, os.environ)
        self.cases = [Case(*one) for one in product(plan.isas, plan.presets, plan.engines)]

    def environ(self, isa: str, cache: Path | None = None) -> dict[str, str]:
        """Return the environment of a check; with the user's cache, where none is given."""
        return environment(os.environ, ROOT, cache or self.cache, self.plan.isas[isa])

    def flags(self, case: Case) -> list[str]:
        """Return the flags of a check."""
        own = [f"--artifact={case.preset}", f"--engine={case.engine}"]
        return [*FIXED, *own, *self.plan.flags]

    def result(self) -> dict[str, Any]:
        """Measure."""
        plan, folder = self.plan, self.folder
        result = {"machine": machine(ROOT), "changes": make_changes(plan.changes, folder)}
        result |= {"repeats": plan.repeats, "isas": {isa: self.processor(isa) for isa in plan.isas}}
        numbers, counts = {}, {}
        for case in self.cases:  # models are fetched and converted now; what cannot run fails
            self.say(f"{' '.join(case)}: not timed, once")
            flags = [*self.flags(case), NO_LINES]
            _, report = timed(flags, folder / plan.changes[0], self.environ(case.isa))
            numbers[case] = report["model"]["dtype"]
        environ = self.environ(self.cases[0].isa)
        for preset, change in product(plan.presets, plan.changes):
            flags = [*FIXED, f"--artifact={preset}", *plan.flags, COUNTING]
            counts[preset, change], _ = asked("counted", flags, folder / change, environ)
        profiles = [found for change in plan.changes for found in self.profiles(change)]
        before = self.ceilings(counts)
        found = {change: self.turns(change) for change in plan.changes}
        after = self.ceilings(counts)
        rates = {key: joined(before[key], after[key]) for key in before}
        figures = []
        for change, (runs, ledgers) in found.items():
            for (case, lines), measured in runs.items():
                count = counts[case.preset, change]
                tops = ceilings(rates[case.isa, case.preset])
                figures.append(
                    {"change": change, **case._asdict(), "numbers": numbers[case]}
                    | {"line_cache": lines, "tokens": count["tokens"], "windows": count["windows"]}
                    | {"added": ledgers[case]["added"], "scored": ledgers[case]["scored"]}
                    | {"flags": plan.flags}
                    | figure(measured, count, tops, read=lines == COLD)
                )
        tables = [{"isa": isa, "preset": preset, "rates": r} for (isa, preset), r in rates.items()]
        return result | {"figures": figures, "ceilings": tables, "profiles": profiles}

    def processor(self, isa: str) -> str:
        """Return the instructions that reviewbot finds, in a process of its own."""
        code = "from reviewbot.encoders.processor import isa; print(isa())"
        command = [sys.executable, "-P", "-c", code]
        done = subprocess.run(
            command, env=self.environ(isa), capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def ceilings(self, counts: Mapping[tuple[str, str], Any]) -> dict[tuple[str, str], Any]:
        """Measure the products of each preset's layer on each processor."""
        return {
            (isa, preset): ceiling.measured(
                counts[preset, self.plan.changes[0]]["matrices"], self.environ(isa)
            )
            for isa, preset in product(self.plan.isas, self.plan.presets)
        }

    def profiles(self, change: str) -> list[dict[str, Any]]:
        """Return where the reading time goes, of one run that is not timed."""
        found = []
        for case in self.cases:
            if case.engine == PROFILED:
                environ, where = self.environ(case.isa), self.folder / change
                operators, said = asked("profiled", self.flags(case), where, environ)
                parts = shares(operators, steps(said)[READING], usable_cores())
                found.append(
                    {"change": change, **case._asdict(), "shares": parts, "operators": operators}
                )
        return found

    def turns(
        self, change: str
    ) -> tuple[dict[tuple[Case, str], list[Run]], dict[Case, dict[str, int]]]:
        """Let the cases take turns: what the machine does meanwhile is shared by all.

        raises  SystemExit where a report differs from one that a server's model made without a
                line cache
        """
        runs: dict[tuple[Case, str], list[Run]] = {}
        expected = {case: self.served(change, case) for case in self.cases}
        for repeat, case in product(range(self.plan.repeats), self.cases):
            with tempfile.TemporaryDirectory(dir=self.folder) as name:
                own = linked(self.cache, Path(name) / "cache")
                for lines, commits in ROUND.items():
                    if lines != COLD and not any((own / LINES).glob("**/*")):
                        continue  # nothing was kept
                    what = f"{change} {' '.join(case)} {lines}"
                    environ = self.environ(case.isa, own)
                    run, report = timed(self.flags(case), self.folder / change, environ, commits)
                    if report != expected[case][commits]:
                        raise SystemExit(f"{what}: the report differs from that through a server")
                    runs.setdefault((case, lines), []).append(run)
                    self.say(f"{what}: {run.wall_s:.2f} s ({repeat + 1} of {self.plan.repeats})")
        return runs, {case: reports[FIRST]["ledger"] for case, reports in expected.items()}

    def served(self, change: str, case: Case) -> dict[str, dict[str, Any]]:
        """Return the reports of both pushes, read by `reviewbot serve` without a line cache."""
        flags, where = self.flags(case), self.folder / change
        names = [f"--{name}" for name in MODEL_SETTINGS]
        model = [flag for flag in flags if flag.partition("=")[0] in names]
        reports = {}
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            environ = self.environ(case.isa, linked(self.cache, Path(name) / "cache"))
            with serving(model, environ, where):
                for commits in (FIRST, SECOND):
                    asking = [*flags, NO_LINES, "--server=auto"]
                    run, reports[commits] = timed(asking, where, environ, commits)
                    if not run.served:
                        raise SystemExit(f"{' '.join(case)}: `reviewbot serve` was not used")
        return reports
