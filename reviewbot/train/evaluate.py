"""How well held-back lines are ranked, beside scores that need no training data or no model.

Every score is measured on the same lines, with the same resamples of whole groups.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from reviewbot.arrays import Array, Indices
from reviewbot.train.bootstrap import SAMPLES, calibration, figure, ranking, resample
from reviewbot.train.calibrate import recalibrated
from reviewbot.train.dataset import Scores, Table

SURFACE_CS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)  # inverse penalties: the surface has few columns
FIGURES = ("auroc", "ap", "recall at 20%", "top-1", "top-5", "brier skill", "ece")
MISSING = "-"


def untrained(table: Table, surprisal_L: Array | None = None) -> dict[str, Array]:
    """Return the baselines that learn nothing, (L,) each.

    random     a constant: ties give the expected value of a random order
    length     characters of the line, without blanks at its ends
    surprisal  summed over the line's tokens; left out where the whole model was not read
    """
    scores = {
        "random": np.zeros(len(table), np.float32),
        "length": table.length_L.astype(np.float32),
    }
    return scores if surprisal_L is None else scores | {"surprisal": surprisal_L}


def evaluate(
    table: Table,
    scores: Mapping[str, Scores | Array],
    fold_L: Indices,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure scores on the original lines of a table.

    scores   name -> out-of-fold score per line of the table
    fold_L   folds of whole groups: probabilities are calibrated on the other folds
    returns  JSON-able: counts, and "scores" (name -> figure of `FIGURES` -> {"value", "low",
             "high"}, null where a figure has no meaning: one class only, too few groups)

    A snippet for top-1 and top-5 is one label row that has a risky line.
    """
    line_L = ~table.is_fixed_L
    y_L, group_L, row_L = table.y_L[line_L], table.group_L[line_L], table.row_L[line_L]
    draws = resample(group_L, samples=samples, seed=seed)
    measured = {}
    for name, s_L in scores.items():
        p_L = recalibrated(y_L, s_L[line_L], fold_L[line_L])
        values = ranking(draws, group_L, row_L, y_L, s_L[line_L])
        values |= calibration(draws, group_L, y_L, p_L)
        measured[name] = {key: figure(draws, *values[key]) for key in FIGURES}
    return {
        "snippets": len(np.unique(row_L)),
        "lines": len(y_L),
        "risky": int(y_L.sum()),
        "groups": len(draws.names_G),
        "samples": samples,
        "seed": seed,
        "scores": measured,
    }


def markdown(report: Mapping[str, Any]) -> str:
    """Return what `evaluate` measured as one table, figures with their 95 % intervals."""
    rows = [["score", *FIGURES], ["---"] * (1 + len(FIGURES))]
    rows += [
        [name, *(_cell(figures[key]) for key in FIGURES)]
        for name, figures in report["scores"].items()
    ]
    return (
        f"{report['snippets']} snippets, {report['lines']} lines, {report['risky']} risky, "
        f"{report['groups']} groups. Every line is scored and calibrated by models that saw "
        f"nothing of its group. Intervals: 95 %, {report['samples']} resamples of whole groups. "
        "Lower is better for ece.\n\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)
    )


def _cell(entry: Mapping[str, float | None]) -> str:
    if entry["value"] is None:
        return MISSING
    if entry["low"] is None:
        return f"{entry['value']:.3f}"
    return f"{entry['value']:.3f} ({entry['low']:.3f} to {entry['high']:.3f})"
