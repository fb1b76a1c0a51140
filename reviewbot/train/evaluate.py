"""Every score beside every baseline, suite by suite, with intervals; numbers only, no words.

What is printed comes from `tables.markdown`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from reviewbot.core.arrays import Array, Indices, Mask
from reviewbot.core.errors import UsageError
from reviewbot.core.pooling import SURPRISAL_NAMES
from reviewbot.train import metrics
from reviewbot.train.bootstrap import SAMPLES, Resamples, interval, ratio, resample
from reviewbot.train.calibrate import recalibrated
from reviewbot.train.dataset import Scores, Table
from reviewbot.train.predictor_fit import CS, HUNKS, fit

PAIRED = ("paired", "paired, one for one")
MIXED: Mapping[str, tuple[str, ...]] = {
    **HUNKS,
    "humaneval, wrong and passing": ("humaneval_llm", "humaneval_pass"),
}


@dataclass(frozen=True, slots=True, eq=False)
class _Suite:
    """The lines of one suite: its originals, its pairs, and the resamples that all scores share."""

    table: Table
    line_L: Mask  # originals: corrected versions are never ranked
    unit_L: Any  # Texts: what is resampled
    draws: Resamples
    fold_L: Indices


def baselines(
    table: Table, *, corrections: bool, cs: Sequence[float] = CS, folds: int = 5, seed: int = 0
) -> dict[str, Array]:
    """Return the scores that a model must beat, made on the same folds.

    random     constant: ties are expected values, so this is what a random order gives
    length     characters of the line
    position   logistic regression on where the line stands in its snippet
    surface    logistic regression on the surface columns, where the table has them
    surprisal  sum over the line, untrained, where the table has it
    """
    place_L = np.stack(
        [
            table.place_L / np.maximum(table.last_L, 1),
            np.log1p(table.place_L),
            np.log1p(table.last_L - table.place_L),
            np.log1p(table.last_L),
        ],
        axis=1,
    ).astype(np.float32)
    positions = replace(table, columns_LN=place_L, groups={"position": place_L.shape[1]})
    found: dict[str, Array] = {
        "random": np.zeros(len(table), np.float32),
        "length": table.length_L.astype(np.float32),
        "position": fit(
            positions, ["position"], corrections=corrections, cs=(1.0,), folds=folds, seed=seed
        ).oof_L,
    }
    if "surface" in table.groups:
        found["surface"] = fit(
            table, ["surface"], corrections=corrections, cs=cs, folds=folds, seed=seed
        ).oof_L
    if "surprisal" in table.groups:
        names = list(table.groups)
        start = sum(table.groups[name] for name in names[: names.index("surprisal")])
        column = start + SURPRISAL_NAMES.index("surprisal, sum")
        found["surprisal"] = table.columns_LN[:, column]
    return found


def default_suites(table: Table) -> dict[str, tuple[str, ...]]:
    """Return every set by itself, and the mixtures of wrong and sound code that are all there."""
    sets = np.unique(table.set_L).tolist()
    mixtures = {name: members for name, members in MIXED.items() if set(members) <= set(sets)}
    return mixtures | {name: (name,) for name in sets}


def evaluate(
    table: Table,
    scores: Mapping[str, Scores | Array],
    *,
    fold_L: Indices,
    probabilities: Mapping[str, Scores | Array] | None = None,
    thresholds: Mapping[str, float] | None = None,
    ours: str = "ours",
    against: Sequence[str] = ("surface", "surprisal"),
    suites: Mapping[str, Sequence[str]] | None = None,
    cluster: str = "group",
    samples: int = SAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure out-of-fold scores on every suite.

    scores         name -> score per line of the table; baselines among them
    probabilities  name -> calibrated risk per line, for the scores that have one
    thresholds     name of an operating point -> risk above which a line is an alarm
    ours, against  differences ours - other, paired by resample; who is not there is left out
    cluster        "group" or "commit": what is resampled
    returns        JSON-able; {"value", "low", "high"} per metric, null where it has no meaning
    raises         UsageError where `ours` is not among the scores; ValueError for a wrong length
    """
    if ours not in scores:
        raise UsageError(f"no score is named {ours!r}", fix=f"use one of: {', '.join(scores)}")
    if cluster not in ("group", "commit"):
        raise UsageError(f"cannot resample by {cluster!r}", fix="use group or commit")
    for name, values in [*scores.items(), *(probabilities or {}).items()]:
        if len(values) != len(table):
            raise ValueError(f"{name!r} has {len(values)} scores for {len(table)} lines")
    unit_L = table.group_L if cluster == "group" else table.commit_L
    report: dict[str, Any] = {"cluster": cluster, "samples": samples, "seed": seed, "suites": {}}
    for title, members in (suites or default_suites(table)).items():
        in_suite_L = np.isin(table.set_L, list(members))
        line_L = in_suite_L & ~table.is_fixed_L
        if not line_L.any():
            continue
        draws = resample(unit_L[line_L], samples=samples, seed=seed)
        suite = _Suite(table, line_L, unit_L, draws, fold_L)
        found = {
            name: _measure(suite, s_L, (probabilities or {}).get(name), thresholds or {})
            for name, s_L in scores.items()
        }
        others = [name for name in against if name in found and name != ours]
        y_L = table.y_L[line_L]
        report["suites"][title] = {
            "sets": sorted(members),
            "snippets": len(np.unique(table.row_L[line_L])),
            "lines": int(line_L.sum()),
            "risky": int(y_L.sum()),
            "base_rate": float(y_L.mean()),
            "groups": len(np.unique(table.group_L[line_L])),
            "resampled": len(draws.names_G),
            "pairs": _pair_counts(suite),
            "scores": {
                name: {key: _entry(draws, *pair) for key, pair in values.items()}
                for name, values in found.items()
            },
            "differences": {
                f"{ours} - {other}": {
                    key: _entry(
                        draws,
                        found[ours][key][0] - found[other][key][0],
                        found[ours][key][1] - found[other][key][1],
                    )
                    for key in found[ours]
                    if key in found[other]
                }
                for other in others
            },
        }
    return report


