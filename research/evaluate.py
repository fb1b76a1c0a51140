"""Every score of the benchmark on every suite of label sets: baselines, PtTrust-R, plots.

python -m research.evaluate --labels FILE... --sae SAE --cache CACHE --out FIGURES.json
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from research.baseline_fit import Baseline
from research.baselines import BASELINES, choose, recipe_of, sources_of
from research.benchmark_files import scores as scores_csv
from research.command import Command, write_plots
from research.evaluate_measures import evaluate as measure_scores
from research.evaluate_measures import suites_of
from research.figures import evaluation
from research.pttrust.autoencoder import RECIPE
from research.pttrust.peer import NAME, Peer, figures, peer
from reviewbot.app.progress import say
from reviewbot.arrays import Array
from reviewbot.cli.console import write_file
from reviewbot.cli.options import PATH
from reviewbot.cli.train_options import (
    FITTING,
    READING,
    THRESHOLDS,
    commit_of_code,
    options,
    require_places,
)
from reviewbot.cli.train_work import Work
from reviewbot.errors import UsageError
from reviewbot.scoring.sae import SparseCoder
from reviewbot.train.bootstrap import calibration, figure, resample
from reviewbot.train.calibrate import calibrate, calibrated, rule
from reviewbot.train.export import read_sae, require_fit
from reviewbot.train.nested import nested, suite_lines
from reviewbot.train.predictor_fit import FitResult
from reviewbot.train.suites import clean_kinds

AGAINST = (
    "tells",
    "tells-pairs",
    "surface",
    "surprisal",
    "embeddings",
    "embeddings-with-neighbours",
    "raw-states",
    NAME,
)
CURVE = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)  # shares of clean lines allowed


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The report, and the values that plots are drawn from."""

    report: dict[str, Any]  # JSON-able
    scores: Mapping[str, Array]  # per line of the table, by name
    probabilities: Mapping[str, Array]


@click.command(cls=Command)
@click.option("--out", required=True, metavar="FILE", type=PATH, help="JSON file to write.")
@click.option(
    "--baselines",
    "baseline_names",
    default="all",
    show_default=True,
    metavar="NAMES|all",
    help="Scores to measure beside ours, comma-separated.",
)
@click.option("--plots", metavar="DIR", type=PATH, help="Directory for plots, as SVG files.")
@click.option(
    "--pttrust",
    metavar="DIR",
    type=PATH,
    help="What `research.pttrust.autoencoder` wrote at this depth: PtTrust-R is measured too.",
)
@click.option(
    "--pttrust-batch",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    help="Programs per step of its ranker; the paper's 2 takes longer.",
)
@options("labels", *FITTING, *THRESHOLDS, *READING)
def evaluate(
    out: str,
    plots: str | None,
    pttrust: str | None,
    pttrust_batch: int,
    baseline_names: str,
    **flags: Any,
) -> None:
    """Measure the recipe on held-back groups, beside every baseline on the same folds.

    Prints every score of every suite as CSV, as in research/results/scores.csv.
    """
    require_places(out, directory=plots)
    work = Work(flags)
    mixed = dict(work.suites.mixed)
    if "hunks" not in work.suites.inferred:
        mixed |= work.suites.hunks
    suites = suites_of(work.sets, mixed)
    names = choose(baseline_names, surprisal=work.reader.full)
    coder = _peer_coder(work, pttrust) if pttrust else None
    result = work.fit()
    del work.table  # the baselines bring columns of their own
    baselines = fit_baselines(work, names)
    peer_scores = _peer(work, coder, result, pttrust_batch) if coder else None
    if peer_scores:
        baselines[NAME] = peer_scores.made
    measured = measure(work, suites, result, baselines)
    report = measured.report
    report["pttrust"] = {}
    if peer_scores:
        report["pttrust"] = _peer_figures(work, peer_scores, measured, suites)
    write_file(Path(out), json.dumps(report, indent=1, sort_keys=True) + "\n")
    click.echo(scores_csv({Path(out).stem: report}), nl=False)
    if plots:
        drawn = evaluation(report, work.laid.table, measured.scores, measured.probabilities)
        write_plots(plots, drawn)


def fit_baselines(work: Work, names: Sequence[str]) -> dict[str, Baseline]:
    """Make the named scores one after the other; report how long each took."""
    sources, recipe = sources_of(work), recipe_of(work)
    made = {}
    for name in names:
        start = time.monotonic()
        made[name] = BASELINES[name](sources, recipe)
        fit = made[name].fit
        text = f", C {fit['c']:g}" if fit and "c" in fit else ""
        if fit and fit.get("c_at_edge"):
            text += ": the end of its range, a better one may lie beyond"
        if fit and "failed" in fit:
            text += f", not measured: {fit['failed']}"
        say(f"baseline {name}: {time.monotonic() - start:.1f} s{text}")
    return made


