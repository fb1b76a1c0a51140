"""`reviewbot train evaluate`: labelled lines in, figures and tables out."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.cli.options import a_path
from reviewbot.cli.output import write_file
from reviewbot.cli.talk import say
from reviewbot.cli.train_flags import fitting_flags, require_places, threshold_flags, write_plots
from reviewbot.cli.train_options import commit_of_code, reading_flags
from reviewbot.cli.train_work import Work

if TYPE_CHECKING:
    from reviewbot.core.arrays import Array
    from reviewbot.core.sae import SparseCoder
    from reviewbot.train.baseline_fit import Baseline
    from reviewbot.train.predictor_fit import FitResult


@click.command()
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    shell_complete=a_path("file"),
    help="Where the figures go, as JSON.",
)
@click.option(
    "--markdown", metavar="FILE", shell_complete=a_path("file"), help="Where the tables go."
)
@click.option(
    "--suite",
    "suite_names",
    multiple=True,
    metavar="NAME",
    help="A set, or a mixture of sets, to measure; unset: all that the labels hold. Repeatable.",
)
@click.option(
    "--baselines",
    "baseline_names",
    default="all",
    show_default=True,
    metavar="NAMES|all|cheap",
    help="Scores to measure beside ours, comma-separated; cheap: those without a model's states.",
)
@click.option(
    "--surprisal-sets",
    default="",
    metavar="NAMES",
    help="Sets that the whole model reads too, for that baseline; comma-separated.",
)
@click.option(
    "--cluster",
    type=click.Choice(["group", "commit"]),
    default="group",
    show_default=True,
    help="What intervals resample.",
)
@click.option(
    "--plots", metavar="DIR", shell_complete=a_path("dir"), help="Where plots go, as SVG files."
)
@click.option(
    "--pttrust",
    metavar="DIR",
    shell_complete=a_path("dir"),
    help="What `train sae --recipe pttrust` wrote at this depth: PtTrust-R is measured too.",
)
@click.option(
    "--pttrust-batch",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    help="Programs per step of its ranker; the paper's 2 takes longer.",
)
@fitting_flags
@threshold_flags
@reading_flags
def evaluate(
    out: str,
    markdown: str | None,
    plots: str | None,
    pttrust: str | None,
    pttrust_batch: int,
    suite_names: tuple[str, ...],
    baseline_names: str,
    surprisal_sets: str,
    cluster: str,
    **flags: Any,
) -> None:
    """Measure the recipe on held-back groups, beside every baseline on the same folds.

    Every line is scored by a model that saw nothing of its group. Nothing is shipped from here.
    """
    from reviewbot.train import tables
    from reviewbot.train.baselines import chosen
    from reviewbot.train.evaluate import evaluate as measure
    from reviewbot.train.evaluate import suites_of
    from reviewbot.train.suites import clean_kinds

    wanted = {name.strip() for name in surprisal_sets.split(",") if name.strip()}
    require_places(out, markdown, directory=plots)
    work = Work(flags)
    if strange := sorted(wanted - work.sets):
        raise click.UsageError(f"--surprisal-sets: no set is named {strange[0]!r}")
    if "surprisal" in work.groups:  # then the whole model reads everything
        wanted = work.sets
    mixed = dict(work.suites.mixed)
    if "hunks" not in work.suites.inferred:
        mixed |= work.suites.hunks
    suites = suites_of(work.sets, suite_names, mixed)
    names = chosen(baseline_names, surprisal=bool(wanted))
    coder = _peer_coder(work, pttrust) if pttrust else None
    result = work.fit()
    del work.table  # the baselines bring columns of their own
    probabilities, numbers = _calibrated(work, result)
    made = _baselines(work, names, wanted)
    scores = {"ours": result.oof_L, **{name: found.score_L for name, found in made.items()}}
    peer_of: dict[str, Any] = {}
    if coder:
        scores["pttrust-r"], peer_of = _peer(work, coder, result, suites, pttrust_batch)
    kinds = clean_kinds(work.laid.table, work.suites)
    report = measure(
        work.laid.table,
        scores,
        fold_L=result.fold_L,
        probabilities=probabilities,
        thresholds={key: entry["risk"] for key, entry in numbers.get("thresholds", {}).items()},
        suites=suites,
        kinds=kinds,
        confidence=flags["confidence"],
        cluster=cluster,
        seed=flags["seed"],
    )
    report |= {
        "fit": result.report,
        "baselines": {name: found.fit for name, found in made.items()},
        "calibration": numbers,
        "nested": work.nested(result) if kinds else {},
        "pttrust": peer_of,
        "data": work.data,
        "dtype": work.reader.encoder.dtype,
        "code": commit_of_code(),
    }
    write_file(Path(out), json.dumps(report, indent=1, sort_keys=True) + "\n")
    text = tables.markdown(report)
    if markdown:
        write_file(Path(markdown), text + "\n")
    if plots:
        from reviewbot.train.figures import evaluation

        write_plots(plots, evaluation(report, work.laid.table, scores, probabilities))
    click.echo(text)


def _calibrated(work: Work, result: "FitResult") -> "tuple[dict[str, Array], dict[str, Any]]":
    """Return our probabilities and how they came about; nothing where no clean code is there."""
    from reviewbot.core.errors import UsageError
    from reviewbot.train.calibrate import calibrate, calibrated
    from reviewbot.train.suites import clean_kinds

    if not clean_kinds(work.laid.table, work.suites):
        say("no clean code among the labels: no operating point and no shipped risk is measured")
        return {}, {}
    try:
        fitted, numbers = calibrate(
            work.laid.table, result, suites=work.suites, confidence=work.flags["confidence"]
        )
    except UsageError as exc:  # nothing could be shipped, but rankings can be measured
        why = str(exc).partition("\n")[0]
        say(f"no shipped risk is measured: {why}")
        return {}, {"failed": why}
    return {"ours": calibrated(fitted, result.oof_L)}, numbers


def _baselines(work: Work, names: list[str], surprisal_sets: set[str]) -> "dict[str, Baseline]":
    """Make the named scores one after the other, saying how long each took."""
    from reviewbot.train.baselines import BASELINES

    made = {}
    sources, recipe = work.sources(surprisal_sets), work.recipe()
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


def _peer_coder(work: Work, directory: str) -> "SparseCoder":
    """Read the peer's autoencoder; it must be of the depth that is evaluated."""
    from reviewbot.train.export import read_sae, require_fit

    files, coder = read_sae(Path(directory))
    require_fit(files, layer=work.reader.layer, width=work.reader.encoder.width)
    made = json.loads(files["sae/cfg.json"]).get("metadata", {}).get("reviewbot", {})
    if made.get("recipe") != "pttrust":
        say(f"{directory}: not made by `train sae --recipe pttrust`, so not the paper's recipe")
    return coder


def _peer(
    work: Work,
    coder: "SparseCoder",
    result: "FitResult",
    suites: dict[str, tuple[str, ...]],
    batch: int,
) -> "tuple[Array, dict[str, Any]]":
    """Return PtTrust-R's score, and its own figures for it, for ours and for a random order."""
    import numpy as np

    from reviewbot.train.peer import figures, peer

    seed, table = work.flags["seed"], work.laid.table
    found = peer(
        work.sources(set()),
        coder,
        result.fold_L,
        batch=batch,
        seed=seed,
        train_sets=work.train_sets,
    )
    say(f"baseline pttrust-r: {found.facts['seconds']} s, {batch} programs a step (the paper: 2)")
    scores = {
        "ours": result.oof_L,
        "pttrust-r": found.made.score_L,
        "random": np.zeros(len(table), np.float32),
    }
    of_suites = figures(table, scores, found.tokens_L, suites, seed=seed)
    return found.made.score_L, {**found.facts, "suites": of_suites}
