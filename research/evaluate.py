"""`reviewbot train evaluate` with every baseline of the benchmark, PtTrust-R and plots beside it.

python -m research.evaluate --labels FILE... --sae SAE --cache CACHE --out FIGURES.json
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from research.baselines import BASELINES, KNOWN, sources_of
from research.command import Command, write_plots
from research.figures import evaluation
from research.pttrust.peer import NAME, Peer, figures, peer
from reviewbot.app.progress import say
from reviewbot.cli.setting_flags import PATH
from reviewbot.cli.train_evaluate import (
    Measured,
    fit_baselines,
    measure,
    measuring_flags,
    sets_to_read,
    suites_to_measure,
    write_report,
)
from reviewbot.cli.train_flags import fitting_flags, require_places, threshold_flags
from reviewbot.cli.train_options import reading_flags
from reviewbot.cli.train_work import Work
from reviewbot.scoring.sae import SparseCoder
from reviewbot.train import tables
from reviewbot.train.baseline_fit import Baseline
from reviewbot.train.baselines import chosen
from reviewbot.train.export import read_sae, require_fit
from reviewbot.train.predictor_fit import FitResult

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


@click.command(cls=Command)
@measuring_flags
@click.option(
    "--baselines",
    "baseline_names",
    default="all",
    show_default=True,
    metavar="NAMES|all|cheap",
    help="Scores to measure beside ours, comma-separated; cheap: those without a model's states.",
)
@click.option("--plots", metavar="DIR", type=PATH, help="Where plots go, as SVG files.")
@click.option(
    "--pttrust",
    metavar="DIR",
    type=PATH,
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
    """Measure the recipe on held-back groups, beside every baseline on the same folds."""
    require_places(out, markdown, directory=plots)
    work = Work(flags)
    read = sets_to_read(work, surprisal_sets)
    suites = suites_to_measure(work, suite_names)
    names = chosen(baseline_names, surprisal=bool(read), known=KNOWN)
    coder = _peer_coder(work, pttrust) if pttrust else None
    peers: list[Peer] = []

    def made(result: FitResult) -> dict[str, Baseline]:
        found = fit_baselines(BASELINES, names, sources_of(work, read), work.recipe())
        if coder:
            peers.append(_peer(work, coder, result, pttrust_batch))
            found[NAME] = peers[0].made
        return found

    measured = measure(work, suites, made, against=AGAINST, cluster=cluster)
    report = measured.report
    report["pttrust"] = _peer_figures(work, peers[0], measured, suites) if peers else {}
    text = tables.markdown(report) + peer_tables(report["pttrust"])
    write_report(report, text, out, markdown)
    if plots:
        drawn = evaluation(report, work.laid.table, measured.scores, measured.probabilities)
        write_plots(plots, drawn)


def peer_tables(found: Mapping[str, Any]) -> str:
    """Write PtTrust's own figures, one table per suite; "" where the peer was not measured."""
    if not found:
        return ""
    parts = [
        "## The figures of PtTrust",
        f"Counted in tokens. Its ranker took {found['batch']} programs a step (the paper: "
        f"{found['batch of the paper']}).",
    ]
    for title, scores in found["suites"].items():
        parts += [f"### {tables.cell(title)}", tables.table(scores, list(scores["ours"]))]
    return "\n" + "\n\n".join(parts) + "\n"


def _peer_coder(work: Work, directory: str) -> SparseCoder:
    """Read the peer's autoencoder; it must be of the depth that is evaluated."""
    files, coder = read_sae(Path(directory))
    require_fit(files, layer=work.reader.layer, width=work.reader.encoder.width)
    made = json.loads(files["sae/cfg.json"]).get("metadata", {}).get("reviewbot", {})
    if made.get("recipe") != "pttrust":
        say(f"{directory}: not made by `train sae --recipe pttrust`, so not the paper's recipe")
    return coder


def _peer(work: Work, coder: SparseCoder, result: FitResult, batch: int) -> Peer:
    """Train the peer on the folds of ours, and say how long it took."""
    found = peer(
        sources_of(work, set()),
        coder,
        result.fold_L,
        batch=batch,
        seed=work.flags["seed"],
        train_sets=work.train_sets,
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
