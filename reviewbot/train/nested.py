"""Operating points and calibration, measured on folds that neither has seen."""

from dataclasses import replace
from typing import Any

import numpy as np

from reviewbot.arrays import Array, Indices, Mask
from reviewbot.errors import UsageError
from reviewbot.train import metrics
from reviewbot.train.bootstrap import SAMPLES, Resamples, interval, ratio, resample
from reviewbot.train.calibrators import Calibrator
from reviewbot.train.dataset import Scores, Table, Texts
from reviewbot.train.operating import RATES, points, threshold_for
from reviewbot.train.suites import Suites, clean_kinds, hunk_lines

CURVE = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)


def nested(
    table: Table,
    s_L: Scores | Array,
    fold_L: Indices,
    suites: Suites,
    calibrator: Calibrator,
    *,
    confidence: float | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure calibration and thresholds on folds that neither has seen.

    For every fold: fit `calibrator` to the hunks of the other folds, choose thresholds on their
    clean lines, apply both to the fold left out. What is shipped is made of all folds; this says
    what it is worth. `s_L` are out-of-fold scores, so no line's own group made its score; the
    models behind the other folds' scores have seen the fold left out, as always in cross-fitting.

    confidence  as for `calibrate.calibrate`: None measures the plain quantiles
    returns     JSON-able: "points" (show and gate by the rule that ships; each by the plain
                quantile beside it, where another rule ships) and "curve" (share of clean lines
                allowed -> what came of it, plain quantiles), each with "rate", "risk by fold",
                "false alarms per 100" by kind, "recall" and "precision" by suite; "suites" with
                Brier skill and ECE; "unstated": per point the (fold left out, kind) whose rate
                could not be stated. A figure is {"value", "low", "high"}, its interval over groups
    raises      UsageError where the other folds hold no clean code at all
    """
    p_L = np.zeros(len(table))
    wanted = {f"{name}, quantile": rate for name, rate in RATES.items() if confidence}
    wanted |= {f"{rate:g}": rate for rate in CURVE}
    alarm_L = {name: np.zeros(len(table), np.bool_) for name in (*RATES, *wanted)}
    risks: dict[str, list[float]] = {name: [] for name in alarm_L}
    unstated: dict[str, list[list[Any]]] = {name: [] for name in RATES}
    for fold in np.unique(fold_L).tolist():
        here_L = fold_L == fold
        # Blanked, not only left unused: what is learnt cannot depend on these labels or scores.
        rest = replace(table, y_L=table.y_L & ~here_L)
        learn_L = hunk_lines(rest, suites) & ~here_L
        probable = calibrator(rest.y_L[learn_L], s_L[learn_L])
        fold_p_L = probable(s_L)
        p_L[here_L] = fold_p_L[here_L]
        kinds = {
            k: m & ~here_L for k, m in clean_kinds(rest, suites).items() if (m & ~here_L).any()
        }
        if not kinds:
            raise UsageError(
                f"without fold {fold} no line of clean code is left, nothing was measured",
                fix="give clean code of more groups",
            )
        chosen = points(fold_p_L, table.group_L, kinds, confidence=confidence)
        for name, point in chosen.items():
            kinds_of = point["by_kind"].items()
            unstated[name] += [[fold, kind] for kind, found in kinds_of if not found["stated"]]
        at = {name: point["risk"] for name, point in chosen.items()} | {
            name: max(threshold_for(fold_p_L[m], rate) for m in kinds.values())
            for name, rate in wanted.items()
        }
        for name, risk in at.items():
            alarm_L[name][here_L] = fold_p_L[here_L] > risk
            risks[name].append(risk)
    titles = {**suites.hunks, **suites.mixed, **{n: (n,) for n in np.unique(table.set_L).tolist()}}
    parts = {
        title: np.isin(table.set_L, list(members)) & ~table.is_fixed_L
        for title, members in titles.items()
    }
    parts = {title: part_L for title, part_L in parts.items() if table.y_L[part_L].any()}
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
            "rate": RATES[name] if name in RATES else wanted[name],
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
        "points": {name: measured(name) for name in alarm_L if name.partition(",")[0] in RATES},
        "curve": {name: measured(name) for name in wanted if name.partition(",")[0] not in RATES},
        "unstated": unstated,
        "suites": {
            title: {"lines": int(part_L.sum()), "risky": int(table.y_L[part_L].sum())}
            | probability(draws[title], table.group_L[part_L], table.y_L[part_L], p_L[part_L])
            for title, part_L in parts.items()
        },
    }


def probability(draws: Resamples, group_L: Texts, y_L: Mask, p_L: Scores) -> dict[str, Any]:
    """Return Brier skill and ECE with intervals over groups.

    For ECE the gaps of the bins that all lines gave are resampled: bins that move add noise.
    """
    rate_B = ratio(draws, group_L, y_L.astype(np.float64))
    error_B = ratio(draws, group_L, (p_L - y_L) ** 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        skill_B = np.where((rate_B > 0) & (rate_B < 1), 1 - error_B / (rate_B - rate_B**2), np.nan)
    bin_L, index_L = metrics.equal_mass_bins(p_L), draws.of(group_L)
    gap_GK = np.zeros((len(draws.names_G), metrics.BINS))
    np.add.at(gap_GK, (index_L, bin_L), p_L - metrics.tied_mean(y_L, p_L))
    lines_B = draws.weight_BG @ np.bincount(index_L, minlength=len(draws.names_G))
    ece_B = np.abs(draws.weight_BG @ gap_GK).sum(axis=1) / lines_B
    return {
        "brier skill": figure(draws, metrics.brier_skill(y_L, p_L), skill_B),
        "ece": figure(draws, metrics.ece(y_L, p_L), ece_B),
    }


def figure(draws: Resamples, value: float, values_B: Scores) -> dict[str, float | None]:
    """Return {"value", "low", "high"}; None for what has no meaning."""
    low, high = interval(draws, np.asarray(values_B, np.float64)) or (None, None)
    return {"value": None if np.isnan(value) else float(value), "low": low, "high": high}
