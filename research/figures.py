"""The result of `evaluate` -> the plots of a benchmark page, by file name."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from research import plots
from research.pairs import PAIRED
from reviewbot.arrays import Array
from reviewbot.train.dataset import Scores, Table

BARS = (*PAIRED, "within auroc", "auroc")
CURVES = ("random", "tells", "surface", "embeddings", "raw-states", "pca-128", "pttrust-r")


def evaluation(
    report: Mapping[str, Any],
    table: Table,
    scores: Mapping[str, Scores | Array],
    risks: Mapping[str, Scores | Array],
) -> dict[str, str]:
    """Draw bars of each metric of `BARS`, and per suite with risky lines two curves of its own.

    scores, risks  as `evaluate` had them: recall against the share of lines read, for ours and for
                   those of `CURVES` that are there; how well our risks are calibrated
    returns        file name -> SVG
    """
    made = {}
    for metric in BARS:
        if found := plots.bars_of(report, metric):
            made[f"{_slug(metric)}.svg"] = plots.bars(metric, found, chance=0.5)
    for title, suite in report["suites"].items():
        line_L = np.isin(table.set_L, suite["sets"]) & ~table.is_fixed_L
        y_L = table.y_L[line_L]
        if not y_L.any():
            continue
        curves = {
            name: plots.recall_points(y_L, scores[name][line_L])
            for name in ("ours", *CURVES)
            if name in suite["scores"]
        }
        made[f"recall-{_slug(title)}.svg"] = plots.recall(f"recall, {title}", curves)
        if "ours" in risks:
            bins = plots.reliability_bins(y_L, risks["ours"][line_L])
            made[f"reliability-{_slug(title)}.svg"] = plots.reliability(
                f"reliability as shipped, {title}", bins
            )
    return made


def _slug(name: str) -> str:
    """Write a name, which a label file may have chosen, so that it is a file's name and no path."""
    return re.sub(r"[^a-z0-9_]+", "-", name.lower())[:80].strip("-") or "unnamed"
