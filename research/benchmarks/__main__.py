"""How long `reviewbot check` takes on named changes, as whole processes, and what it needs.

    python -m research.benchmarks                      all changes, the quick preset, every engine
    python -m research.benchmarks --changes small medium --presets quick deep --repeats 5
    python -m research.benchmarks --isa avx2 full      as on a processor with AVX2, and uncapped
    python -m research.benchmarks --compare main HEAD --changes medium
    python -m research.benchmarks --compare 04652ed HEAD --presets tiny=quick
    python -m research.benchmarks --changes small -- --threads=1

What follows "--" goes to the check.

research/performance.md says how to read it. A model that is not in the cache is fetched first.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from research.benchmarks.changes import CHANGES
from research.benchmarks.compare import compare
from research.benchmarks.measure import Plan, installed, measure
from research.benchmarks.tables import compared, markdown
from reviewbot.encoders.encoder import ENCODERS
from tests.avx2.cap import capped, why_not

FULL, AVX2 = "full", "avx2"


def say(line: str) -> None:
    """Talk to whoever waits."""
    print(line, file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    """Return what reads the flags."""
    made = argparse.ArgumentParser(
        "python -m research.benchmarks", description="See research/performance.md."
    )
    made.add_argument("--changes", nargs="+", choices=CHANGES, default=list(CHANGES))
    made.add_argument(
        "--presets",
        nargs="+",
        default=["quick"],
        help="artifacts: names or folders; with --compare also A=B, one for each commit",
    )
    made.add_argument(
        "--isa", nargs="+", choices=[FULL, AVX2], default=[FULL], help="avx2 hides what is newer"
    )
    made.add_argument("--engines", nargs="+", choices=ENCODERS, help="default: all installed")
    made.add_argument("--repeats", type=int, default=5, help="timed runs of each (default: 5)")
    made.add_argument("--compare", nargs=2, metavar=("REV_A", "REV_B"), help="B against A")
    made.add_argument("--output", type=Path, metavar="DIR", help="write result.json, result.md")
    made.add_argument("flags", nargs="*", help="flags of `reviewbot check`, behind --")
    return made


def main() -> None:
    """Measure, print the tables, and write what is asked for."""
    given = parser().parse_args()
    if given.repeats < 1:
        raise SystemExit("--repeats: at least 1")
    if given.compare and len(given.engines or ()) > 1:
        raise SystemExit("--compare takes one engine at most")
    if AVX2 in given.isa and (why := why_not()):
        raise SystemExit(f"--isa avx2: {why}")
    with tempfile.TemporaryDirectory() as name:
        cap = capped(Path(name)) if AVX2 in given.isa else {}
        result, text = run(given, {isa: cap if isa == AVX2 else {} for isa in given.isa})
    print(text, end="")
    if given.output:
        given.output.mkdir(parents=True, exist_ok=True)
        data = json.dumps(result, indent=1) + "\n"
        (given.output / "result.json").write_text(data, encoding="utf-8")
        (given.output / "result.md").write_text(text, encoding="utf-8")


def run(given: argparse.Namespace, isas: dict[str, dict[str, str]]) -> tuple[dict[str, Any], str]:
    """Return the figures for JSON, and the tables."""
    plan = Plan(
        isas=isas,
        changes=given.changes,
        presets=given.presets,
        engines=given.engines or ([] if given.compare else installed()),
        repeats=given.repeats,
        flags=given.flags,
    )
    if given.compare:
        result = compare((given.compare[0], given.compare[1]), plan, say)
        return result, compared(result)
    result = measure(plan, say)
    return result, markdown(result)


if __name__ == "__main__":
    main()
