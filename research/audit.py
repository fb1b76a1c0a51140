"""Label files in, what gives wrong versions away out. No model is read.

python -m research.audit --labels FILE... --out FIGURES.json --csv FIGURES.csv
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from research.audit_measures import audit as measure
from research.command import Command
from research.csv_figures import Row, csv_text
from reviewbot.cli.console import write_file
from reviewbot.cli.options import PATH
from reviewbot.cli.train_options import commit_of_code, counter, options, require_places
from reviewbot.train.label_files import read_files
from reviewbot.train.prepare import prepare


@click.command(cls=Command)
@options("labels", "folds", "seed")
@click.option(
    "--samples",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Resamples of each interval.",
)
@click.option("--out", metavar="FILE", type=PATH, help="Where the figures go, as JSON.")
@click.option("--csv", metavar="FILE", type=PATH, help="Where the figures go, as CSV.")
def audit(
    labels: tuple[str, ...],
    folds: int,
    samples: int,
    seed: int,
    out: str | None,
    csv: str | None,
) -> None:
    """Measure how well length, blanks or habits alone separate wrong lines from corrections.

    A paired figure means little until it beats these.
    """
    require_places(out, csv)
    laid = prepare(read_files(labels, seed), progress=counter("changes"))
    report = measure(laid, folds=folds, seed=seed, samples=samples, progress=counter("sets"))
    report |= {"labels": [Path(name).name for name in labels], "code": commit_of_code()}
    text = csv_rows(report)
    if out:
        write_file(Path(out), json.dumps(report, indent=1) + "\n")
    if csv:
        write_file(Path(csv), text)
    click.echo(text, nl=False)


def csv_rows(report: Mapping[str, Any]) -> str:
    """Write an audit as CSV: pairs set by set, then original lines, then mixtures.

    Chance is .5. The last column is `audit_measures.verdict`; "" for no leak.
    """
    rows: list[Row] = []
    for name, of_set in report["sets"].items():
        for title, found in of_set["pairs"].items():
            for tell, entry in found.get("tells", {}).items():
                for training in ("pairs", "lines"):
                    size = (found["places"], found["groups"], entry[training]["verdict"])
                    cells = ("paired accuracy", name, title, training, tell, *size)
                    rows.append((cells, {"value": entry[training]["paired"]}))
    within = {name: of_set["within"] for name, of_set in report["sets"].items()}
    for measured, parts in (("within auroc", within), ("pooled auroc", report["mixtures"])):
        for name, found in parts.items():
            if "skipped" not in found:
                for tell, entry in found.items():
                    verdict = entry["verdict"] if entry else ""
                    rows.append(
                        ((measured, name, "", "lines", tell, "", "", verdict), {"value": entry})
                    )
    heads = ("measure", "set", "pairs", "trained on", "tell", "places", "groups", "verdict")
    return csv_text(heads, rows)


if __name__ == "__main__":
    audit()
