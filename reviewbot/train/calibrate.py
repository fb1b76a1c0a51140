"""Scores -> probabilities, percentiles and operating points. All from out-of-fold scores."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from reviewbot.arrays import Array, Indices, Mask
from reviewbot.errors import UsageError
from reviewbot.scoring.predictor import Predictor
from reviewbot.train import metrics
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
    """Complete the predictor: probabilities, percentiles, and the risks to show and to block at.

    suites      which sets are hunks and which are clean code; by default `chosen_suites`
    confidence  of the stated rates of false alarms; None takes the plain quantiles
    returns     the predictor, and {"platt", "reference", "suites", "rule" (in words), "thresholds",
                "not_measured"}
    raises      UsageError where the hunks hold one class only, where the score does not rise with
                the label, or where there is no clean code

    Probabilities have the base rate of the hunks. In a repository where fewer lines are fixed later
    they are too high, but their order holds. The rates beside the thresholds are measured on the
    lines that set them; `nested.nested` measures them on other folds.
    """
    suites = chosen_suites(table) if suites is None else suites
    here_L = hunk_lines(table, suites)
    y_L, s_L, share_L = table.y_L[here_L], result.oof_L[here_L], table.weight_L[here_L]
    if not y_L.any() or y_L.all():
        raise UsageError(
            "the sets to calibrate on hold lines of one class only",
            fix="name sets that hold both; beside changes that were read, others do not count",
        )
    slope, offset = platt(y_L, s_L, share_L)
    if slope <= 0:
        raise UsageError(
            f"the score does not rise with the label (slope {slope:.3g}), so no predictor was made",
            fix="train on more rows, other sets or other column groups",
        )
    offset += float(np.log(table.drawn))  # lines without fault that were left out count, too
    # float32, as in scoring: a threshold must fall where the shipped risks fall.
    risk_L = sigmoid(slope * result.oof_L + offset).astype(np.float32)
    reference_Q = np.quantile(risk_L[here_L], np.linspace(0, 1, REFERENCES)).astype(np.float32)
    predictor = replace(
        result.predictor, slope=slope, offset=offset, reference_Q=np.maximum.accumulate(reference_Q)
    )
    kinds = clean_kinds(table, suites)
    if not kinds:
        wanted = ", ".join(name for members in suites.clean.values() for name in members)
        raise UsageError(
            "the labels hold no clean code to set thresholds on",
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
            "base_rate": float((y_L * share_L).mean()),
            "read": bool(table.read_L[here_L][y_L].all()),  # else the labels are blamed lines
        },
        "reference": {"lines": len(y_L), "quantiles": REFERENCES},
        "suites": {"hunks": suites.hunks, "clean": suites.clean, "inferred": suites.inferred},
        "rule": rule(confidence),
        "thresholds": thresholds,
        "not_measured": sorted(suites.clean.keys() - kinds.keys()),
    }


def rule(confidence: float | None) -> str:
    """Return the rule that sets thresholds, in words for manifests and tables."""
    if confidence is None:
        return "plain quantile: the rate holds on the clean lines it was set on, the worst kind"
    return f"bounded: the rate holds on new code with confidence {confidence:g} where it is stated"


def calibrated(predictor: Predictor, s_L: Scores | Array) -> Array:
    """Return the risks of raw scores (out of fold, for example)."""
    return sigmoid(predictor.slope * s_L + predictor.offset).astype(np.float32)


def sigmoid(odds_L: Scores | Array) -> Scores:
    """Return probabilities of log-odds, like `scoring.predictor.risks` but in float64."""
    return np.asarray(1 / (1 + np.exp(-np.clip(odds_L.astype(np.float64), -60, 60))), np.float64)


def platt(
    y_L: Mask, s_L: Scores | Array, share_L: Scores | Array | None = None
) -> tuple[float, float]:
    """Fit P(risky) = sigmoid(slope * score + offset) by Newton's method; return slope and offset.

    share_L  probability that the label of a risky line is right; None: 1
    raises   ValueError for one class only

    The targets are Platt's (1999), a little inside 0 and 1, so that scores which separate the
    classes do not give an infinite slope. The slope may be negative.
    """
    risky = int(y_L.sum())
    clean = len(y_L) - risky
    if not risky or not clean:
        raise ValueError("Platt scaling needs both classes")
    right_L = np.ones(len(y_L)) if share_L is None else share_L
    target_L = np.where(y_L, right_L * (risky + 1) / (risky + 2), 1 / (clean + 2))
    centre, scale = float(s_L.mean()), float(s_L.std()) or 1.0
    design_L2 = np.stack([(s_L.astype(np.float64) - centre) / scale, np.ones(len(s_L))], axis=1)
    theta_2 = _newton(design_L2, target_L, np.full(2, 1e-9))
    slope = float(theta_2[0] / scale)
    return slope, float(theta_2[1] - slope * centre)


def _newton(design_LK: Scores, target_L: Scores, ridge_K: Scores) -> Scores:
    """Minimise log loss of sigmoid(design @ theta) + sum(ridge * theta^2) / 2."""

    def loss(theta_K: Scores) -> float:
        odds_L = design_LK @ theta_K
        entropy = float((np.logaddexp(0, odds_L) - target_L * odds_L).sum())
        return entropy + float(ridge_K @ theta_K**2) / 2

    theta_K = np.zeros(len(ridge_K))
    for _ in range(100):
        p_L = sigmoid(design_LK @ theta_K)
        gradient_K = design_LK.T @ (p_L - target_L) + ridge_K * theta_K
        hessian_KK = (design_LK.T * (p_L * (1 - p_L))) @ design_LK + np.diag(ridge_K)
        step_K = np.linalg.solve(hessian_KK, gradient_K)
        length = 1.0
        while loss(theta_K - length * step_K) > loss(theta_K) and length > 1e-6:
            length /= 2
        theta_K = theta_K - length * step_K
        if length * np.abs(step_K).max() < 1e-9:
            break
    return theta_K


def by_platt(y_L: Mask, s_L: Scores | Array) -> Callable[[Scores | Array], Scores]:
    """Fit Platt scaling on some lines; return the function from scores to probabilities.

    Every score gets the base rate where the lines hold one class only, or the slope is not above 0.
    """
    slope, offset = platt(y_L, s_L) if y_L.any() and not y_L.all() else (0.0, 0.0)
    if slope <= 0:
        slope, offset = 0.0, float(np.log((y_L.sum() + 1) / ((~y_L).sum() + 1)))
    return lambda scores_L: sigmoid(slope * scores_L + offset)


def recalibrated(y_L: Mask, s_L: Scores | Array, fold_L: Indices) -> Scores:
    """Return the probability of each line by `by_platt` on the other folds."""
    p_L = np.zeros(len(y_L))
    for fold in np.unique(fold_L):
        here_L = fold_L == fold
        p_L[here_L] = by_platt(y_L[~here_L], s_L[~here_L])(s_L[here_L])
    return p_L