def _entry(draws: Resamples, value: float, values_B: Scores) -> dict[str, float] | None:
    if np.isnan(value):
        return None
    ends = interval(draws, values_B)
    return {"value": float(value)} | ({"low": ends[0], "high": ends[1]} if ends else {})


def _pairs_of(suite: _Suite) -> Mask:
    return np.asarray(suite.line_L[suite.table.pairs_P2[:, 0]], np.bool_)


def _pair_counts(suite: _Suite) -> dict[str, int]:
    here_P, table = _pairs_of(suite), suite.table
    strict_P = here_P & table.one_for_one_P
    counts = [len(np.unique(table.block_P[kept_P])) for kept_P in (here_P, strict_P)]
    return dict(zip(PAIRED, counts, strict=True))


def _measure(
    suite: _Suite, s_L: Scores | Array, p_L: Scores | Array | None, thresholds: Mapping[str, float]
) -> dict[str, tuple[float, Scores]]:
    """Return, per metric, its value and its value in every resample."""
    table, line_L, draws = suite.table, suite.line_L, suite.draws
    y_L, unit_L, here_L = table.y_L[line_L], suite.unit_L[line_L], s_L[line_L]
    found: dict[str, tuple[float, Scores]] = {}
    if y_L.any():
        rank = metrics.ranked(y_L, here_L)
        index_L = draws.of(unit_L)
        values_BK = np.stack([metrics.pooled(rank, w_G[index_L]) for w_G in draws.weight_BG])
        for k, (key, value) in enumerate(zip(metrics.POOLED, metrics.pooled(rank), strict=True)):
            found[key] = (float(value), values_BK[:, k])
        rows, values_RK = metrics.by_snippet(y_L, here_L, table.row_L[line_L])
        owners, first_R = np.unique(table.row_L[line_L], return_index=True)
        unit_R = unit_L[first_R][np.searchsorted(owners, rows)]
        for k, key in enumerate(metrics.SNIPPET):
            of_row_R = values_RK[:, k]
            found[key] = (metrics.mean(of_row_R), ratio(draws, unit_R, of_row_R))
    here_P = _pairs_of(suite)
    for key, kept_P in zip(PAIRED, (here_P, here_P & table.one_for_one_P), strict=True):
        pairs_P2 = table.pairs_P2[kept_P]
        first_K, win_K = metrics.paired(s_L, pairs_P2, table.block_P[kept_P])
        if len(win_K):
            unit_K = suite.unit_L[pairs_P2[first_K, 0]]
            found[key] = (metrics.mean(win_K), ratio(draws, unit_K, win_K))
    if p_L is not None:
        found |= _probability(suite, y_L, p_L[line_L].astype(np.float64), here_L, thresholds)
    return found


def _probability(
    suite: _Suite, y_L: Mask, p_L: Scores, s_L: Scores | Array, thresholds: Mapping[str, float]
) -> dict[str, tuple[float, Scores]]:
    draws, unit_L = suite.draws, suite.unit_L[suite.line_L]
    found: dict[str, tuple[float, Scores]] = {}
    if y_L.any() and not y_L.all():
        # As shipped, then with the suite's own base rate: a model calibrated on real hunks cannot
        # know how many lines of a hand-made suite are wrong.
        again_L = recalibrated(y_L, s_L, suite.fold_L[suite.line_L])
        rate_B = ratio(draws, unit_L, y_L.astype(np.float64))
        for key, q_L in (("brier skill", p_L), ("brier skill, recalibrated", again_L)):
            error_B = ratio(draws, unit_L, (q_L - y_L) ** 2)
            with np.errstate(invalid="ignore", divide="ignore"):
                skill_B = np.where(rate_B > 0, 1 - error_B / (rate_B * (1 - rate_B)), np.nan)
            found[key] = (metrics.brier_skill(y_L, q_L), skill_B)
        for key, q_L in (("ece", p_L), ("ece, recalibrated", again_L)):
            found[key] = (metrics.ece(y_L, q_L), _ece_draws(draws, unit_L, y_L, q_L))
    for name, threshold in thresholds.items():
        alarm_L = (p_L > threshold).astype(np.float64)
        if y_L.any():
            found[f"recall above {name}"] = (
                metrics.recall_above(y_L, p_L, threshold),
                ratio(draws, unit_L[y_L], alarm_L[y_L]),
            )
        else:
            found[f"false alarms per 100 above {name}"] = (
                metrics.false_alarms(p_L, threshold),
                100 * ratio(draws, unit_L, alarm_L),
            )
    return found


def _ece_draws(draws: Resamples, unit_L: Any, y_L: Mask, p_L: Scores) -> Scores:
    """Resample the gaps of the bins that the whole suite gave: bins that move would add noise."""
    bin_L = metrics.equal_mass_bins(p_L)
    shape = (len(draws.names_G), metrics.BINS)
    gap_GK, count_G = np.zeros(shape), np.zeros(shape[0])
    index_L = draws.of(unit_L)
    np.add.at(gap_GK, (index_L, bin_L), p_L - metrics.tied_mean(y_L, p_L))
    np.add.at(count_G, index_L, 1.0)
    return np.asarray(
        np.abs(draws.weight_BG @ gap_GK).sum(axis=1) / (draws.weight_BG @ count_G), np.float64
    )
