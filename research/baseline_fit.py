"""What every baseline shares: the lines and folds of ours, its losses, and a C of its own.

Each fitted baseline chooses C from a range of its own, by the criterion that ours chooses by, and
learns from the same lines with the same losses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from reviewbot.arrays import Array
from reviewbot.errors import UsageError
from reviewbot.train.dataset import Table
from reviewbot.train.stages import fit_stages


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a baseline shares with the model beside it."""

    corrections: bool = True
    folds: int = 5
    seed: int = 0
    pairwise: float = 0.0
    boost: Mapping[str, float] = field(default_factory=dict)  # where a baseline has that group too
    groups: tuple[str, ...] = ()  # of ours
    train_sets: tuple[str, ...] | None = None  # None: all


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """A score per line of the table, and how it was fitted."""

    score_L: Array
    fit: dict[str, Any] | None = None  # JSON-able; None where nothing was fitted


def with_columns(table: Table, parts: Mapping[str, Array]) -> Table:
    """Return the same lines with these columns and no others; group -> (L, N)."""
    groups = {name: part.shape[1] for name, part in parts.items()}
    columns_LN = np.concatenate(list(parts.values()), axis=1).astype(np.float32)
    return replace(table, groups=groups, columns_LN=columns_LN)


def fitted(table: Table, groups: Sequence[str], recipe: Recipe, cs: Sequence[float]) -> Baseline:
    """Fit logistic regression on some groups of a table; the scores are out of fold.

    Where nothing comes of it (columns without any signal), every score is NaN, which says "not
    measured", and the fit says why under "failed": one baseline must not cost all the others.
    """
    try:
        result = fit_stages(
            table,
            groups,
            corrections=recipe.corrections,
            pairwise=recipe.pairwise,
            boost=_boost(recipe, groups),
            cs=cs,
            folds=recipe.folds,
            seed=recipe.seed,
            train_sets=recipe.train_sets,
        )
    except UsageError as exc:
        return not_fitted(table, groups, cs, str(exc).partition("\n")[0])
    best = max(result.report["by_c"], key=lambda found: found["criterion"])
    return Baseline(result.oof_L, fit_facts(groups, cs, result.c, best["criterion"]))


def _boost(recipe: Recipe, groups: Sequence[str]) -> dict[str, float]:
    """Return our factors for the groups at hand; a single group needs none."""
    if len(groups) < 2:
        return {}
    return {name: factor for name, factor in recipe.boost.items() if name in groups}


def fit_facts(groups: Sequence[str], cs: Sequence[float], c: float, value: float) -> dict[str, Any]:
    """Return how a baseline was fitted; `value` is the criterion that chose `c` of `cs`."""
    return {
        "groups": list(groups),
        "c": float(c),
        "cs": list(cs),
        "c_at_edge": len(cs) > 1 and c in (min(cs), max(cs)),  # then the range is too short
        "criterion": value,
    }


def not_fitted(table: Table, groups: Sequence[str], cs: Sequence[float], why: str) -> Baseline:
    """Return a baseline that could not be fitted: scores of NaN, and the reason in the fit."""
    fit = {"groups": list(groups), "cs": list(cs), "failed": why}
    return Baseline(np.full(len(table), np.nan, np.float32), fit)
