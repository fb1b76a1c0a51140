"""Trained here, tested there: what a predictor learnt on one set or language is worth on others."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from research import pairs
from research.csv_figures import Row, csv_text
from reviewbot.arrays import Array, Mask
from reviewbot.errors import UsageError
from reviewbot.train import metrics
from reviewbot.train.bootstrap import SAMPLES, Resamples, interval, ratio, resample
from reviewbot.train.dataset import Scores, Table, Texts
from reviewbot.train.predictor_fit import CS
from reviewbot.train.stages import BLOCK_SHARE, fit_stages
from reviewbot.train.suites import HUNKS

METRICS = ("within auroc", *pairs.PAIRED[1:], "auroc")


def transfer(
    table: Table,
    groups_to_use: Sequence[str],
    *,
    by: str = "set",
    merged: Mapping[str, Sequence[str]] = HUNKS,
    cs: Sequence[float] = CS,
    folds: int = 5,
    seed: int = 0,
    corrections: bool = True,
    pairwise: float = 0.0,
    boost: Mapping[str, float] | None = None,
    block_share: float = BLOCK_SHARE,
    samples: int = SAMPLES,
) -> dict[str, Any]:
    """Fit on each unit by itself, score every line of every unit, measure each cell.

    by          "set" or "lang": what a unit is
    merged      name -> sets that make one unit (clean hunks teach nothing alone); only by "set",
                and only where all of them are there
    block_share of `stages.fit_stages`
    returns     JSON-able: "cells" [trained on][tested on][metric] -> {"value", "low", "high",
                "groups", "count"} or null; "skipped" says why a unit trained nothing
    raises      what `fit_stages` raises for groups, Cs and folds

    A line is always scored by a model that saw nothing of its group: on the diagonal that is
    cross-validation, elsewhere it leaves the groups out that both sides share. So every model
    learnt from about (folds - 1) / folds of its unit, and C is chosen on the unit trained on alone.
    Sets weigh the same within a unit. "auroc" is pooled; "count" is snippets, pairs or lines.
    """
    names_L = table.lang_L if by == "lang" else unit_names(table.set_L, merged)
    names = np.unique(names_L).tolist()
    # The fit knows suites by the names of sets. A unit is no such set: only its own lines choose C.
    unit_L = np.array([f"unit {names.index(name)}" for name in names_L.tolist()])
    even = replace(table, set_L=unit_L, weight_L=_even(table, names_L))
    fits: dict[str, Any] = {}
    cells: dict[str, dict[str, Any]] = {}
    skipped: dict[str, str] = {}
    failed: UsageError | None = None
    group_L = table.group_L
    draws = {name: resample(group_L[names_L == name], samples=samples, seed=seed) for name in names}
    for number, name in enumerate(names):
        if why := _unfit(table, (names_L == name) & (corrections | ~table.is_fixed_L)):
            skipped[name] = why
            continue
        try:
            result = fit_stages(
                even,
                groups_to_use,
                corrections=corrections,
                block_share=block_share,
                cs=cs,
                folds=folds,
                seed=seed,
                train_sets=[f"unit {number}"],
                pairwise=pairwise,
                boost=boost,
            )
        except UsageError as exc:
            skipped[name], failed = str(exc).partition("\n")[0], exc
            continue
        keys = ("lines", "c", "c_at_edge", "converged", "blocks")
        fits[name] = {key: result.report[key] for key in keys if key in result.report}
        cells[name] = {
            other: measured(table, result.oof_L, names_L == other, draws[other]) for other in names
        }
    if not cells and failed:  # no unit's fault: the request was
        raise failed
    facts = {"by": by, "folds": folds, "seed": seed, "samples": samples}
    options = {"groups": list(groups_to_use), "corrections": corrections, "pairwise": pairwise}
    return facts | options | {"units": names, "fits": fits, "skipped": skipped, "cells": cells}


def csv_rows(report: Mapping[str, Any]) -> str:
    """Write what `transfer` found, by "set" or "lang", as CSV: a row per metric and pair of units.

    A pair that a metric cannot measure has no row.
    """
    rows: list[Row] = [
        ((by, metric, name, other, found["groups"]), {"value": found})
        for by in ("set", "lang")
        if by in report
        for metric in METRICS
        for name, row in report[by]["cells"].items()
        for other in report[by]["units"]
        if (found := row[other][metric])
    ]
    return csv_text(["by", "metric", "trained on", "tested on", "groups"], rows)


def measured(
    table: Table, s_L: Scores | Array, part_L: Mask, draws: Resamples
) -> dict[str, dict[str, Any] | None]:
    """Measure one score on some lines: the figures of `METRICS`, each with its interval.

    part_L  lines that take part, corrected versions among them for the pairs
    draws   resamples of the groups of those lines
    """
    line_L = part_L & table.clear()
    here_P = line_L[table.pairs_P2[:, 0]]
    return {
        "within auroc": within_entry(table, s_L, line_L, draws),
        pairs.PAIRED[1]: paired_entry(table, s_L, here_P & table.one_for_one_P, draws),
        pairs.PAIRED[2]: balanced_entry(table, s_L, here_P, draws),
        "auroc": pooled_entry(table.y_L[line_L], s_L[line_L], table.group_L[line_L], draws),
    }


def within_entry(
    table: Table, s_L: Scores | Array, line_L: Mask, draws: Resamples
) -> dict[str, Any] | None:
    """Return the mean AUROC inside snippets; None where no snippet has both classes."""
    rows, values_RK = metrics.by_snippet(table.y_L[line_L], s_L[line_L], table.row_L[line_L])
    owners, first_R = np.unique(table.row_L[line_L], return_index=True)
    group_R = table.group_L[line_L][first_R][np.searchsorted(owners, rows)]
    return mean_entry(values_RK[:, 0], group_R, draws)


def paired_entry(
    table: Table, s_L: Scores | Array, pair_P: Mask, draws: Resamples
) -> dict[str, Any] | None:
    """Return how often the wrong line scores above its correction; None without a pair."""
    pairs_P2 = table.pairs_P2[pair_P]
    first_K, win_K = metrics.paired(s_L, pairs_P2, table.block_P[pair_P])
    return mean_entry(win_K, table.group_L[pairs_P2[first_K, 0]], draws)


def balanced_entry(
    table: Table, s_L: Scores | Array, pair_P: Mask, draws: Resamples
) -> dict[str, Any] | None:
    """Return `pairs.balanced`, "count" the pairs of both strata; None where one has too few."""
    value, values_B = pairs.balanced(table, s_L, pair_P, table.group_L, draws)
    if np.isnan(value):
        return None
    first, second = (pair_P & mask_P for mask_P in pairs.strata(table).values())
    wrong = table.pairs_P2[first | second, 0]
    found = _entry(value, draws, values_B, table.group_L[wrong])
    return found | {"count": int((first | second).sum())}


def mean_entry(value_I: Scores, group_I: Texts, draws: Resamples) -> dict[str, Any] | None:
    """Return the mean of what is not NaN with its interval, groups and count; None of nothing."""
    known_I = ~np.isnan(value_I)
    if not known_I.any():
        return None
    values_B = ratio(draws, group_I, value_I)
    found = _entry(metrics.mean(value_I), draws, values_B, group_I[known_I])
    return found | {"count": int(known_I.sum())}


def pooled_entry(
    y_L: Mask, s_L: Scores | Array, group_L: Texts, draws: Resamples
) -> dict[str, Any] | None:
    """Return the AUROC over all lines together; None where they are all of one class."""
    if y_L.all() or not y_L.any():
        return None
    rank, index_L = metrics.ranked(y_L, s_L), draws.of(group_L)
    values = [metrics.pooled(rank, weight_G[index_L])[0] for weight_G in draws.weight_BG]
    found = _entry(float(metrics.pooled(rank)[0]), draws, np.array(values), group_L)
    return found | {"count": len(y_L)}


def unit_names(set_L: Texts, merged: Mapping[str, Sequence[str]]) -> Texts:
    """Return each line's unit: its set, or the name that a set goes by together with others."""
    names = dict(zip(*[np.unique(set_L).tolist()] * 2, strict=True))
    for unit, members in merged.items():
        if set(members) <= set(names):
            names |= dict.fromkeys(members, unit)
    return np.array([names[name] for name in set_L.tolist()])


def _entry(value: float, draws: Resamples, values_B: Scores, group_I: Texts) -> dict[str, Any]:
    ends = interval(draws, values_B) if len(np.unique(group_I)) > 1 else None
    span = {"low": ends[0], "high": ends[1]} if ends else {}
    return {"value": float(value), **span, "groups": len(np.unique(group_I))}


def _unfit(table: Table, part_L: Mask) -> str:
    """Return why nothing can be learnt from some lines; "" if it can."""
    y_L = table.y_L[part_L]
    if y_L.all() or not y_L.any():
        return "its lines are all of one class"
    # With one group alone, the model of that group's fold would have nothing to learn from.
    few = len(np.unique(table.group_L[part_L][y_L])) < 2
    return "its risky lines are of one group only" if few else ""


def _even(table: Table, names_L: Texts) -> Array:
    """Return weights by which the sets of a unit weigh the same in it."""
    weight_L = table.weight_L.astype(np.float64)
    _, both_L = np.unique(np.char.add(np.char.add(names_L, "\n"), table.set_L), return_inverse=True)
    return np.asarray(weight_L / np.bincount(both_L, weight_L)[both_L], np.float32)
