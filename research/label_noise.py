"""Print the table of research/label-noise.md from the verdicts of the readers.

python -m research.label_noise
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from reviewbot.report.stats import wilson

VERDICTS = Path(__file__).parent / "label-noise" / "verdicts.jsonl"
KINDS = {  # what was read -> what a reader may say of it
    "labelled": ("wrong", "related", "not", "unclear"),
    "unlabelled": ("ok", "missed"),
    "clean": ("sound", "suspect"),
}


def share(hits: int, of: int) -> str:
    """Write a share with its interval: ".62 (.46 to .75)"."""
    value, low, high = (f"{x:.2f}".removeprefix("0") for x in (hits / of, *wilson(hits, of)))
    return f"{value} ({low} to {high})"


def tables(rows: Iterable[Mapping[str, Any]]) -> str:
    """Write the verdicts as Markdown: labelled lines, then unlabelled ones, then clean sets.

    rows    "suite", "kind" and "verdict" of each line read
    raises  ValueError where a kind does not know the verdict, and where a table or the clear lines
            of a suite would be empty
    """
    counts: dict[str, dict[str, Counter[str]]] = {kind: {} for kind in KINDS}
    for row in rows:
        suite, kind, verdict = str(row["suite"]), str(row["kind"]), str(row["verdict"])
        if verdict not in KINDS[kind]:
            raise ValueError(f"{kind} lines have no verdict {verdict!r}")
        counts[kind].setdefault(suite, Counter())[verdict] += 1
    labelled, unlabelled = counts["labelled"], counts["unlabelled"]
    lines = ["| suite | wrong | related | not | unclear | wrong, of the clear ones | of all read |"]
    lines += ["| --- | --- | --- | --- | --- | --- | --- |"]
    for suite in sorted(labelled, key=lambda name: (-_clear(labelled[name]), name)):
        of_suite = labelled[suite]
        cells = [f"`{suite}`", *(str(of_suite[verdict]) for verdict in KINDS["labelled"])]
        read, wrong = of_suite.total(), of_suite["wrong"]
        lines.append(f"| {' | '.join(cells)} | {share(wrong, read - of_suite['unclear'])} |")
        lines[-1] += f" {share(wrong, read)} |"
    lines += ["", "| other lines | read | faulty | share |", "| --- | --- | --- | --- |"]
    read = sum(of_suite.total() for of_suite in unlabelled.values())
    missed = sum(of_suite["missed"] for of_suite in unlabelled.values())
    title = f"unlabelled, beside a labelled one, {len(unlabelled)} suites"
    lines.append(f"| {title} | {read} | {missed} | {share(missed, read)} |")
    for suite, of_suite in sorted(counts["clean"].items()):
        hits, read = of_suite["suspect"], of_suite.total()
        lines.append(f"| `{suite}` | {read} | {hits} | {share(hits, read)} |")
    return "\n".join(lines) + "\n"


def _clear(of_suite: Counter[str]) -> float:
    return of_suite["wrong"] / (of_suite.total() - of_suite["unclear"])


def read_verdicts(path: Path = VERDICTS) -> list[dict[str, Any]]:
    """Read the verdicts, one JSON object a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    sys.stdout.write(tables(read_verdicts()))
