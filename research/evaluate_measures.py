"""Every score beside every baseline, suite by suite, with intervals; numbers only."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from research import pairs
from reviewbot.arrays import Array, Indices, Mask
from reviewbot.train import metrics
from reviewbot.train.bootstrap import (
    SAMPLES,
    Measurement,
    Resamples,
    calibration,
    interval,
    ranking,
    ratio,
    resample,
)
from reviewbot.train.calibrate import recalibrated
from reviewbot.train.dataset import Scores, Table
from reviewbot.train.operating import points
from reviewbot.train.suites import MIXED, chosen_suites, clean_kinds

AGAINST = ("surface", "surprisal")


@dataclass(frozen=True, slots=True, eq=False)
class _Suite:
    """The lines of one suite: its originals, its pairs, and the resamples that all scores share."""

    table: Table
    line_L: Mask  # only what is `Table.clear()`: corrected versions are never ranked
    draws: Resamples
    fold_L: Indices


def suites_of(
    sets: Collection[str], mixed: Mapping[str, Sequence[str]] = MIXED
) -> dict[str, tuple[str, ...]]:
    """Return suites by name, each with its sets: every set, and the mixtures that are all there."""
    mixtures = {name: tuple(m) for name, m in mixed.items() if set(m) <= set(sets)}
    return mixtures | {name: (name,) for name in sorted(sets)}


def evaluate(
    table: Table,
    scores: Mapping[str, Scores | Array],
    *,
    fold_L: Indices,
    probabilities: Mapping[str, Scores | Array] | None = None,
    thresholds: Mapping[str, float] | None = None,
    against: Sequence[str] = AGAINST,
    suites: Mapping[str, Sequence[str]] | None = None,
    kinds: Mapping[str, Mask] | None = None,
    confidence: float | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure out-of-fold scores on every suite.

    scores         "ours" and other names -> score per line of the table; baselines among them.
                   NaN on all lines of a set: it was not measured there, and suites with that
                   set leave it out
    probabilities  name -> calibrated risk per line, for the scores that have one
    thresholds     name of an operating point -> risk above which a line is an alarm. A score that
                   is no probability gets a threshold of its own, by the rule of `operating`, so
                   that its recall is that at as many false alarms
    kinds          kinds of clean code, by title: what such thresholds are set on; by default those
                   of `chosen_suites`
    confidence     of that rule, as for `calibrate.calibrate`
    against        differences ours - other, paired by resample; who is not there is left out
    returns        JSON-able; {"value", "low", "high"} per metric, null where it has no meaning
    raises         ValueError for a wrong length, or a NaN among measured lines
    """
    for name, values in [*scores.items(), *(probabilities or {}).items()]:
        if len(values) != len(table):
            raise ValueError(f"{name!r} has {len(values)} scores for {len(table)} lines")
    kinds = clean_kinds(table, chosen_suites(table)) if kinds is None else kinds
    report: dict[str, Any] = {"samples": samples, "seed": seed, "suites": {}}
    alarms_above = {
        name: dict(thresholds or {})
        if name in (probabilities or {})
        else _points(table, s_L, thresholds or {}, kinds, confidence)
        for name, s_L in scores.items()
    }
    unread = {name: _unread(table, s_L) for name, s_L in scores.items()}
    for title, members in (suites or suites_of(set(table.set_L.tolist()))).items():
        in_suite_L = np.isin(table.set_L, list(members))
        line_L = in_suite_L & table.clear()
        if not line_L.any():
            continue
        draws = resample(table.group_L[line_L], samples=samples, seed=seed)
        suite = _Suite(table, line_L, draws, fold_L)
        found = {
            name: _measure(suite, s_L, (probabilities or {}).get(name), alarms_above[name])
            for name, s_L in scores.items()
            if not unread[name].intersection(members)
        }
        others = [name for name in against if name in found]
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
                f"ours - {other}": {
                    key: _entry(
                        draws,
                        found["ours"][key][0] - found[other][key][0],
                        found["ours"][key][1] - found[other][key][1],
                    )
                    for key in found["ours"]
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
) -> dict[str, Measurement]:
    """Return, per metric, its value and its value in every resample."""
    table, line_L, draws = suite.table, suite.line_L, suite.draws
    y_L, unit_L, here_L = table.y_L[line_L], suite.table.group_L[line_L], s_L[line_L]
    found: dict[str, Measurement] = {}
    if y_L.any():
        found = ranking(draws, unit_L, table.row_L[line_L], y_L, here_L)
    found |= pairs.measured(table, s_L, _pairs_of(suite), suite.table.group_L, draws)
    found |= _probability(suite, p_L, here_L)
    found |= _alarms(suite, s_L if p_L is None else p_L, thresholds)
    return found


def _probability(
    suite: _Suite, p_L: Scores | Array | None, s_L: Scores | Array
) -> dict[str, Measurement]:
    """Measure probabilities: as shipped where there are any, and made from the score in the suite.

    A model calibrated on real hunks cannot know how many lines of a hand-made suite are wrong, so
    Platt scaling on the suite's other folds says what the score could be worth.
    """
    draws, line_L = suite.draws, suite.line_L
    y_L, unit_L = suite.table.y_L[line_L], suite.table.group_L[line_L]
    found: dict[str, Measurement] = {}
    if not y_L.any() or y_L.all():
        return found
    kinds = {", recalibrated": recalibrated(y_L, s_L, suite.fold_L[line_L])}
    if p_L is not None:
        kinds = {"": p_L[line_L].astype(np.float64)} | kinds
    for kind, q_L in kinds.items():
        entries = calibration(draws, unit_L, y_L, q_L)
        found |= {f"{key}{kind}": entry for key, entry in entries.items()}
    return found


def _alarms(
    suite: _Suite, risk_L: Scores | Array, thresholds: Mapping[str, float]
) -> dict[str, Measurement]:
    """Measure alarms: the share of risky lines that raise one, and how often sound code does.

    Sound is a line of a change that survived: what is not labelled elsewhere may be wrong. A score
    that ties with the threshold raises no alarm, so a constant one never does.
    """
    draws, table = suite.draws, suite.table
    risky_L = suite.line_L & table.y_L
    sound_L = suite.line_L & table.survived_L
    found: dict[str, Measurement] = {}
    for name, threshold in thresholds.items():
        alarm_L = (risk_L > threshold).astype(np.float64)
        if risky_L.any():
            found[f"recall above {name}"] = (
                metrics.recall_above(risky_L, risk_L, threshold),
                ratio(draws, suite.table.group_L[risky_L], alarm_L[risky_L]),
            )
        if sound_L.any():
            found[f"false alarms per 100 above {name}"] = (
                metrics.false_alarms(risk_L[sound_L], threshold),
                100 * ratio(draws, suite.table.group_L[sound_L], alarm_L[sound_L]),
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
    """Return the sets without any score; ValueError where only some lines of a set have none."""
    missing_L = np.isnan(s_L)
    unread = set(table.set_L.tolist()) - set(table.set_L[~missing_L].tolist())
    if (missing_L & ~np.isin(table.set_L, sorted(unread))).any():
        raise ValueError("a score is NaN on some lines of a set that it has read")
    return unread
