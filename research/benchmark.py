"""Write research/results from what `research.evaluate` measured, and the page's tables from that.

    python -m research.benchmark [WORK]

WORK  directory with deep.json (research/deep.sh); the command stops if it is missing. Without
      WORK, only the tables of docs/benchmark.md are written again. Each stands between
      `<!-- table: NAME -->` and `<!-- end -->`.
"""

import csv
import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from research.benchmark_files import FILES
from research.csv_figures import entry_of, figure
from research.pairs import PAIRED

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "research" / "results"
PAGE = ROOT / "docs" / "benchmark.md"
PRESETS = ("deep",)  # `quick` is measured by `reviewbot train evaluate`
Lines = list[dict[str, str]]  # rows of a file, by head of column
Read = Callable[[str], Lines]  # the rows of a file of results by its name


def ranking_table(read: Read) -> str:
    """Ours beside what needs no model or no training: lines of programs and of real changes."""
    wanted = [("humaneval_llm", "within auroc"), ("humaneval_llm", "top-1")]
    wanted += [("ai hunks", "auroc"), ("ai hunks", "recall at 20%"), ("human hunks", "auroc")]
    found = {(r["preset"], r["suite"], r["score"]): r for r in read("scores")}
    lines = [
        [f"`{preset}`", name, *(_cell(found.get((preset, s, name), {}), m) for s, m in wanted)]
        for preset in PRESETS
        for name in ("ours", "surface", "surprisal", "length", "random")
        if (preset, "humaneval_llm", name) in found
    ]
    heads = ["programs: within AUROC", "Top-1", "AI hunks: AUROC", "recall", "human hunks: AUROC"]
    return rows_of(["preset", "score", *heads], lines)


def pairs_table(read: Read) -> str:
    """Paired accuracy, length balanced, of ours and, for `deep`, of what must be beaten."""
    suites = ("humaneval_llm", "clm_java_llm_patches", "condefects")
    names = {"surprisal": "surprisal", "surface": "surface", "tells-pairs": "form alone"}
    wanted = [(preset, "ours", "ours") for preset in PRESETS]
    wanted += [("deep", score, name) for score, name in names.items()]
    found = {(r["preset"], r["suite"], r["score"]): r for r in read("scores")}
    lines = [
        [f"`{preset}`", name, *(_cell(found[preset, s, score], PAIRED[2]) for s in suites)]
        for preset, score, name in wanted
    ]
    return rows_of(["preset", "score", *(f"`{suite}`" for suite in suites)], lines)


def operating_table(read: Read) -> str:
    """What the shown point and looser ones cost in false alarms, and what they find."""
    found = {(r["preset"], r["suite"], r["point"]): r for r in read("operating")}
    kinds = ("clean hunks", "passing programs")
    lines = [
        [
            f"`{preset}`",
            point,
            *(
                _cell(found[preset, "ai hunks", point], f"false alarms per 100, {kind}")
                for kind in kinds
            ),
            *(_cell(found[preset, s, point], "recall") for s in ("ai hunks", "humaneval_llm")),
        ]
        for preset in PRESETS
        for point in ("show", "5% allowed")
    ]
    heads = [f"false alarms per 100, {kind}" for kind in kinds]
    return rows_of(["preset", "point", *heads, "recall, AI hunks", "recall, programs"], lines)


TABLES: Mapping[str, Callable[[Read], str]] = {
    "ranking": ranking_table,
    "pairs": pairs_table,
    "operating": operating_table,
}


def filled(page: str, read: Read) -> str:
    """Return the page with every table written again; KeyError for an unknown table."""

    def table(match: re.Match[str]) -> str:
        return f"<!-- table: {match[1]} -->\n{TABLES[match[1]](read)}\n<!-- end -->"

    return re.sub(r"<!-- table: (\w+) -->.*?<!-- end -->", table, page, flags=re.DOTALL)


def read_results(name: str) -> Lines:
    """Return the rows of one file of research/results."""
    with (RESULTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rows_of(head: list[str], lines: list[list[str]]) -> str:
    """Lay cells out as a Markdown table."""
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *lines])


def main(work: Path | None) -> None:
    """Write the files of results if there is anything to write, then fill the page in place."""
    if work:
        reports = {
            name: json.loads((work / f"{name}.json").read_text(encoding="utf-8"))
            for name in PRESETS
        }
        for name, made in FILES.items():
            (RESULTS / f"{name}.csv").write_text(made(reports), encoding="utf-8")
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), read_results), encoding="utf-8")


def _cell(row: Mapping[str, str], metric: str) -> str:
    return figure(entry_of(row, metric)).replace(" to ", "–")  # no figure here is below 0


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else None)