def measure(
    work: Work,
    suites: Mapping[str, Sequence[str]],
    result: FitResult,
    baselines: Mapping[str, Baseline],
) -> Measured:
    """Measure all scores on every suite, and operating points on the folds left out."""
    probabilities, numbers = _calibrated(work, result)
    scores = {"ours": result.oof_L, **{name: one.score_L for name, one in baselines.items()}}
    kinds = clean_kinds(work.laid.table, work.suites)
    report = measure_scores(
        work.laid.table,
        scores,
        fold_L=result.fold_L,
        probabilities=probabilities,
        thresholds={key: entry["risk"] for key, entry in numbers.get("thresholds", {}).items()},
        against=AGAINST,
        suites=suites,
        kinds=kinds,
        confidence=work.flags["confidence"],
        seed=work.flags["seed"],
    )
    report |= {
        "fit": result.report,
        "baselines": {name: one.fit for name, one in baselines.items()},
        "calibration": numbers,
        "nested": _nested(work, result) if kinds else {},
        "data": work.data,
        "dtype": work.reader.encoder.dtype,
        "code": commit_of_code(),
    }
    return Measured(report, scores, probabilities)


def _nested(work: Work, result: FitResult) -> dict[str, Any]:
    """Return what `nested` measures, and the calibration of each suite beside it."""
    table, confidence, seed = work.laid.table, work.flags["confidence"], work.flags["seed"]
    facts: dict[str, Any] = {"rule": rule(confidence), "calibrator": "platt"}
    try:
        points, p_L = nested(
            table,
            result.oof_L,
            result.fold_L,
            work.suites,
            confidence=confidence,
            curve=CURVE,
            seed=seed,
        )
    except UsageError as exc:
        say(f"operating points on folds left out: {exc.what}")
        return facts | {"failed": exc.what}
    suites: dict[str, Any] = {}
    for title, part_L in suite_lines(table, work.suites).items():
        y_L, group_L = table.y_L[part_L], table.group_L[part_L]
        draws = resample(group_L, seed=seed)
        entries = calibration(draws, group_L, y_L, p_L[part_L])
        suites[title] = {"lines": int(part_L.sum()), "risky": int(y_L.sum())}
        suites[title] |= {name: figure(draws, *entry) for name, entry in entries.items()}
    return {**facts, **points, "suites": suites}


def _calibrated(work: Work, result: FitResult) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return our probabilities and how they were made; nothing without clean code."""
    if not clean_kinds(work.laid.table, work.suites):
        say("no clean code among the labels: no operating point and no shipped risk is measured")
        return {}, {}
    try:
        fitted, numbers = calibrate(
            work.laid.table, result, suites=work.suites, confidence=work.flags["confidence"]
        )
    except UsageError as exc:  # nothing could be shipped, but rankings can be measured
        say(f"no shipped risk is measured: {exc.what}")
        return {}, {"failed": exc.what}
    return {"ours": calibrated(fitted, result.oof_L)}, numbers


def _peer_coder(work: Work, directory: str) -> SparseCoder:
    """Read the peer's autoencoder; it must be of the depth that is evaluated."""
    files, coder = read_sae(Path(directory))
    require_fit(files, layer=work.reader.layer, width=work.reader.encoder.width)
    made = json.loads(files["sae/cfg.json"]).get("metadata", {}).get("reviewbot", {})
    if made.get("recipe") != RECIPE:
        say(f"{directory}: not made by `research.pttrust.autoencoder`, so not the paper's recipe")
    return coder


def _peer(work: Work, coder: SparseCoder, result: FitResult, batch: int) -> Peer:
    """Train the peer on the folds of ours, and say how long it took."""
    found = peer(
        sources_of(work),
        coder,
        result.fold_L,
        batch=batch,
        seed=work.flags["seed"],
        train_sets=work.options()["train_sets"],
    )
    say(f"baseline {NAME}: {found.facts['seconds']} s, {batch} programs a step (the paper: 2)")
    return found


def _peer_figures(
    work: Work, found: Peer, measured: Measured, suites: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Return the peer's own figures for its score, for ours and for a random order."""
    table = work.laid.table
    scores = {
        "ours": measured.scores["ours"],
        NAME: measured.scores[NAME],
        "random": np.zeros(len(table), np.float32),
    }
    of_suites = figures(table, scores, found.tokens_L, suites, seed=work.flags["seed"])
    return {**found.facts, "suites": of_suites}


if __name__ == "__main__":
    evaluate()
