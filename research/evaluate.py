"""Every score of the benchmark on every suite of label sets: baselines and PtTrust-R.

python -m research.evaluate --labels FILE... --sae SAE --cache CACHE --out FIGURES.json
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from research.baseline_fit import Baseline, Recipe
from research.baselines import BASELINES, Sources, choose, recipe_of, sources_of
from research.command import Command
from research.csv_figures import csv_text
from research.evaluate_measures import evaluate as measure_scores
from research.evaluate_measures import suites_of
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
from reviewbot.train.dataset import Table
from reviewbot.train.export import read_sae, require_fit
from reviewbot.train.nested import nested, suite_lines
from reviewbot.train.predictor_fit import FitResult
from reviewbot.train.suites import clean_kinds

AGAINST = ("tells", "tells-pairs", "surface", "surprisal", "raw-states", NAME)
CURVE = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)  # shares of clean lines allowed


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
    pttrust: str | None,
    pttrust_batch: int,
    baseline_names: str,
    **flags: Any,
) -> None:
    """Measure the recipe on held-back groups, beside every baseline on the same folds.

    Prints every score of every suite as CSV, as in research/results/scores.csv.
    """
    require_places(out)
    work = Work(flags)
    names = choose(baseline_names, surprisal=work.reader.full)
    coder = _peer_coder(work, pttrust) if pttrust else None
    mixed = dict(work.suites.mixed)
    if "hunks" not in work.suites.inferred:
        mixed |= work.suites.hunks
    suites = suites_of(work.sets, mixed)
    result = work.fit()
    laid = replace(work.laid, table=replace(work.laid.table, weight_L=work.table.weight_L))
    del work.table  # the baselines bring columns of their own
    sources = sources_of(work, laid)
    baselines = fit_baselines(sources, recipe_of(work), names)
    peer_scores = _peer(work, sources, coder, result, pttrust_batch) if coder else None
    if peer_scores:
        baselines[NAME] = peer_scores.made
    report = measure(work, laid.table, suites, result, baselines)
    report["pttrust"] = {}
    if peer_scores:
        report["pttrust"] = _peer_figures(work, laid.table, peer_scores, result, suites)
    write_file(Path(out), json.dumps(report, indent=1, sort_keys=True) + "\n")
    rows = [
        ((Path(out).stem, title, score), found)
        for title, suite in report["suites"].items()
        for score, found in suite["scores"].items()
    ]
    click.echo(csv_text(["preset", "suite", "score"], rows), nl=False)


def fit_baselines(sources: Sources, recipe: Recipe, names: Sequence[str]) -> dict[str, Baseline]:
    """Make the named scores one after the other; report how long each took."""
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
    table: Table,
    suites: Mapping[str, Sequence[str]],
    result: FitResult,
    baselines: Mapping[str, Baseline],
) -> dict[str, Any]:
    """Measure all scores on every suite, and operating points on the folds left out."""
    probabilities, numbers = _calibrated(work, table, result)
    scores = {"ours": result.oof_L, **{name: one.score_L for name, one in baselines.items()}}
    kinds = clean_kinds(table, work.suites)
    report = measure_scores(
        table,
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
    return report | {
        "fit": result.report,
        "baselines": {name: one.fit for name, one in baselines.items()},
        "calibration": numbers,
        "nested": _nested(work, table, result) if kinds else {},
        "data": work.data,
        "dtype": work.reader.encoder.dtype,
        "code": commit_of_code(),
    }


def _nested(work: Work, table: Table, result: FitResult) -> dict[str, Any]:
    """Return what `nested` measures, and the calibration of each suite beside it."""
    confidence, seed = work.flags["confidence"], work.flags["seed"]
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


def _calibrated(
    work: Work, table: Table, result: FitResult
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return our probabilities and how they were made; nothing without clean code."""
    if not clean_kinds(table, work.suites):
        say("no clean code among the labels: no operating point and no shipped risk is measured")
        return {}, {}
    try:
        fitted, numbers = calibrate(
            table, result, suites=work.suites, confidence=work.flags["confidence"]
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


def _peer(work: Work, sources: Sources, coder: SparseCoder, result: FitResult, batch: int) -> Peer:
    """Train the peer on the folds of ours, and say how long it took."""
    found = peer(
        sources,
        coder,
        result.fold_L,
        batch=batch,
        seed=work.flags["seed"],
        train_sets=work.options()["train_sets"],
    )
    say(f"baseline {NAME}: {found.facts['seconds']} s, {batch} programs a step (the paper: 2)")
    return found


def _peer_figures(
    work: Work,
    table: Table,
    found: Peer,
    result: FitResult,
    suites: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    """Return the peer's own figures for its score, for ours and for a random order."""
    scores = {
        "ours": result.oof_L,
        NAME: found.made.score_L,
        "random": np.zeros(len(table), np.float32),
    }
    of_suites = figures(table, scores, found.tokens_L, suites, seed=work.flags["seed"])
    return {**found.facts, "layer": work.reader.layer, "suites": of_suites}


if __name__ == "__main__":
    evaluate()
