"""Every score beside every baseline, suite by suite, with intervals; numbers only, no words.

What is printed comes from `tables.markdown`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reviewbot.arrays import Array, Indices, Mask
from reviewbot.errors import UsageError
from reviewbot.train import metrics, pairs
from reviewbot.train.bootstrap import SAMPLES, Resamples, interval, ratio, resample
from reviewbot.train.calibrators import recalibrated
from reviewbot.train.dataset import Scores, Table
from reviewbot.train.operating import points
from reviewbot.train.suites import MIXED, chosen_suites, clean_kinds

AGAINST = ("surface", "surprisal")


@dataclass(frozen=True, slots=True, eq=False)
class _Suite:
    """The lines of one suite: its originals, its pairs, and the resamples that all scores share."""

    table: Table
    line_L: Mask  # originals: corrected versions are never ranked
    unit_L: Any  # Texts: what is resampled
    draws: Resamples
    fold_L: Indices


def suites_of(
    sets: Collection[str],
    names: Sequence[str] = (),
    mixed: Mapping[str, Sequence[str]] = MIXED,
) -> dict[str, tuple[str, ...]]:
    """Return suites by name, each with its sets: every set, and the mixtures that are all there.

    names   suites to take, in this order; all where none is named
    raises  UsageError for a name that is no suite of these sets
    """
    mixtures = {name: tuple(m) for name, m in mixed.items() if set(m) <= set(sets)}
    known = mixtures | {name: (name,) for name in sorted(sets)}
    if strange := [name for name in names if name not in known]:
        raise UsageError(
            f"no suite is named {strange[0]!r}, nothing was measured",
            fix=f"use some of: {', '.join(known)}",
        )
    return {name: known[name] for name in names} if names else known


def evaluate(
    table: Table,
    scores: Mapping[str, Scores | Array],
    *,
    fold_L: Indices,
    probabilities: Mapping[str, Scores | Array] | None = None,
    thresholds: Mapping[str, float] | None = None,
    ours: str = "ours",
    against: Sequence[str] = AGAINST,
    suites: Mapping[str, Sequence[str]] | None = None,
    kinds: Mapping[str, Mask] | None = None,
    confidence: float | None = None,
    cluster: str = "group",
    samples: int = SAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure out-of-fold scores on every suite.

    scores         name -> score per line of the table; baselines among them. NaN on all lines of a
                   set says that it was not measured there: suites with that set leave it out
    probabilities  name -> calibrated risk per line, for the scores that have one
    thresholds     name of an operating point -> risk above which a line is an alarm. A score that
                   is no probability gets a threshold of its own, by the rule of `operating`, so
                   that its recall is that at as many false alarms
    kinds          kinds of clean code, by title: what such thresholds are set on; by default those
                   of `chosen_suites`
    confidence     of that rule, as for `calibrate.calibrate`
    ours, against  differences ours - other, paired by resample; who is not there is left out
    cluster        "group" or "commit": what is resampled
    returns        JSON-able; {"value", "low", "high"} per metric, null where it has no meaning
    raises         UsageError where `ours` is not among the scores; ValueError for a wrong length,
                   or a NaN among measured lines
    """
    if ours not in scores:
        raise UsageError(f"no score is named {ours!r}", fix=f"use one of: {', '.join(scores)}")
    if cluster not in ("group", "commit"):
        raise UsageError(f"cannot resample by {cluster!r}", fix="use group or commit")
    for name, values in [*scores.items(), *(probabilities or {}).items()]:
        if len(values) != len(table):
            raise ValueError(f"{name!r} has {len(values)} scores for {len(table)} lines")
    kinds = clean_kinds(table, chosen_suites(table)) if kinds is None else kinds
    unit_L = table.group_L if cluster == "group" else table.commit_L
    report: dict[str, Any] = {"cluster": cluster, "samples": samples, "seed": seed, "suites": {}}
    alarms_above = {
        name: dict(thresholds or {})
        if name in (probabilities or {})
        else _points(table, s_L, thresholds or {}, kinds, confidence)
        for name, s_L in scores.items()
    }
    unread = {name: _unread(table, s_L) for name, s_L in scores.items()}
    for title, members in (suites or suites_of(set(table.set_L.tolist()))).items():
        in_suite_L = np.isin(table.set_L, list(members))
        line_L = in_suite_L & ~table.is_fixed_L
        if not line_L.any():
            continue
        draws = resample(unit_L[line_L], samples=samples, seed=seed)
        suite = _Suite(table, line_L, unit_L, draws, fold_L)
        found = {
            name: _measure(suite, s_L, (probabilities or {}).get(name), alarms_above[name])
            for name, s_L in scores.items()
            if not unread[name].intersection(members)
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
            "pairs": pairs.counts(table, _pairs_of(suite)),
            "not_measured": [name for name in scores if name not in found],
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
    found |= pairs.measured(table, s_L, _pairs_of(suite), suite.unit_L, draws)
    found |= _probability(suite, p_L, here_L)
    found |= _alarms(suite, s_L if p_L is None else p_L, thresholds)
    return found


def _probability(
    suite: _Suite, p_L: Scores | Array | None, s_L: Scores | Array
) -> dict[str, tuple[float, Scores]]:
    """Measure probabilities: as shipped where there are any, and made from the score in the suite.

    A model calibrated on real hunks cannot know how many lines of a hand-made suite are wrong, so
    Platt scaling on the suite's other folds says what the score could be worth.
    """
    draws, line_L = suite.draws, suite.line_L
    y_L, unit_L = suite.table.y_L[line_L], suite.unit_L[line_L]
    found: dict[str, tuple[float, Scores]] = {}
    if not y_L.any() or y_L.all():
        return found
    kinds = {", recalibrated": recalibrated(y_L, s_L, suite.fold_L[line_L])}
    if p_L is not None:
        kinds = {"": p_L[line_L].astype(np.float64)} | kinds
    rate_B = ratio(draws, unit_L, y_L.astype(np.float64))
    for kind, q_L in kinds.items():
        error_B = ratio(draws, unit_L, (q_L - y_L) ** 2)
        with np.errstate(invalid="ignore", divide="ignore"):
            skill_B = np.where(rate_B > 0, 1 - error_B / (rate_B * (1 - rate_B)), np.nan)
        found[f"brier skill{kind}"] = (metrics.brier_skill(y_L, q_L), skill_B)
        found[f"ece{kind}"] = (metrics.ece(y_L, q_L), _ece_draws(draws, unit_L, y_L, q_L))
    return found


def _alarms(
    suite: _Suite, risk_L: Scores | Array, thresholds: Mapping[str, float]
) -> dict[str, tuple[float, Scores]]:
    """Measure alarms: the share of risky lines that raise one, and how often sound code does.

    Sound is a line of a set without any risky line: what is not labelled elsewhere may be wrong. A
    score that ties with the threshold raises no alarm, so a constant one never does.
    """
    draws, table = suite.draws, suite.table
    wrong_sets = np.unique(table.set_L[table.y_L])
    risky_L = suite.line_L & table.y_L
    sound_L = suite.line_L & ~np.isin(table.set_L, wrong_sets)
    found: dict[str, tuple[float, Scores]] = {}
    for name, threshold in thresholds.items():
        alarm_L = (risk_L > threshold).astype(np.float64)
        if risky_L.any():
            found[f"recall above {name}"] = (
                metrics.recall_above(risky_L, risk_L, threshold),
                ratio(draws, suite.unit_L[risky_L], alarm_L[risky_L]),
            )
        if sound_L.any():
            found[f"false alarms per 100 above {name}"] = (
                metrics.false_alarms(risk_L[sound_L], threshold),
                100 * ratio(draws, suite.unit_L[sound_L], alarm_L[sound_L]),
            )
    return found


def _points(
    table: Table,
    s_L: Scores | Array,
    wanted: Mapping[str, float],
    kinds: Mapping[str, Mask],
    confidence: float | None,
) -> dict[str, float]:
    """Set thresholds on a score by the rule that sets them on risks, on the same clean code.

    No point where there is no clean code, or where the score did not read some of it.
    """
    if not kinds or any(np.isnan(s_L[kind_L]).any() for kind_L in kinds.values()):
        return {}
    found = points(s_L, table.group_L, kinds, confidence=confidence)
    return {name: float(point["risk"]) for name, point in found.items() if name in wanted}


def _unread(table: Table, s_L: Scores | Array) -> set[str]:
    """Return the sets of which no line has a score; ValueError where some lines have none."""
    missing_L = np.isnan(s_L)
    unread = set(table.set_L.tolist()) - set(table.set_L[~missing_L].tolist())
    if (missing_L & ~np.isin(table.set_L, sorted(unread))).any():
        raise ValueError("a score is NaN on some lines of a set that it has read")
    return unread


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
