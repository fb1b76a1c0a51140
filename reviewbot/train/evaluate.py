"""How well the lines of held-back changes are ranked, beside scores that learn or read less.

Every score is measured on the same lines, with the same resamples of whole groups.
"""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from reviewbot.arrays import Array, Indices, Mask
from reviewbot.config.levels import LEAST, Level
from reviewbot.train import metrics
from reviewbot.train.bootstrap import (
    SAMPLES,
    Measurement,
    Resamples,
    figure,
    groups_of,
    ranking,
    ratio,
    resample,
)
from reviewbot.train.dataset import Scores, Table, Texts

SURFACE_CS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)  # inverse penalties: the surface has few columns
LINES = (
    *("within auroc", "within recall at 20%", "top-1", "top-5", "ifa"),
    *("auroc", "ap", "recall at 20%"),
)
WITHIN = ("within auroc", "within recall at 20%")  # also given as differences to the surface
VISIBLE = ("line", "file", "repo", "outside")  # what one must see to notice a fault
AllScores = Mapping[str, Scores | Array]


def untrained(table: Table, surprisal_L: Array | None = None) -> dict[str, Array]:
    """Return the baselines that learn nothing, (L,) each.

    random     a constant: ties give the expected value of a random order
    length     characters of the line, without blanks at its ends
    surprisal  summed over the line's tokens; left out where the whole model was not read
    """
    scores = {
        "random": np.zeros(len(table), np.float32),
        "length": table.length_L.astype(np.float32),
    }
    return scores if surprisal_L is None else scores | {"surprisal": surprisal_L}


