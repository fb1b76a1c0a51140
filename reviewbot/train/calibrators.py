"""Scores -> probabilities: what can be learnt from labels, and used on other lines."""

from collections.abc import Callable

import numpy as np

from reviewbot.core.arrays import Array, Indices, Mask
from reviewbot.train.dataset import Scores, Texts

LEAST_RISKY = 20  # risky lines of a language below which it keeps the offset of all
SPREAD = 0.5  # how far, in log-odds, base rates of languages are expected to differ

# (labels, scores, languages) of the lines to learn from -> (scores, languages) -> probabilities
Mapped = Callable[[Scores | Array, Texts], Scores]
Calibrator = Callable[[Mask, Scores | Array, Texts], Mapped]


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


def _newton(
    design_LK: Scores, target_L: Scores, ridge_K: Scores, base_L: Scores | float = 0.0
) -> Scores:
    """Minimise log loss of sigmoid(base + design @ theta) + sum(ridge * theta^2) / 2."""

    def loss(theta_K: Scores) -> float:
        odds_L = base_L + design_LK @ theta_K
        entropy = float((np.logaddexp(0, odds_L) - target_L * odds_L).sum())
        return entropy + float(ridge_K @ theta_K**2) / 2

    theta_K = np.zeros(len(ridge_K))
    for _ in range(100):
        p_L = sigmoid(base_L + design_LK @ theta_K)
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
    """Return probabilities of log-odds, as `core.predictor.risks` has them but in float64."""
    return np.asarray(1 / (1 + np.exp(-np.clip(odds_L.astype(np.float64), -60, 60))), np.float64)


def by_platt(y_L: Mask, s_L: Scores | Array, lang_L: Texts) -> Mapped:  # noqa: ARG001
    """Learn one Platt scaling for all languages: the `Calibrator` of what is shipped.

    Where the lines hold one class only, or the slope is not above 0, every line gets the base rate.
    """
    slope, offset = platt(y_L, s_L) if y_L.any() and not y_L.all() else (0.0, 0.0)
    if slope <= 0:
        slope, offset = 0.0, float(np.log((y_L.sum() + 1) / ((~y_L).sum() + 1)))
    return lambda scores_L, _lang_L: sigmoid(slope * scores_L + offset)


def by_beta(y_L: Mask, s_L: Scores | Array, lang_L: Texts) -> Mapped:
    """Learn beta calibration: a `Calibrator` with a slope for low scores and one for high ones.

    log-odds = low * log(q) - high * log(1 - q) + offset, q = sigmoid(score). A slope that comes out
    at 0 or below would reorder lines: it is left out, and without any it is `by_platt`.
    source  Kull, Silva Filho and Flach 2017, AISTATS
    """
    design_LK, kept = _beta_design(s_L), [0, 1, 2]
    while len(kept) > 1 and y_L.any() and not y_L.all():
        ridge_K, target_L = np.array([1e-3, 1e-3, 1e-9])[kept], y_L.astype(np.float64)
        theta_K = _newton(design_LK[:, kept], target_L, ridge_K)
        if theta_K[:-1].min() > 0:
            return lambda scores_L, _lang_L: sigmoid(_beta_design(scores_L)[:, kept] @ theta_K)
        kept.pop(int(theta_K[:-1].argmin()))
    return by_platt(y_L, s_L, lang_L)


def _beta_design(s_L: Scores | Array) -> Scores:
    s_L = s_L.astype(np.float64)
    return np.stack([-np.logaddexp(0, -s_L), np.logaddexp(0, s_L), np.ones(len(s_L))], axis=1)


def recalibrated(
    y_L: Mask,
    s_L: Scores | Array,
    fold_L: Indices,
    *,
    learn: Calibrator = by_platt,
    lang_L: Texts | None = None,
) -> Scores:
    """Return probabilities by a calibration that has not seen the fold it is used on.

    By Platt scaling; where the other folds do not allow it, by their base rate.
    """
    p_L = np.zeros(len(y_L))
    lang_L = np.full(len(y_L), "") if lang_L is None else lang_L
    for fold in np.unique(fold_L):
        here_L = fold_L == fold
        probable = learn(y_L[~here_L], s_L[~here_L], lang_L[~here_L])
        p_L[here_L] = probable(s_L[here_L], lang_L[here_L])
    return p_L


def recalibrated_in_context(
    y_L: Mask, s_L: Scores | Array, row_L: Indices, fold_L: Indices, *, size: bool = False
) -> Scores:
    """Return probabilities as `recalibrated`, that also know the rest of the line's snippet.

    row_L  number of the snippet; the mean score of its lines enters beside the line's own
    size   the logarithm of its number of lines enters too: where every snippet of a suite holds a
           wrong line, a short one makes each of its lines likelier. That is a fact about the suite
           (a tell), so report both; it does not carry over to hunks that may hold none

    A little ridge (1 on standardised columns) keeps separable folds finite. Order within a snippet
    is kept as long as the weight of the line's own score is above 0; order across snippets is not.
    """
    _, snippet_L = np.unique(row_L, return_inverse=True)
    lines_R = np.bincount(snippet_L)
    mean_L = (np.bincount(snippet_L, s_L) / lines_R)[snippet_L]
    columns = [s_L.astype(np.float64), mean_L, *([np.log(lines_R)[snippet_L]] if size else [])]
    design_LK = np.stack([*columns, np.ones(len(y_L))], axis=1)
    ridge_K, p_L = np.append(np.ones(len(columns)), 1e-9), np.zeros(len(y_L))
    for fold in np.unique(fold_L):
        here_L = fold_L == fold
        rest_LK, y_rest_L = design_LK[~here_L], y_L[~here_L].astype(np.float64)
        spread_K = rest_LK.std(axis=0)
        scale_K = np.where(spread_K > 0, spread_K, 1.0)
        # A little inside 0 and 1, so that lines of one class give a finite base rate.
        target_L = (y_rest_L * len(y_rest_L) + 0.5) / (len(y_rest_L) + 1)
        theta_K = _newton(rest_LK / scale_K, target_L, ridge_K)
        p_L[here_L] = sigmoid(design_LK[here_L] / scale_K @ theta_K)
    return p_L


def offsets(
    y_L: Mask, s_L: Scores | Array, lang_L: Texts, slope: float, offset: float
) -> dict[str, float]:
    """Return what each language adds to the offset, shrunk to 0 by a normal prior of `SPREAD`."""
    extra = {}
    for name in np.unique(lang_L).tolist():
        of_L = lang_L == name
        if y_L[of_L].sum() >= LEAST_RISKY:
            base_L = (slope * s_L[of_L] + offset).astype(np.float64)
            ones_L1, ridge_1 = np.ones((len(base_L), 1)), np.array([SPREAD**-2])
            theta_1 = _newton(ones_L1, y_L[of_L].astype(np.float64), ridge_1, base_L)
            extra[name] = float(theta_1[0])
    return extra


def by_platt_and_language(y_L: Mask, s_L: Scores | Array, lang_L: Texts) -> Mapped:
    """Learn Platt scaling with `offsets`: a `Calibrator`. Without a rising slope, as `by_platt`."""
    slope, offset = platt(y_L, s_L) if y_L.any() and not y_L.all() else (0.0, 0.0)
    if slope <= 0:
        return by_platt(y_L, s_L, lang_L)
    extra = offsets(y_L, s_L, lang_L, slope, offset)

    def probable(scores_L: Scores | Array, langs_L: Texts) -> Scores:
        added_L = np.array([extra.get(name, 0.0) for name in langs_L.tolist()])
        return sigmoid(slope * scores_L + offset + added_L)

    return probable
