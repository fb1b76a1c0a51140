"""Scores -> probabilities, percentiles and operating points. All from out-of-fold scores."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from reviewbot.arrays import Array
from reviewbot.errors import UsageError
from reviewbot.scoring.predictor import Predictor
from reviewbot.train import metrics
from reviewbot.train.calibrators import platt, sigmoid
from reviewbot.train.dataset import Scores, Table
from reviewbot.train.operating import points
from reviewbot.train.predictor_fit import FitResult
from reviewbot.train.suites import Suites, chosen_suites, clean_kinds, hunk_lines

REFERENCES = 1_001


def calibrate(
    table: Table,
    result: FitResult,
    *,
    suites: Suites | None = None,
    confidence: float | None = None,
) -> tuple[Predictor, dict[str, Any]]:
    """Complete the predictor, and say at which risks to show and to block.

    suites      what is measured on what; by default `chosen_suites`, which says what it inferred
    confidence  of the stated rates of false alarms; None ships the plain quantiles
    returns     the predictor, and {"platt", "reference", "suites", "rule" (in words), "thresholds",
                "not_measured"}
    raises      UsageError where the hunks hold one class only, where the score does not rise with
                the label (such a predictor must not be shipped), or where no clean code is there

    The base rate of the hunks becomes that of the probabilities; in a repository where fewer lines
    are fixed later they are too high, though their order holds. The rates that stand beside the
    thresholds are those they were chosen on: `nested.nested` says what they are worth.
    """
    suites = chosen_suites(table) if suites is None else suites
    here_L = hunk_lines(table, suites)
    y_L, s_L = table.y_L[here_L], result.oof_L[here_L]
    if not y_L.any() or y_L.all():
        raise UsageError(
            "the sets to calibrate on hold lines of one class only", fix="name sets that hold both"
        )
    slope, offset = platt(y_L, s_L)
    if slope <= 0:
        raise UsageError(
            f"the score does not rise with the label (slope {slope:.3g}), so no predictor was made",
            fix="train on more rows, other sets or other column groups",
        )
    # float32, as scoring has it: a threshold must fall where the shipped risks fall.
    risk_L = sigmoid(slope * result.oof_L + offset).astype(np.float32)
    reference_Q = np.quantile(risk_L[here_L], np.linspace(0, 1, REFERENCES)).astype(np.float32)
    predictor = replace(
        result.predictor, slope=slope, offset=offset, reference_Q=np.maximum.accumulate(reference_Q)
    )
    kinds = clean_kinds(table, suites)
    if not kinds:
        wanted = ", ".join(name for members in suites.clean.values() for name in members)
        raise UsageError(
            "no line of clean code is there to set thresholds on",
            fix=f"add a set of clean code{', such as ' + wanted if wanted else ''}",
        )
    thresholds = points(risk_L, table.group_L, kinds, confidence=confidence)
    for point in thresholds.values():
        point["recall"] = metrics.recall_above(y_L, risk_L[here_L], point["risk"])
    return predictor, {
        "platt": {
            "slope": slope,
            "offset": offset,
            "sets": sorted(set(table.set_L[here_L].tolist())),
            "lines": len(y_L),
            "base_rate": float(y_L.mean()),
        },
        "reference": {"lines": len(y_L), "quantiles": REFERENCES},
        "suites": {key: asdict(suites)[key] for key in ("hunks", "clean", "inferred")},
        "rule": rule(confidence),
        "thresholds": thresholds,
        "not_measured": sorted(suites.clean.keys() - kinds.keys()),
    }


def rule(confidence: float | None) -> str:
    """Say by which rule thresholds are set, for manifests and tables."""
    if confidence is None:
        return "plain quantile: the rate holds on the clean lines it was set on, the worst kind"
    return f"bounded: the rate holds on new code with confidence {confidence:g} where it is stated"


def calibrated(predictor: Predictor, s_L: Scores | Array) -> Array:
    """Return the risks of raw scores (out of fold, say) under the predictor's calibration."""
    return sigmoid(predictor.slope * s_L + predictor.offset).astype(np.float32)
