"""Scores -> probabilities, percentiles and operating points. All from out-of-fold scores."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import floor
from typing import Any

import numpy as np

from reviewbot.core.arrays import Array, Indices, Mask
from reviewbot.core.errors import UsageError
from reviewbot.core.predictor import Predictor
from reviewbot.train import metrics
from reviewbot.train.dataset import Scores, Table
from reviewbot.train.predictor_fit import HUNKS, FitResult

REFERENCES = 1_001
# Kinds of clean code. A threshold must hold on each of them, not on their average.
CLEAN: Mapping[str, tuple[str, ...]] = {
    "clean hunks": ("clean_ai_hunks", "clean_human_hunks"),
    "passing programs": ("humaneval_pass",),
}
RATES = {"show": 1 / 100, "gate": 1 / 1_000}  # false alarms per line of clean code


def platt(y_L: Mask, s_L: Scores | Array) -> tuple[float, float]:
    """Fit P(risky) = sigmoid(slope * score + offset) by Newton's method; return slope and offset.

    The targets are Platt's (1999), a little inside 0 and 1, so that scores which separate the
    classes do not give an infinite slope. The slope may come out negative: the caller decides.
    raises  ValueError for one class only
    """
    risky = int(y_L.sum())
    clean = len(y_L) - risky
    if not risky or not clean:
        raise ValueError("Platt scaling needs both classes")
    target_L = np.where(y_L, (risky + 1) / (risky + 2), 1 / (clean + 2))
    centre, scale = float(s_L.mean()), float(s_L.std()) or 1.0
    design_L2 = np.stack([(s_L.astype(np.float64) - centre) / scale, np.ones(len(s_L))], axis=1)
    theta = np.array([0.0, np.log((risky + 1) / (clean + 1))])

    def loss(theta: Scores) -> float:
        odds_L = design_L2 @ theta
        return float((np.logaddexp(0, odds_L) - target_L * odds_L).sum())

    for _ in range(100):
        p_L = sigmoid(design_L2 @ theta)
        gradient = design_L2.T @ (p_L - target_L)
        hessian = (design_L2.T * (p_L * (1 - p_L))) @ design_L2 + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        length = 1.0
        while loss(theta - length * step) > loss(theta) and length > 1e-6:
            length /= 2
        theta = theta - length * step
        if np.abs(step).max() < 1e-9:
            break
    slope = float(theta[0] / scale)
    return slope, float(theta[1] - slope * centre)


def sigmoid(odds_L: Scores | Array) -> Scores:
    """Return probabilities of log-odds, as `core.predictor.risks` has them but in float64."""
    return np.asarray(1 / (1 + np.exp(-np.clip(odds_L.astype(np.float64), -60, 60))), np.float64)


def recalibrated(y_L: Mask, s_L: Scores | Array, fold_L: Indices) -> Scores:
    """Return probabilities by Platt scaling that has not seen the fold it is used on.

    Where the other folds hold one class only, or the slope is not above 0, their base rate is used.
    """
    p_L = np.zeros(len(y_L))
    for fold in np.unique(fold_L):
        here_L = fold_L == fold
        y_rest_L = y_L[~here_L]
        rate = (y_rest_L.sum() + 1) / (len(y_rest_L) + 2)
        p_L[here_L] = rate
        if y_rest_L.any() and not y_rest_L.all():
            slope, offset = platt(y_rest_L, s_L[~here_L])
            if slope > 0:
                p_L[here_L] = sigmoid(slope * s_L[here_L] + offset)
    return p_L


def threshold_for(p_L: Scores | Array, rate: float) -> float:
    """Return the least risk with at most floor(rate * L) of the clean lines strictly above it."""
    allowed = floor(rate * len(p_L) + 1e-9)
    return float(np.sort(p_L)[::-1][allowed]) if allowed < len(p_L) else 0.0


def calibrate(
    table: Table,
    result: FitResult,
    *,
    sets: Sequence[str] | None = None,
    clean: Mapping[str, Sequence[str]] = CLEAN,
) -> tuple[Predictor, dict[str, Any]]:
    """Complete the predictor, and say at which risks to show and to block.

    sets     real hunks: what probabilities and percentiles are measured on; by default those of
             `HUNKS`, and every set where none of them is in the table
    clean    kinds of clean code; kinds without a line in the table are named in the result
    returns  the predictor, and {"platt", "reference", "thresholds", "not_measured"}
    raises   UsageError where the sets hold one class only, where the score does not rise with the
             label (such a predictor must not be shipped), or where there is no clean code at all

    The base rate of the sets becomes that of the probabilities; in a repository where fewer lines
    are fixed later they are too high, though their order holds.
    """
    chosen = [name for members in HUNKS.values() for name in members] if sets is None else sets
    here_L = np.isin(table.set_L, list(chosen)) & ~table.is_fixed_L
    if sets is None and not here_L.any():
        here_L = ~table.is_fixed_L
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
    kinds = {
        name: np.isin(table.set_L, list(members)) & ~table.is_fixed_L & ~table.y_L
        for name, members in clean.items()
    }
    present = {name: kind_L for name, kind_L in kinds.items() if kind_L.any()}
    if not present:
        raise UsageError(
            "no line of clean code is there to set thresholds on",
            fix="add a set of clean code, such as "
            + ", ".join(s for m in clean.values() for s in m),
        )
    thresholds = {}
    for name, rate in RATES.items():
        per_kind = {kind: threshold_for(risk_L[kind_L], rate) for kind, kind_L in present.items()}
        strictest = max(per_kind.values())
        thresholds[name] = {
            "risk": strictest,
            "rate": rate,
            "by_kind": per_kind,
            "clean_lines": {kind: int(kind_L.sum()) for kind, kind_L in present.items()},
            "false_alarms_per_100": {
                kind: metrics.false_alarms(risk_L[kind_L], strictest)
                for kind, kind_L in present.items()
            },
            "recall": metrics.recall_above(y_L, risk_L[here_L], strictest),
        }
    return predictor, {
        "platt": {
            "slope": slope,
            "offset": offset,
            "sets": sorted(set(table.set_L[here_L].tolist())),
            "lines": len(y_L),
            "base_rate": float(y_L.mean()),
        },
        "reference": {"lines": len(y_L), "quantiles": REFERENCES},
        "thresholds": thresholds,
        "not_measured": sorted(kinds.keys() - present.keys()),
    }


def calibrated(predictor: Predictor, s_L: Scores | Array) -> Array:
    """Return the risks of raw scores (out of fold, say) under the predictor's calibration."""
    return sigmoid(predictor.slope * s_L + predictor.offset).astype(np.float32)
