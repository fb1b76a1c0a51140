"""Scores -> probabilities, percentiles and operating points. All from out-of-fold scores."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from reviewbot.core.arrays import Array
from reviewbot.core.errors import UsageError
from reviewbot.core.predictor import Predictor
from reviewbot.train import metrics
from reviewbot.train.bootstrap import SAMPLES, ratio, resample
from reviewbot.train.calibrators import (
    by_platt,
    by_platt_and_language,
    offsets,
    platt,
    recalibrated,
    sigmoid,
)
from reviewbot.train.dataset import Scores, Table
from reviewbot.train.nested import figure, probability
from reviewbot.train.operating import points
from reviewbot.train.predictor_fit import FitResult
from reviewbot.train.suites import Suites, chosen_suites, clean_kinds, hunk_lines

REFERENCES = 1_001


def calibrate(
    table: Table,
    result: FitResult,
    *,
    suites: Suites | None = None,
    confidence: float | None = None,
) -> tuple[Predictor, dict[str, Any]]:
    """Complete the predictor, and say at which risks to show and to block.

    suites      what is measured on what; by default `chosen_suites`, which says what it inferred
    confidence  of the stated rates of false alarms; None ships the plain quantiles
    returns     the predictor, and {"platt", "reference", "suites", "rule" (in words), "thresholds",
                "not_measured"}
    raises      UsageError where the hunks hold one class only, where the score does not rise with
                the label (such a predictor must not be shipped), or where no clean code is there

    The base rate of the hunks becomes that of the probabilities; in a repository where fewer lines
    are fixed later they are too high, though their order holds. The rates that stand beside the
    thresholds are those they were chosen on: `nested.nested` says what they are worth.
    """
    suites = chosen_suites(table) if suites is None else suites
    here_L = hunk_lines(table, suites)
    y_L, s_L = table.y_L[here_L], result.oof_L[here_L]
    if not y_L.any() or y_L.all():
        raise UsageError(
            "the sets to calibrate on hold lines of one class only", fix="name sets that hold both"
        )
    slope, offset = platt(y_L, s_L)
    if slope <= 0:
        raise UsageError(
            f"the score does not rise with the label (slope {slope:.3g}), so no predictor was made",
            fix="train on more rows, other sets or other column groups",
        )
    # float32, as scoring has it: a threshold must fall where the shipped risks fall.
    risk_L = sigmoid(slope * result.oof_L + offset).astype(np.float32)
    reference_Q = np.quantile(risk_L[here_L], np.linspace(0, 1, REFERENCES)).astype(np.float32)
    predictor = replace(
        result.predictor, slope=slope, offset=offset, reference_Q=np.maximum.accumulate(reference_Q)
    )
    kinds = clean_kinds(table, suites)
    if not kinds:
        wanted = ", ".join(name for members in suites.clean.values() for name in members)
        raise UsageError(
            "no line of clean code is there to set thresholds on",
            fix=f"add a set of clean code{', such as ' + wanted if wanted else ''}",
        )
    thresholds = points(risk_L, table.group_L, kinds, confidence=confidence)
    for point in thresholds.values():
        point["recall"] = metrics.recall_above(y_L, risk_L[here_L], point["risk"])
    return predictor, {
        "platt": {
            "slope": slope,
            "offset": offset,
            "sets": sorted(set(table.set_L[here_L].tolist())),
            "lines": len(y_L),
            "base_rate": float(y_L.mean()),
        },
        "reference": {"lines": len(y_L), "quantiles": REFERENCES},
        "suites": {key: asdict(suites)[key] for key in ("hunks", "clean", "inferred")},
        "rule": rule(confidence),
        "thresholds": thresholds,
        "not_measured": sorted(suites.clean.keys() - kinds.keys()),
    }


def rule(confidence: float | None) -> str:
    """Say by which rule thresholds are set, for manifests and tables."""
    if confidence is None:
        return "plain quantile: the rate holds on the clean lines it was set on, the worst kind"
    return f"bounded: the rate holds on new code with confidence {confidence:g} where it is stated"


def calibrated(predictor: Predictor, s_L: Scores | Array) -> Array:
    """Return the risks of raw scores (out of fold, say) under the predictor's calibration."""
    return sigmoid(predictor.slope * s_L + predictor.offset).astype(np.float32)


@dataclass(frozen=True, slots=True)
class ByLanguage:
    """Platt scaling with an offset of its own for some languages, and whether that helps."""

    slope: float
    offset: float
    extra: dict[str, float]  # language -> added to the offset; the others keep that of all
    helps: bool  # by nested folds; where it does not, do not use `extra`
    report: dict[str, Any]


def by_language(
    table: Table,
    result: FitResult,
    suites: Suites | None = None,
    *,
    samples: int = SAMPLES,
    seed: int = 0,
) -> ByLanguage:
    """Fit offsets per language on the hunks, and measure by nested folds whether they help.

    They help if the lower end of the 95 % interval (over groups) of the gain in Brier skill is
    above 0. Languages with fewer than `calibrators.LEAST_RISKY` risky lines keep the offset of all.
    raises  ValueError where the hunks hold one class only
    """
    suites = chosen_suites(table) if suites is None else suites
    here_L = hunk_lines(table, suites)
    y_L, s_L, lang_L = table.y_L[here_L], result.oof_L[here_L], table.lang_L[here_L]
    fold_L, group_L = result.fold_L[here_L], table.group_L[here_L]
    slope, offset = platt(y_L, s_L)
    found = {
        name: recalibrated(y_L, s_L, fold_L, learn=learn, lang_L=lang_L)
        for name, learn in (("all", by_platt), ("by language", by_platt_and_language))
    }
    draws = resample(group_L, samples=samples, seed=seed)
    better_L = (found["all"] - y_L) ** 2 - (found["by language"] - y_L) ** 2
    better_L /= y_L.mean() * (1 - y_L.mean())
    gain = figure(draws, float(better_L.mean()), ratio(draws, group_L, better_L))
    report: dict[str, Any] = {"gain in brier skill": gain, "languages": {}}
    report |= {name: probability(draws, group_L, y_L, p_L) for name, p_L in found.items()}
    for name in np.unique(lang_L).tolist():
        of_L = lang_L == name
        ece = {how: metrics.ece(y_L[of_L], p_L[of_L]) for how, p_L in found.items()}
        counts = {"lines": int(of_L.sum()), "risky": int(y_L[of_L].sum())}
        report["languages"][name] = counts | {"groups": len(np.unique(group_L[of_L])), "ece": ece}
    helps = gain["low"] is not None and gain["low"] > 0
    return ByLanguage(slope, offset, offsets(y_L, s_L, lang_L, slope, offset), helps, report)
