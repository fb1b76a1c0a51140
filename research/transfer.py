"""What one set or language teaches about the others: fitted on each, tested on every other.

python -m research.transfer --labels FILE... --sae SAE --cache CACHE --out FIGURES.json
"""

import json
from pathlib import Path
from typing import Any

import click

from research.command import Command
from research.transfer_measures import csv_rows
from research.transfer_measures import transfer as measure
from reviewbot.app.progress import say
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


@click.command(cls=Command)
@click.option("--out", required=True, metavar="FILE", type=PATH, help="JSON file to write.")
@click.option("--csv", metavar="FILE", type=PATH, help="Where the figures go, as CSV.")
@click.option(
    "--samples",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Resamples of each interval.",
)
@options("labels", *FITTING, *THRESHOLDS, *READING)
def transfer(
    out: str,
    csv: str | None,
    samples: int,
    **flags: Any,
) -> None:
    """Measure what is learnt on one set or language on the others.

    Every line is scored by a model that saw nothing of its group. Sets of hunks count as one where
    all of them are there: clean hunks teach nothing alone.
    """
    require_places(out, csv)
    if flags["held_out"]:
        raise click.UsageError(
            "--held-out: every set or language is trained on by itself here; leave out its --labels"
        )
    work = Work(flags)
    merged = {} if "hunks" in work.suites.inferred else work.suites.hunks
    report: dict[str, Any] = {"data": work.data, "code": commit_of_code()}
    for unit in ("set", "lang"):
        say(f"transfer by {unit}")
        found = measure(
            work.table,
            work.groups,
            by=unit,
            merged=merged,
            cs=work.cs,
            folds=flags["folds"],
            seed=flags["seed"],
            pairwise=flags["pairwise"],
            boost=work.boost,
            samples=samples,
        )
        report[unit] = found
        for name, why in found["skipped"].items():
            say(f"not trained on {name}: {why}")
    text = csv_rows(report)
    write_file(Path(out), json.dumps(report, indent=1, sort_keys=True) + "\n")
    if csv:
        write_file(Path(csv), text)
    click.echo(text, nl=False)


if __name__ == "__main__":
    transfer()