def evaluate(
    table: Table,
    scores: AllScores,
    fold_L: Indices,
    *,
    apart: Collection[str] = (),
    samples: int = SAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure scores.

    scores   name -> out-of-fold score per line of the table
    fold_L   folds of whole groups: thresholds come from the other folds
    apart    sets with parts of their own, which the other parts leave out
    returns  JSON-able. "parts": title -> {"changes", "lines", "groups", "hits", "scores"}, and
             "scores" is name -> figure -> {"value", "low", "high"}, null where a figure has no
             meaning. Low and high: 95 % over resampled groups

    Parts: wrong lines of changes that were read (related and unclear ones take no part), also by
    what one must see; lines that a fix changed, as they are; wrong lines against their corrections;
    alarms on changes that survived; changes that were fixed against changes that survived.
    """
    apart_L = np.isin(table.set_L, sorted(apart))
    clear_L = table.clear() & ~apart_L
    # Masked lines take no part, nor do lines that the model could not read.
    original_L = (
        ~apart_L & ~table.is_fixed_L & ((table.weight_L > 0) | (table.blamed_L & ~table.y_L))
    )
    wrong_L = clear_L & table.read_L & np.isin(table.row_L, table.row_L[table.y_L & clear_L])
    blamed_L = original_L & ~table.survived_L
    parts = {"wrong lines": _lines(table, scores, table.y_L, wrong_L, samples, seed)}
    for name in VISIBLE:
        seen_L = wrong_L & (table.visible_L == name)
        if seen_L.any():
            title = f"wrong lines, visible: {name}"
            parts[title] = _lines(table, scores, table.y_L, seen_L, samples, seed)
    title = "lines that a fix changed"
    parts[title] = _lines(table, scores, table.blamed_L, blamed_L, samples, seed)
    parts["pairs"] = _pairs(table, scores, ~apart_L, samples, seed)
    if (table.survived_L & clear_L).any():
        parts["alarms"] = _alarms(table, scores, fold_L, clear_L, wrong_L, samples, seed)
        parts["changes"] = _changes(table, scores, original_L, samples, seed)
    for name in sorted(apart):
        own_L = table.set_L == name
        here_L = table.clear() & own_L
        parts[f"{name}: wrong lines"] = _lines(table, scores, table.y_L, here_L, samples, seed)
        parts[f"{name}: pairs"] = _pairs(table, scores, own_L, samples, seed)
    return {"samples": samples, "seed": seed, "parts": parts}


def _lines(
    table: Table, scores: AllScores, y_L: Mask, keep_L: Mask, samples: int, seed: int
) -> dict[str, Any]:
    y_L, group_L, row_L = y_L[keep_L], table.group_L[keep_L], table.row_L[keep_L]
    draws = resample(group_L, samples=samples, seed=seed)
    measured = {}
    for name, s_L in scores.items() if len(y_L) else ():
        values = ranking(draws, group_L, row_L, y_L, s_L[keep_L])
        measured[name] = {key: figure(draws, *values[key]) for key in LINES}
    if "surface" in measured:
        _over_surface(measured, scores, draws, group_L, row_L, y_L, keep_L)
    return _part(len(np.unique(row_L)), len(y_L), len(draws.names_G), int(y_L.sum()), measured)


def _over_surface(
    measured: dict[str, Any],
    scores: AllScores,
    draws: Resamples,
    group_L: Texts,
    row_L: Indices,
    y_L: Mask,
    keep_L: Mask,
) -> None:
    """Add by how much every score is better than the surface, change by change."""
    values = {name: metrics.by_snippet(y_L, s_L[keep_L], row_L) for name, s_L in scores.items()}
    rows, surface_RK = values["surface"]
    group_R = groups_of(rows, row_L, group_L)
    for name, (_, values_RK) in values.items():
        for key in WITHIN:
            place = metrics.SNIPPET.index(key)
            more_R = values_RK[:, place] - surface_RK[:, place]
            entry = figure(draws, metrics.mean(more_R), ratio(draws, group_R, more_R))
            measured[name][f"{key}, over surface"] = entry


def _pairs(
    table: Table, scores: AllScores, keep_L: Mask, samples: int, seed: int
) -> dict[str, Any]:
    """Measure how often a wrong line scores above its correction; .5 is chance."""
    kept_P = keep_L[table.pairs_P2[:, 0]]
    pairs_P2, block_P = table.pairs_P2[kept_P], table.block_P[kept_P]
    all_P = np.ones(len(pairs_P2), np.bool_)
    parts = {"paired": all_P, "paired, normalised": table.one_for_one_P[kept_P]}
    group_P, row_P = table.group_L[pairs_P2[:, 0]], table.row_L[pairs_P2[:, 0]]
    draws = resample(group_P, samples=samples, seed=seed)
    measured: dict[str, Any] = {}
    for name, s_L in scores.items() if len(group_P) else ():
        measured[name] = {}
        for key, keep_P in parts.items():
            first_B, win_B = metrics.paired(s_L, pairs_P2[keep_P], block_P[keep_P])
            values_B = ratio(draws, group_P[keep_P][first_B], win_B)
            measured[name][key] = figure(draws, metrics.mean(win_B), values_B)
    blocks, changes = len(np.unique(block_P)), len(np.unique(row_P))
    return _part(changes, 2 * blocks, len(draws.names_G), blocks, measured)


def _alarms(
    table: Table,
    scores: AllScores,
    fold_L: Indices,
    clear_L: Mask,
    wrong_L: Mask,
    samples: int,
    seed: int,
) -> dict[str, Any]:
    """Measure each level: alarms per 100 lines of survived changes, recall and precision.

    A line's percentile is that among the clear lines of the other folds. Lines of a fold without
    such lines take no part.
    """
    clean_L, hits_L = clear_L & table.survived_L, wrong_L & table.y_L
    clean, hits = (
        resample(table.group_L[k], samples=samples, seed=seed) for k in (clean_L, hits_L)
    )
    measured: dict[str, Any] = {}
    for name, s_L in scores.items():
        percentile_L = _percentiles(s_L, clear_L, fold_L)
        measured[name] = {}
        for level in (one for one in LEAST if one is not Level.LOW):
            at_L = np.where(np.isnan(percentile_L), np.nan, percentile_L >= LEAST[level])
            seen_L = clear_L & (at_L == 1)
            seen = resample(table.group_L[seen_L], samples=samples, seed=seed)
            for title, draws, keep_L, value_L, factor in (
                ("alarms per 100", clean, clean_L, at_L, 100.0),
                ("recall", hits, hits_L, at_L, 1.0),
                ("precision", seen, seen_L, table.y_L.astype(np.float64), 1.0),
            ):
                values_B = factor * ratio(draws, table.group_L[keep_L], value_L[keep_L])
                value = factor * metrics.mean(value_L[keep_L])
                measured[name][f"{title}, {level}"] = figure(draws, value, values_B)
    rows = len(np.unique(table.row_L[clean_L]))
    return _part(rows, int(clean_L.sum()), len(clean.names_G), int(hits_L.sum()), measured)


def _percentiles(s_L: Scores | Array, clear_L: Mask, fold_L: Indices) -> Scores:
    """Return the percentile of each line among the clear lines of the other folds, else NaN."""
    percentile_L = np.full(len(s_L), np.nan)
    for fold in np.unique(fold_L):
        others = np.sort(s_L[clear_L & (fold_L != fold)])
        if len(others):
            here_L = fold_L == fold
            percentile_L[here_L] = 100 * np.searchsorted(others, s_L[here_L]) / len(others)
    return percentile_L


def _changes(
    table: Table, scores: AllScores, original_L: Mask, samples: int, seed: int
) -> dict[str, Any]:
    """Measure how well a change's riskiest line tells fixed changes from survived ones.

    "size" ranks changes by their lines: a change with more lines has more to fix.
    """
    rows, first_R, row_L = np.unique(
        table.row_L[original_L], return_index=True, return_inverse=True
    )
    group_R = table.group_L[original_L][first_R]
    fixed_R = ~table.survived_L[original_L][first_R]
    by_change: dict[str, Scores] = {"size": np.bincount(row_L).astype(np.float64)}
    for name, s_L in scores.items():
        greatest_R = np.full(len(rows), -np.inf)
        np.maximum.at(greatest_R, row_L, s_L[original_L].astype(np.float64))
        by_change[name] = greatest_R
    draws = resample(group_R, samples=samples, seed=seed)
    measured = {}
    for name, s_R in by_change.items():
        rank, index_R = metrics.ranked(fixed_R, s_R), draws.of(group_R)
        values_BK = np.stack([metrics.pooled(rank, w_G[index_R]) for w_G in draws.weight_BG])
        value: Measurement = (float(metrics.pooled(rank)[0]), values_BK[:, 0])
        measured[name] = {"auroc": figure(draws, *value)}
    lines, hits = int(original_L.sum()), int(fixed_R.sum())
    return _part(len(rows), lines, len(draws.names_G), hits, measured)


def _part(changes: int, lines: int, groups: int, hits: int, scores: Any) -> dict[str, Any]:
    return {"changes": changes, "lines": lines, "groups": groups, "hits": hits, "scores": scores}


def markdown(report: Mapping[str, Any]) -> str:
    """Return what `evaluate` measured as tables, figures with their 95 % intervals."""
    texts = [
        "Every line is scored by a model that saw nothing of its group. Intervals: 95 %, "
        f"{report['samples']} resamples of whole groups. Lower is better for ifa and alarms.\n"
    ]
    for title, part in report["parts"].items():
        if not part["scores"]:
            continue
        names = list(next(iter(part["scores"].values())))
        rows = [["score", *names], ["---"] * (1 + len(names))]
        rows += [
            [score, *(_cell(figures[name]) for name in names)]
            for score, figures in part["scores"].items()
        ]
        texts.append(
            f"**{title}**: {part['changes']} changes, {part['lines']} lines, {part['hits']} hits, "
            f"{part['groups']} groups\n\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)
        )
    return "\n".join(texts)


def _cell(entry: Mapping[str, float | None]) -> str:
    value, low, high = (entry[key] for key in ("value", "low", "high"))
    if value is None:
        return "-"
    return f"{value:.3f}" if low is None else f"{value:.3f} ({low:.3f} to {high:.3f})"
