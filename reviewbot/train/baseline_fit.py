"""What every baseline shares: the lines and folds of ours, its losses, and a C of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from reviewbot.core.arrays import Array, Indices
from reviewbot.core.errors import UsageError
from reviewbot.core.sae import SparseCoder
from reviewbot.train.dataset import Table, assign_folds
from reviewbot.train.features import Reader
from reviewbot.train.predictor_fit import criterion
from reviewbot.train.prepare import CHUNK, Laid
from reviewbot.train.stages import BlockStage, fit_stages

SURFACE_CS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)  # few columns: our own range would hold it down
PCA_CS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
COMPONENTS = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a baseline shares with the model that it stands beside."""

    corrections: bool
    folds: int = 5
    seed: int = 0
    pairwise: float = 0.0
    boost: Mapping[str, float] = field(default_factory=dict)  # used where a group of it is there
    groups: tuple[str, ...] = ()  # of ours
    stage: BlockStage = field(default_factory=BlockStage)  # where a baseline has groups of blocks
    train_sets: tuple[str, ...] | None = None  # None: all


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sources:
    """Where the columns of baselines come from."""

    laid: Laid
    reader: Reader  # its cache holds the tokens already; nothing is read by the model again
    coder: SparseCoder  # the trained one, for its shape
    cache: Path
    checkpoint: Callable[[], Path]  # the model's directory, for its embedding matrix
    surprisal: Callable[[], Array] | None = None  # NaN where the whole model did not read
    progress: Callable[[int, int], None] = lambda _done, _of: None


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """A score per line of the table, and how it was fitted."""

    score_L: Array
    fit: dict[str, Any] | None = None  # JSON-able; None where nothing was fitted


def fitted(
    table: Table, groups: Sequence[str], recipe: Recipe, cs: Sequence[float] = SURFACE_CS
) -> Baseline:
    """Fit logistic regression on some groups of a table; the scores are out of fold.

    Where nothing comes of it (columns without any signal), every score is NaN, which says "not
    measured", and the fit says why under "failed": one baseline must not cost all the others.
    """
    try:
        result = fit_stages(
            table,
            groups,
            corrections=recipe.corrections,
            stage=recipe.stage,
            pairwise=recipe.pairwise,
            boost=_boost(recipe, groups),
            cs=cs,
            folds=recipe.folds,
            seed=recipe.seed,
            train_sets=recipe.train_sets,
        )
    except UsageError as exc:
        return _failed(table, groups, cs, str(exc).partition("\n")[0])
    best = max(result.report["by_c"], key=lambda found: found["criterion"])
    return Baseline(result.oof_L, _told(groups, cs, result.c, best["criterion"]))


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
        return _failed(table, ["pca"], cs, "a component holds no signal")
    return Baseline(oof_CL[best], _told(["pca"], cs, cs[best], found[best]))


def random_coder(coder: SparseCoder, seed: int) -> SparseCoder:
    """Return an autoencoder of the same shape with random directions of unit length.

    Its offset is the trained one's: without it, what all states share would fire the same features
    everywhere. Decoder and encoder are tied and the other bias is 0, as before training.
    """
    rows_FD = np.random.default_rng(seed).normal(size=(coder.features, coder.width))
    rows_FD /= np.linalg.norm(rows_FD, axis=1, keepdims=True)
    return SparseCoder(
        enc_DF=np.ascontiguousarray(rows_FD.T, np.float32),
        dec_FD=rows_FD.astype(np.float32),
        bias_F=np.zeros(coder.features, np.float32),
        bias_D=coder.bias_D,
        k=coder.k,
    )


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


def _boost(recipe: Recipe, groups: Sequence[str]) -> dict[str, float]:
    """Return our factors for the groups at hand; a group that stands alone needs none."""
    if len(groups) < 2:
        return {}
    return {name: factor for name, factor in recipe.boost.items() if name in groups}


def _told(groups: Sequence[str], cs: Sequence[float], c: float, value: float) -> dict[str, Any]:
    return {
        "groups": list(groups),
        "c": float(c),
        "cs": list(cs),
        "c_at_edge": len(cs) > 1 and c in (min(cs), max(cs)),  # then the range is too short
        "criterion": value,
    }


def _failed(table: Table, groups: Sequence[str], cs: Sequence[float], why: str) -> Baseline:
    told = {"groups": list(groups), "cs": list(cs), "failed": why}
    return Baseline(np.full(len(table), np.nan, np.float32), told)
