"""Operating points and calibration, measured on folds that neither has seen."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from reviewbot.arrays import Array, Indices, Mask
from reviewbot.errors import UsageError
from reviewbot.train import metrics
from reviewbot.train.bootstrap import SAMPLES, figure, ratio, resample
from reviewbot.train.calibrate import by_platt
from reviewbot.train.dataset import Scores, Table
from reviewbot.train.operating import RATES, points, threshold_for
from reviewbot.train.suites import Suites, clean_kinds, hunk_lines


def nested(
    table: Table,
    s_L: Scores | Array,
    fold_L: Indices,
    suites: Suites,
    *,
    confidence: float | None = None,
    curve: Sequence[float] = (),
    samples: int = SAMPLES,
    seed: int = 0,
) -> tuple[dict[str, Any], Scores]:
    """Measure Platt scaling and thresholds on folds that neither has seen.

    For every fold: calibrate on the hunks of the other folds, choose thresholds on their clean
    lines, apply both to the fold left out. What is shipped comes from all folds; this measures how
    good it is. `s_L` are out-of-fold scores, so no line's own group made its score. The models
    behind the other folds' scores have seen the fold left out, as always in cross-fitting.

    confidence  as for `calibrate.calibrate`
    curve       shares of clean lines allowed, to measure with plain quantiles too
    returns     {"confidence", "points" (show and gate by the rule that ships, and by the plain
                quantile where another rule ships), "curve" (by share allowed), "unstated" (per
                point the (fold left out, kind) whose rate could not be stated)}, and the
                probability of each line. Each point has "rate", "risk by fold", "false alarms per
                100" by kind, "recall" and "precision" by suite; a figure is {"value", "low",
                "high"}, with its interval over groups
    raises      UsageError where the other folds hold no clean code at all
    """
    p_L = np.zeros(len(table))
    quantiles = {f"{name}, quantile": rate for name, rate in RATES.items() if confidence}
    shares = {f"{rate:g}": rate for rate in curve}
    rates = {**RATES, **quantiles, **shares}
    alarm_L = {name: np.zeros(len(table), np.bool_) for name in rates}
    risks: dict[str, list[float]] = {name: [] for name in rates}
    unstated: dict[str, list[list[Any]]] = {name: [] for name in RATES}
    for fold in np.unique(fold_L).tolist():
        here_L = fold_L == fold
        # Blanked, so that calibration cannot depend on these labels.
        rest = replace(table, y_L=table.y_L & ~here_L)
        learn_L = hunk_lines(rest, suites) & ~here_L
        fold_p_L = by_platt(rest.y_L[learn_L], s_L[learn_L])(s_L)
        p_L[here_L] = fold_p_L[here_L]
        kinds = {kind: kind_L & ~here_L for kind, kind_L in clean_kinds(rest, suites).items()}
        kinds = {kind: kind_L for kind, kind_L in kinds.items() if kind_L.any()}
        if not kinds:
            raise UsageError(
                f"without fold {fold} no line of clean code is left, nothing was measured",
                fix="give clean code of more groups",
            )
        at = {
            name: max(threshold_for(fold_p_L[kind_L], rate) for kind_L in kinds.values())
            for name, rate in (quantiles | shares).items()
        }
        for name, point in points(fold_p_L, table.group_L, kinds, confidence=confidence).items():
            at[name] = point["risk"]
            by_kind = point["by_kind"].items()
            unstated[name] += [[fold, kind] for kind, entry in by_kind if not entry["stated"]]
        for name, risk in at.items():
            alarm_L[name][here_L] = fold_p_L[here_L] > risk
            risks[name].append(risk)
    parts = suite_lines(table, suites)
    kinds = clean_kinds(table, suites)
    draws = {
        title: resample(table.group_L[lines_L], samples=samples, seed=seed)
        for title, lines_L in (*parts.items(), *(("clean: " + k, v) for k, v in kinds.items()))
    }

    def rate_of(what_L: Mask, among_L: Mask, title: str, factor: float = 1.0) -> dict[str, Any]:
        group_L = table.group_L[among_L]
        value_B = factor * ratio(draws[title], group_L, what_L[among_L].astype(np.float64))
        value = factor * float(what_L[among_L].mean()) if among_L.any() else metrics.NAN
        return figure(draws[title], value, value_B)

    def measured(name: str) -> dict[str, Any]:
        raised_L = alarm_L[name]
        return {
            "rate": rates[name],
            "risk by fold": risks[name],
            "false alarms per 100": {
                kind: rate_of(raised_L, kind_L, "clean: " + kind, 100.0)
                for kind, kind_L in kinds.items()
            },
            "recall": {t: rate_of(raised_L, m & table.y_L, t) for t, m in parts.items()},
            "precision": {t: rate_of(table.y_L, m & raised_L, t) for t, m in parts.items()},
        }

    return {
        "confidence": confidence,
        "points": {name: measured(name) for name in (*RATES, *quantiles)},
        "curve": {name: measured(name) for name in shares},
        "unstated": unstated,
    }, p_L


def suite_lines(table: Table, suites: Suites) -> dict[str, Mask]:
    """Return the original lines of every suite and set that has a risky line."""
    titles = {**suites.hunks, **suites.mixed, **{n: (n,) for n in np.unique(table.set_L).tolist()}}
    parts = {
        title: np.isin(table.set_L, list(members)) & table.clear()
        for title, members in titles.items()
    }
    return {title: part_L for title, part_L in parts.items() if table.y_L[part_L].any()}
