"""Principal components of a line's state, fitted without the lines that they score."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from research.baseline_fit import Baseline, Recipe, fit_facts, fitted, not_fitted
from reviewbot.arrays import Array, Indices
from reviewbot.train.dataset import Table, assign_folds
from reviewbot.train.predictor_fit import criterion
from reviewbot.train.prepare import CHUNK

PCA_CS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
COMPONENTS = 128


def pca_scores(
    table: Table, recipe: Recipe, *, cs: Sequence[float] = PCA_CS, components: int = COMPONENTS
) -> Baseline:
    """Fit the principal components of all columns; those of a fold are found without its lines.

    A component is a direction of the centred, unscaled columns. One C serves all folds.
    """
    fold_L = assign_folds(table, recipe.folds, recipe.seed)
    oof_CL = np.zeros((len(cs), len(table)), np.float32)
    for fold, (mean_N, axes_NK) in enumerate(_axes(table, fold_L, recipe, components)):
        shadow_LK = table.columns_LN @ axes_NK - mean_N @ axes_NK
        shadows = replace(table, columns_LN=shadow_LK, groups={"pca": shadow_LK.shape[1]})
        here_L = fold_L == fold
        for i, c in enumerate(cs):
            oof_CL[i, here_L] = fitted(shadows, ["pca"], recipe, (c,)).score_L[here_L]
    trained = set(recipe.train_sets or table.set_L.tolist())
    found = [
        criterion(table, oof_L, trained)["criterion"] if np.isfinite(oof_L).all() else -np.inf
        for oof_L in oof_CL
    ]
    best = int(np.argmax(found))
    if not np.isfinite(found[best]):
        return not_fitted(table, ["pca"], cs, "a component holds no signal")
    return Baseline(oof_CL[best], fit_facts(["pca"], cs, cs[best], found[best]))


def _axes(
    table: Table, fold_L: Indices, recipe: Recipe, components: int
) -> list[tuple[Array, Array]]:
    """Return mean and principal axes of the training lines of each fold; sums are made once."""
    in_use_L = recipe.corrections | ~table.is_fixed_L
    width = table.columns_LN.shape[1]
    first_KN = np.zeros((recipe.folds, width))
    second_KNN = np.zeros((recipe.folds, width, width))
    count_K = np.zeros(recipe.folds)
    for fold in range(recipe.folds):
        lines = np.flatnonzero((fold_L == fold) & in_use_L)
        count_K[fold] = len(lines)
        for start in range(0, len(lines), CHUNK):
            block = table.columns_LN[lines[start : start + CHUNK]]
            first_KN[fold] += block.sum(axis=0, dtype=np.float64)
            second_KNN[fold] += block.T @ block
    found = []
    for fold in range(recipe.folds):
        count = max(count_K.sum() - count_K[fold], 1.0)
        mean_N = (first_KN.sum(axis=0) - first_KN[fold]) / count
        spread_NN = (second_KNN.sum(axis=0) - second_KNN[fold]) / count - np.outer(mean_N, mean_N)
        _, axes_NN = np.linalg.eigh(spread_NN)  # rising
        axes_NK = np.ascontiguousarray(axes_NN[:, ::-1][:, :components], np.float32)
        found.append((mean_N.astype(np.float32), axes_NK))
    return found
