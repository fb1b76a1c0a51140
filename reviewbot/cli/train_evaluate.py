"""`reviewbot train evaluate`: labelled lines in, figures and a table out."""

import json
from pathlib import Path
from typing import Any

import click

from reviewbot.app.progress import say
from reviewbot.cli.console import write_file
from reviewbot.cli.options import PATH
from reviewbot.cli.train_options import (
    FITTING,
    READING,
    commit_of_code,
    options,
    require_packages,
    require_places,
)
from reviewbot.cli.train_work import Work


@click.command()
@click.option("--out", required=True, metavar="FILE", type=PATH, help="JSON file to write.")
@click.option("--markdown", metavar="FILE", type=PATH, help="Markdown file to write the table to.")
@click.option(
    "--against",
    multiple=True,
    metavar="ARTIFACT",
    help="Artifact to measure on the same lines; fair if it learned from none of them. Repeatable.",
)
@options("labels", *FITTING, *READING)
def evaluate(out: str, markdown: str | None, against: tuple[str, ...], **flags: Any) -> None:
    """Measure the recipe by cross-validation, beside baselines.

    Every line is scored by a model that saw nothing of its group. The baselines are random order,
    line length, surface, and with --full surprisal. No artifact is written.
    """
    require_packages()
    from reviewbot.app.artifact import find_artifact
    from reviewbot.errors import UsageError
    from reviewbot.scoring.artifact import load_artifact
    from reviewbot.scoring.pooling import SURPRISAL_NAMES
    from reviewbot.train import evaluate as measure
    from reviewbot.train.predictor_fit import fit

    require_places(out, markdown)
    others = {name: load_artifact(find_artifact(name)) for name in against}
    work = Work(flags)
    result = work.fit()
    scores = {"model": result.oof_L}
    scores |= {name: work.scores_of(artifact) for name, artifact in others.items()}
    surprisal_L = None
    if work.reader.full:
        column = SURPRISAL_NAMES.index("surprisal, sum")
        surprisal_L = work.columns(["surprisal"]).columns_LN[:, column]
    scores |= measure.untrained(work.laid.table, surprisal_L)
    try:
        surface = fit(work.table, ["surface"], cs=measure.SURFACE_CS, **work.options())
        scores["surface"] = surface.oof_L
    except UsageError as exc:  # columns without a signal
        say(f"the surface baseline is not measured: {exc.what}")
    report = measure.evaluate(
        work.table, scores, result.fold_L, apart=work.held_out, seed=flags["seed"]
    )
    report |= {
        "fit": result.report,
        "data": work.data,
        "dtype": work.reader.encoder.dtype,
        "code": commit_of_code(),
    }
    text = measure.markdown(report)
    write_file(Path(out), json.dumps(report, indent=1, sort_keys=True) + "\n")
    if markdown:
        write_file(Path(markdown), text)
    click.echo(text, nl=False)
