"""Line features and labels -> a linear predictor, by cross-validation that splits no group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from reviewbot.arrays import Array, Indices, Mask
from reviewbot.errors import UsageError
from reviewbot.scoring.predictor import Predictor
from reviewbot.train import metrics
from reviewbot.train.dataset import Scores, Table, assign_folds, set_weights
from reviewbot.train.logistic import Problem, solve
from reviewbot.train.suites import HUNKS

CS = (1e-6, 1e-5, 1e-4, 1e-3)
FLOOR = 0.1  # of the group's typical deviation: limits the scale of features that rarely fire
CHUNK = 8192  # lines


@dataclass(frozen=True, slots=True, eq=False)
class FitResult:
    """A predictor before calibration, and the results of cross-validation."""

    predictor: Predictor  # slope 1, offset 0, no reference risks
    oof_L: Array  # score of every line by a model that saw nothing of its group
    fold_L: Indices
    c: float
    report: dict[str, Any]  # JSON-able: every C with its criterion, and how the fit went


def fit(
    table: Table,
    groups_to_use: Sequence[str],
    *,
    corrections: bool,
    cs: Sequence[float] = CS,
    folds: int = 5,
    seed: int = 0,
    train_sets: Sequence[str] | None = None,
    pairwise: float = 0.0,
    boost: Mapping[str, float] | None = None,
    choose_by: str = "criterion",
) -> FitResult:
    """Fit L2 logistic regression on the named column groups; choose C by grouped K-fold.

    corrections  take the lines of corrected versions as negatives
    cs           inverse penalties as in scikit-learn, per line of training
    train_sets   sets to learn from, by default all; other lines get out-of-fold scores too
    pairwise     weight of the mean logistic loss on (wrong - corrected) score, against that of the
                 mean log loss; 0 leaves it out
    boost        group -> factor on its standardised columns: its penalty is divided by the
                 factor's square. A few strong columns need it beside thousands of others
    choose_by    the figure of `criterion` that chooses C: "criterion", or "paired" for columns that
                 all lines of a snippet share
    raises       UsageError for an unknown group or set, no C, or labels of one class only

    Each set weighs the same. Standardisation and weights use the training folds only. The
    criterion is the mean of two means: within-snippet AUROC over the training sets that have risky
    lines, and pooled AUROC over the suites of `HUNKS`. The scores that chose C are the scores
    reported; for a few Cs that is a small bias, and `choice_without_fold` in the report shows
    whether the lines of one fold decided.
    """
    _check(table, groups_to_use, cs, train_sets, pairwise)
    factors = [(boost or {}).get(name, 1.0) for name in groups_to_use]
    if not all(0 < f < np.inf for f in factors) or set(boost or {}) - set(groups_to_use):
        raise UsageError(
            "a boost must be a number above 0 and name a group in use, nothing was fitted",
            fix=f"boost some of: {', '.join(groups_to_use)}",
        )
    fold_L = assign_folds(table, folds, seed)
    trained = set(table.set_L.tolist() if train_sets is None else train_sets)
    in_use_L = np.isin(table.set_L, sorted(trained)) & (table.weight_L > 0)
    in_use_L &= corrections | ~table.is_fixed_L
    if not (table.y_L & in_use_L).any() or (table.y_L | ~in_use_L).all():
        raise UsageError(
            "the labels to train on are all of one class, nothing was fitted",
            fix="give rows with risky lines and rows or lines without",
        )
    slices = _slices(table.groups, groups_to_use)
    columns = torch.from_numpy(table.columns_LN)
    parts = tuple(columns[:, part] for part in slices)
    # One weighting per fold left out, and a last one that leaves nothing out.
    train_KL = [in_use_L & (fold_L != k) for k in range(folds)] + [in_use_L]
    weight_LK = np.stack([set_weights(table, use_L) for use_L in train_KL], 1)
    weight_LK /= weight_LK.sum(axis=0)
    centre_NK, scale_NK = _standardisation(table, slices, weight_LK)
    widths = [part.stop - part.start for part in slices]
    scale_NK = scale_NK / np.repeat(np.array(factors, np.float32), widths)[:, None]
    model_fold = np.repeat(np.arange(folds + 1), len(cs))
    lines_K = np.array([use_L.sum() for use_L in train_KL], np.float64)
    solution = solve(
        Problem(
            parts=parts,
            y_L=table.y_L,
            weight_LM=weight_LK[:, model_fold].astype(np.float32),
            centre_NM=centre_NK[:, model_fold],
            scale_NM=scale_NK[:, model_fold],
            penalty_M=(1 / (np.tile(cs, folds + 1) * lines_K[model_fold])).astype(np.float32),
            pairs_P2=table.pairs_P2 if pairwise > 0 else table.pairs_P2[:0],
            pair_PM=pairwise * _pair_weights(table, train_KL, trained, pairwise)[:, model_fold],
        )
    )
    if not np.isfinite(solution.score_LM).all():
        raise UsageError(
            "the fit diverged, nothing was fitted",
            fix="give more rows, or groups whose columns differ between lines",
        )
    lines = np.arange(len(table))
    oof_CL = [solution.score_LM[lines, fold_L * len(cs) + i] for i in range(len(cs))]
    criteria = [criterion(table, oof_L, trained) for oof_L in oof_CL]
    best = _best(criteria, choose_by)
    final = folds * len(cs) + best
    predictor = Predictor(
        groups={name: table.groups[name] for name in groups_to_use},
        centre_N=centre_NK[:, folds],
        scale_N=scale_NK[:, folds],
        weight_N=solution.weight_NM[:, final],
        bias=float(solution.bias_M[final]),
        slope=1.0,
        offset=0.0,
        reference_Q=np.zeros(0, np.float32),
    )
    report = {
        "groups": list(groups_to_use),
        "train_sets": sorted(trained),
        "corrections": corrections,
        "balanced": True,
        "pairwise": pairwise,
        "boost": dict(boost or {}),
        "folds": folds,
        "seed": seed,
        "lines": int(in_use_L.sum()),
        "c": cs[best],
        "c_at_edge": len(cs) > 1 and cs[best] in (min(cs), max(cs)),  # then the grid is too short
        "by_c": [{"c": c, **entry} for c, entry in zip(cs, criteria, strict=True)],
        "choice_without_fold": [
            cs[_best([criterion(table, s_L, trained, fold_L != k) for s_L in oof_CL], choose_by)]
            for k in range(folds)
        ],
        "steps": solution.steps,
        "converged": solution.converged,
    }
    return FitResult(predictor, oof_CL[best], fold_L, float(cs[best]), report)


def criterion(
    table: Table, s_L: Scores | Array, sets: set[str], keep_L: Mask | None = None
) -> dict[str, Any]:
    """Return "criterion", which chooses between models, its parts, and "paired" for blocks.

    keep_L   lines to measure on; by default all. Only `Table.clear()` counts
    returns  a criterion of -1 where it cannot be measured
    """
    keep_L = table.clear() if keep_L is None else keep_L & table.clear()
    within, pooled = {}, {}
    for name in sorted(sets):
        part_L = keep_L & (table.set_L == name)
        if table.y_L[part_L].any():
            value = metrics.within_auroc(table.y_L[part_L], s_L[part_L], table.row_L[part_L])
            if not np.isnan(value):
                within[name] = value
    for name, members in HUNKS.items():
        part_L = keep_L & np.isin(table.set_L, sorted(sets.intersection(members)))
        value = metrics.auroc(table.y_L[part_L], s_L[part_L])
        if sets.intersection(members) and not np.isnan(value):
            pooled[name] = value
    in_sets_L = np.isin(table.set_L, sorted(sets))
    used_P = (keep_L & in_sets_L)[table.pairs_P2[:, 0]]
    _, win_B = metrics.paired(s_L, table.pairs_P2[used_P], table.block_P[used_P])
    means = [float(np.mean(list(part.values()))) for part in (within, pooled) if part]
    paired = metrics.mean(win_B)
    return {
        "criterion": float(np.mean(means)) if means else -1.0,
        "within auroc": within,
        "pooled auroc": pooled,
        "paired": None if np.isnan(paired) else paired,
    }


def _best(criteria: Sequence[Mapping[str, Any]], choose_by: str) -> int:
    return int(np.argmax([entry[choose_by] or -1.0 for entry in criteria]))


def _check(
    table: Table,
    groups: Sequence[str],
    cs: Sequence[float],
    sets: Sequence[str] | None,
    pairwise: float,
) -> None:
    known_sets = set(table.set_L.tolist())
    for kind, given, known in (
        ("column group", groups, set(table.groups)),
        ("set", sets or (), known_sets),
    ):
        if missing := sorted(set(given) - known):
            raise UsageError(
                f"no {kind} is named {missing[0]!r}, nothing was fitted",
                fix=f"use some of: {', '.join(sorted(known))}",
            )
    if not groups or len(set(groups)) < len(groups):
        raise UsageError("column groups must be named, each once", fix="name at least one group")
    if not cs or not all(0 < c < np.inf for c in cs) or not 0 <= pairwise < np.inf:
        raise UsageError("C must be above 0 and the pairwise weight at least 0", fix="check both")
    if not np.isfinite(table.columns_LN).all():
        raise ValueError("a column holds NaN or infinity")


def _slices(groups: Mapping[str, int], names: Sequence[str]) -> list[slice]:
    """Return the columns of the named groups, in the order named."""
    starts = dict(zip(groups, np.cumsum([0, *groups.values()])[:-1].tolist(), strict=True))
    return [slice(starts[name], starts[name] + groups[name]) for name in names]


def _standardisation(
    table: Table, slices: Sequence[slice], weight_LK: Scores
) -> tuple[Array, Array]:
    """Return weighted mean and floored deviation of the columns in use, each (N, K)."""
    columns = np.concatenate([np.arange(part.start, part.stop) for part in slices])
    whole = np.array_equal(columns, np.arange(table.columns_LN.shape[1]))
    shift_N = table.columns_LN[: 4 * CHUNK].mean(axis=0)[columns]  # against cancellation, no more
    first_KN = np.zeros((weight_LK.shape[1], len(columns)))
    second_KN = np.zeros_like(first_KN)
    for start in range(0, len(table), CHUNK):
        block = table.columns_LN[start : start + CHUNK]
        block = (block if whole else block[:, columns]) - shift_N
        weight_KL = weight_LK[start : start + CHUNK].T.astype(np.float32)
        first_KN += weight_KL @ block
        second_KN += weight_KL @ np.square(block)
    deviation_KN = np.sqrt(np.maximum(second_KN - first_KN**2, 0))
    owner_N = np.repeat(np.arange(len(slices)), [part.stop - part.start for part in slices])
    for group in range(len(slices)):
        of_group = deviation_KN[:, owner_N == group]
        typical_K1 = np.sqrt(np.square(of_group).mean(axis=1, keepdims=True))
        floor_K1 = np.where(typical_K1 > 0, FLOOR * typical_K1, 1.0)
        deviation_KN[:, owner_N == group] = np.maximum(of_group, floor_K1)
    return (first_KN + shift_N).T.astype(np.float32), deviation_KN.T.astype(np.float32)


def _pair_weights(table: Table, train_KL: Sequence[Mask], sets: set[str], pairwise: float) -> Array:
    """Weigh pairs so that sets weigh the same, and places within a set; each column sums to 1."""
    if pairwise == 0:
        return np.zeros((0, len(train_KL)), np.float32)
    wrong_P = table.pairs_P2[:, 0]
    per_block_P = 1 / np.bincount(table.block_P)[table.block_P]
    weight_PK = np.stack([per_block_P * use_L[wrong_P] for use_L in train_KL], 1)
    for name in sorted(sets):
        of_set_P = table.set_L[wrong_P] == name
        total_K = weight_PK[of_set_P].sum(axis=0)
        weight_PK[of_set_P] /= np.where(total_K > 0, total_K, 1.0)
    total_K = weight_PK.sum(axis=0)
    return (weight_PK / np.where(total_K > 0, total_K, 1.0)).astype(np.float32)


def shares(table: Table, predictor: Predictor) -> dict[str, float]:
    """Return each group's share of the variance of the score over the original lines; sum 1.

    A share is the covariance of the group's part with the score, over the score's variance. It is
    negative where a group mostly cancels the others.
    """
    lines = np.flatnonzero(~table.is_fixed_L)
    part_GL = np.zeros((len(predictor.groups), len(lines)))
    weight_N = predictor.weight_N / predictor.scale_N
    at = 0
    for row, columns in enumerate(_slices(table.groups, list(predictor.groups))):
        size = columns.stop - columns.start
        for first in range(0, len(lines), CHUNK):
            block = table.columns_LN[lines[first : first + CHUNK], columns]
            part_GL[row, first : first + CHUNK] = block @ weight_N[at : at + size]
        at += size
    part_GL -= part_GL.mean(axis=1, keepdims=True)
    score_L = part_GL.sum(axis=0)
    total = float(score_L @ score_L)
    parts = zip(predictor.groups, part_GL @ score_L, strict=True)
    return {name: float(part / total) if total > 0 else 0.0 for name, part in parts}
