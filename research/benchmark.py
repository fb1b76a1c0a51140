"""Write the tables of docs/benchmark.md from what `research.evaluate` measured.

    python -m research.benchmark WORK

WORK  directory with small.json, base.json and tiny.json (research/*.sh); one that is missing
      leaves its rows out. Each table stands between `<!-- table: NAME -->` and `<!-- end -->`.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reviewbot.train.tables import MISSING, figure

PAGE = Path("docs/benchmark.md")
PRESETS = ("tiny", "small", "base")
PAIRED = ("paired, normalised", "paired, length balanced")
PAIR_SUITES = ("humaneval_llm", "clm_java_llm_patches", "condefects", "sven", "safecoder_new")
HUNKS = ("ai hunks", "human hunks")
Report = Mapping[str, Any]
Reports = Mapping[str, Report]


def rows(head: list[str], lines: list[list[str]]) -> str:
    """Lay cells out as a Markdown table."""
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *lines])


def score(report: Report, suite: str, name: str, metric: str) -> str:
    """Return one figure of one score, "-" where it was not measured."""
    found = report["suites"].get(suite, {}).get("scores", {}).get(name, {})
    return figure(found.get(metric))


def difference(report: Report, suite: str, other: str, metric: str) -> str:
    """Return ours - other, paired by resample."""
    found = report["suites"].get(suite, {}).get("differences", {}).get(f"ours - {other}", {})
    return figure(found.get(metric))


def pairs(reports: Reports) -> str:
    """Paired accuracy, plain and length balanced, of ours and of what must be beaten."""
    lines = []
    for preset, report in reports.items():
        for suite in PAIR_SUITES:
            if suite not in report["suites"]:
                continue
            count = report["suites"][suite]["pairs"]
            places = f"{count['paired, normalised']} ({count['wrong shorter']} / "
            places += f"{count['wrong longer']})"
            ours = [score(report, suite, "ours", metric) for metric in PAIRED]
            others = [
                score(report, suite, name, PAIRED[0])
                for name in ("tells-pairs", "surface", "surprisal", "embeddings")
            ]
            lines.append([f"`{preset}`", f"`{suite}`", places, *ours, *others])
    head = ["preset", "suite", "pairs (wrong shorter / longer)", "ours", "ours, length balanced"]
    return rows([*head, "tells-pairs", "surface", "surprisal", "embeddings"], lines)


def programs(reports: Reports) -> str:
    """Every score on model-written wrong programs."""
    metrics = ("within auroc", "top-1", "auroc", "ap", *PAIRED, "brier skill, recalibrated")
    lines = [
        [f"`{preset}`", name, *(score(report, "humaneval_llm", name, m) for m in metrics)]
        for preset, report in reports.items()
        for name in report["suites"].get("humaneval_llm", {}).get("scores", {})
    ]
    return rows(["preset", "score", *metrics], lines)


def hunks(reports: Reports) -> str:
    """Ranking lines of real hunks, against what needs no model or no context."""
    lines = []
    for preset, report in reports.items():
        for suite in (*HUNKS, "fixwin"):
            if suite not in report["suites"]:
                continue
            found = report["suites"][suite]
            size = f"{found['lines']:,} / {found['risky']} / {found['groups']}"
            recall = [
                score(report, suite, name, "recall at 20%")
                for name in ("ours", "surface", "embeddings", "tells")
            ]
            lines.append(
                [
                    f"`{preset}`",
                    suite,
                    size,
                    score(report, suite, "ours", "auroc"),
                    *(difference(report, suite, o, "auroc") for o in ("surface", "embeddings")),
                    score(report, suite, "tells", "auroc"),
                    *recall,
                ]
            )
    head = ["preset", "suite", "lines / risky / groups", "AUROC", "- surface", "- embeddings"]
    head += ["AUROC of tells", "recall at 20 % of lines", "surface", "embeddings", "tells"]
    return rows(head, lines)


def probabilities(reports: Reports) -> str:
    """Calibration on folds that set nothing, and with each suite's own base rate."""
    lines = []
    for preset, report in reports.items():
        nested = report.get("nested", {}).get("suites", {})
        for suite in (*HUNKS, "humaneval_llm"):
            if suite not in report["suites"]:
                continue
            found = nested.get(suite, {})
            lines.append(
                [
                    f"`{preset}`",
                    f"`{suite}`",
                    figure(found.get("brier skill")),
                    figure(found.get("ece")),
                    score(report, suite, "ours", "brier skill, recalibrated"),
                    score(report, suite, "ours", "ece, recalibrated"),
                ]
            )
    head = ["preset", "suite", "Brier skill, nested", "ECE, nested"]
    return rows([*head, "Brier skill, recalibrated", "ECE, recalibrated"], lines)


def operating(reports: Reports) -> str:
    """What show and gate are worth on folds that did not set them."""
    suites = (*HUNKS, "humaneval_llm", "clm_java_llm_patches")
    lines, kinds = [], ("clean hunks", "passing programs")
    for preset, report in reports.items():
        nested = report.get("nested", {})
        points = dict(nested.get("points", {}))
        points |= {
            f"{float(share):.0%} of clean lines": found
            for share, found in nested.get("curve", {}).items()
            if float(share) in (0.02, 0.05, 0.1, 0.2)
        }
        for name, found in points.items():
            alarms = [figure(found["false alarms per 100"].get(kind)) for kind in kinds]
            recall = [figure(found["recall"].get(suite)) for suite in suites]
            lines.append([f"`{preset}`", name, *alarms, *recall])
    head = ["preset", "point", *(f"false alarms per 100, {kind}" for kind in kinds)]
    return rows([*head, *(f"recall, {suite}" for suite in suites)], lines)


def sparse(reports: Reports) -> str:
    """What the autoencoder adds (above 0) or costs against the same recipe on raw states."""
    metrics = ("auroc", "within auroc", "top-1", "paired, normalised")
    lines = [
        [f"`{preset}`", suite, *(difference(report, suite, "raw-states", m) for m in metrics)]
        for preset, report in reports.items()
        for suite in report["suites"]
    ]
    lines = [line for line in lines if set(line[2:]) != {MISSING}]
    return rows(["preset", "suite", *metrics], lines)


TABLES: Mapping[str, Callable[[Reports], str]] = {
    "pairs": pairs,
    "programs": programs,
    "hunks": hunks,
    "probabilities": probabilities,
    "operating": operating,
    "sparse": sparse,
}


def filled(page: str, reports: Reports) -> str:
    """Return the page with every table made again; KeyError for a table that nobody makes."""

    def table(match: re.Match[str]) -> str:
        return f"<!-- table: {match[1]} -->\n{TABLES[match[1]](reports)}\n<!-- end -->"

    return re.sub(r"<!-- table: (\w+) -->.*?<!-- end -->", table, page, flags=re.DOTALL)


def main(work: Path) -> None:
    """Fill the page in place."""
    reports = {
        name: json.loads((work / f"{name}.json").read_text(encoding="utf-8"))
        for name in PRESETS
        if (work / f"{name}.json").exists()
    }
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), reports), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
