"""Scores -> probabilities: what can be learnt from labels, and used on other lines."""

from collections.abc import Callable

import numpy as np

from reviewbot.arrays import Array, Indices, Mask
from reviewbot.train.dataset import Scores

# (labels, scores) of the lines to learn from -> scores -> probabilities
Mapped = Callable[[Scores | Array], Scores]
Calibrator = Callable[[Mask, Scores | Array], Mapped]


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


def sigmoid(odds_L: Scores | Array) -> Scores:
    """Return probabilities of log-odds, as `scoring.predictor.risks` has them but in float64."""
    return np.asarray(1 / (1 + np.exp(-np.clip(odds_L.astype(np.float64), -60, 60))), np.float64)


def by_platt(y_L: Mask, s_L: Scores | Array) -> Mapped:
    """Learn Platt scaling: the `Calibrator` of what is shipped.

    Where the lines hold one class only, or the slope is not above 0, every line gets the base rate.
    """
    slope, offset = platt(y_L, s_L) if y_L.any() and not y_L.all() else (0.0, 0.0)
    if slope <= 0:
        slope, offset = 0.0, float(np.log((y_L.sum() + 1) / ((~y_L).sum() + 1)))
    return lambda scores_L: sigmoid(slope * scores_L + offset)


def recalibrated(y_L: Mask, s_L: Scores | Array, fold_L: Indices) -> Scores:
    """Return probabilities by a calibration that has not seen the fold it is used on.

    By Platt scaling; where the other folds do not allow it, by their base rate.
    """
    p_L = np.zeros(len(y_L))
    for fold in np.unique(fold_L):
        here_L = fold_L == fold
        p_L[here_L] = by_platt(y_L[~here_L], s_L[~here_L])(s_L[here_L])
    return p_L
