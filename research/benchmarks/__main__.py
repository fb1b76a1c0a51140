"""How long `reviewbot check` takes on named changes, as whole processes, and what it needs.

    python -m research.benchmarks                      all changes, the quick preset, every engine
    python -m research.benchmarks --changes small medium --presets quick deep --repeats 5
    python -m research.benchmarks --compare main HEAD --changes medium
    python -m research.benchmarks --changes small -- --threads=1

What follows "--" goes to the check.

research/performance.md says how to read it. A model that is not in the cache is fetched first.
"""

import argparse
import json
import sys
from pathlib import Path

from research.benchmarks.changes import CHANGES
from research.benchmarks.compare import compare
from research.benchmarks.measure import ROOT, Plan, installed, measure
from research.benchmarks.tables import compared, markdown, placed
from reviewbot.encoders.encoder import ENCODERS

PAGE = ROOT / "research" / "performance.md"


def say(line: str) -> None:
    """Talk to whoever waits."""
    print(line, file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    """Return what reads the flags."""
    made = argparse.ArgumentParser(
        "python -m research.benchmarks", description="See research/performance.md."
    )
    made.add_argument("--changes", nargs="+", choices=CHANGES, default=list(CHANGES))
    made.add_argument("--presets", nargs="+", default=["quick"], help="artifacts: names or folders")
    made.add_argument("--engines", nargs="+", choices=ENCODERS, help="default: all installed")
    made.add_argument("--repeats", type=int, default=5, help="timed runs of each (default: 5)")
    made.add_argument("--compare", nargs=2, metavar=("REV_A", "REV_B"), help="B against A")
    made.add_argument("--output", type=Path, metavar="DIR", help="write result.json, result.md")
    made.add_argument("--write-docs", action="store_true", help="put the tables into that page")
    made.add_argument("flags", nargs="*", help="flags of `reviewbot check`, behind --")
    return made


def main() -> None:
    """Measure, print the tables, and write what is asked for."""
    given = parser().parse_args()
    if given.repeats < 1:
        raise SystemExit("--repeats: at least 1")
    if given.compare and (given.write_docs or len(given.engines or ()) > 1):
        raise SystemExit("--compare takes one engine at most, and writes no docs")
    plan = Plan(
        changes=given.changes,
        presets=given.presets,
        engines=given.engines or ([] if given.compare else installed()),
        repeats=given.repeats,
        flags=given.flags,
    )
    if given.compare:
        result = compare((given.compare[0], given.compare[1]), plan, say)
        text = compared(result)
    else:
        result = measure(plan, say)
        text = markdown(result)
    print(text, end="")
    if given.output:
        given.output.mkdir(parents=True, exist_ok=True)
        data = json.dumps(result, indent=1) + "\n"
        (given.output / "result.json").write_text(data, encoding="utf-8")
        (given.output / "result.md").write_text(text, encoding="utf-8")
    if given.write_docs:
        page = placed(PAGE.read_text(encoding="utf-8"), text)
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
