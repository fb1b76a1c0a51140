"""Label files in, what gives wrong versions away out. No model is read.

python -m research.audit --labels FILE... --out FIGURES.json --markdown TABLES.md
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from research.audit_measures import audit as measure
from research.command import Command
from reviewbot.cli.options import PATH
from reviewbot.cli.output import write_file
from reviewbot.cli.train_flags import require_places
from reviewbot.cli.train_options import commit_of_code, counter
from reviewbot.train.snippets import read_some
from reviewbot.train.tables import cell, figure


@click.command(cls=Command)
@click.option(
    "--labels",
    multiple=True,
    required=True,
    metavar="FILE",
    type=PATH,
    help="Label rows, .jsonl or .jsonl.gz; FILE@N takes N rows of it. Repeatable.",
)
@click.option("--folds", type=click.IntRange(2), default=5, show_default=True)
@click.option("--samples", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--out", metavar="FILE", type=PATH, help="Where the figures go, as JSON.")
@click.option("--markdown", metavar="FILE", type=PATH, help="Where the tables go.")
def audit(
    labels: tuple[str, ...],
    folds: int,
    samples: int,
    seed: int,
    out: str | None,
    markdown: str | None,
) -> None:
    """Say how well length, blanks or an author's habits alone tell wrong lines from corrections.

    A paired figure means little until it beats these.
    """
    require_places(out, markdown)
    rows = read_some(labels, seed)
    report = measure(rows, folds=folds, seed=seed, samples=samples, progress=counter("sets"))
    report |= {"labels": [Path(name).name for name in labels], "code": commit_of_code()}
    text = tables(report)
    if out:
        write_file(Path(out), json.dumps(report, indent=1) + "\n")
    if markdown:
        write_file(Path(markdown), text)
    click.echo(text, nl=False)


def tables(report: Mapping[str, Any]) -> str:
    """Write an audit as Markdown: pairs set by set, then original lines, then mixtures."""
    parts = [
        f"Chance is .5. Intervals: 95 %, {report['samples']} resamples of whole groups; scores out "
        f"of fold by group, {report['folds']} folds. *A tell*: the interval lies above .55 (wrong "
        "above) or below .45 (wrong below its correction). *A rare tell*: so only among the pairs "
        "in which it differs, at least ten. *Open*: the interval reaches beyond a bound. `lines`: "
        "trained on wrong lines against all others, corrected ones among them; `pairs`: trained to "
        "rank a wrong line above its correction. *Balanced*: the mean over the normalised pairs "
        "whose wrong version is the shorter one and over those where it is the longer one.",
        "## All tells together, on pairs",
        _summary(report),
    ]
    for name, of_set in report["sets"].items():
        for title, found in of_set["pairs"].items():
            if "skipped" not in found:
                parts += [f"### {cell(name)}, {title}", *_pairs(found)]
    within = {name: of_set["within"] for name, of_set in report["sets"].items()}
    parts += ["## Original lines, within snippets (AUROC)", _ranking(within)]
    if report["mixtures"]:
        parts += ["## Lines of wrong rows against lines of clean rows (pooled AUROC)"]
        parts += [_ranking(report["mixtures"])]
    return "\n\n".join(parts) + "\n"


def _summary(report: Mapping[str, Any]) -> str:
    heads = ["lines", "pairs", "lines, balanced", "pairs, balanced"]
    counted = ["places", "groups", "wrong shorter", "wrong longer"]
    lines = [["set", "pairs", *counted, *heads, "single tells"]]
    for name, of_set in report["sets"].items():
        for title, found in of_set["pairs"].items():
            if "skipped" in found:
                rest = len(lines[0]) - 3
                lines.append([cell(name), title, found["skipped"], *["-"] * rest])
                continue
            *single, (_, both) = found["tells"].items()
            named = [f"{tell} ({said})" for tell, entry in single if (said := _said(entry))]
            figures = [
                figure(both[training][kind])
                for kind in ("paired", "length balanced")
                for training in ("lines", "pairs")
            ]
            counts = [str(found[key]) for key in counted]
            lines.append([cell(name), title, *counts, *figures, "; ".join(named) or "none"])
    return _table(lines)


def _pairs(found: Mapping[str, Any]) -> list[str]:
    lines = [["tell", "differs in", "lines", "pairs", "verdict"]]
    silent = []
    for tell, entry in found["tells"].items():
        if not entry["pairs"]["differs"]:
            silent.append(tell)
            continue
        figures = [_shown(entry[training]) for training in ("lines", "pairs")]
        lines.append([tell, f"{entry['pairs']['differs']:.1%}", *figures, _said(entry) or "-"])
    parts = [_table(lines)] if len(lines) > 1 else []
    if silent:
        parts.append(f"Never differ: {', '.join(silent)}.")
    columns = [
        f"{name} {figure(entry['where it differs'])} of the {entry['where it differs']['count']} "
        f"places where it differs"
        for name, entry in found["columns"].items()
        if entry["verdict"].startswith("a ")
    ]
    if columns:
        parts.append(f"The wrong side has more of it: {'; '.join(columns)}.")
    return parts


def _ranking(by_name: Mapping[str, Mapping[str, Any]]) -> str:
    shown = {name: found for name, found in by_name.items() if "skipped" not in found}
    if not shown:
        return "Nothing to measure."
    tells = list(next(iter(shown.values())))
    lines = [["tell", *map(cell, shown)]]
    for tell in tells:
        entries = [found[tell] for found in shown.values()]
        marks = [" *" if entry and entry["verdict"].startswith("a ") else "" for entry in entries]
        figures = [figure(entry) for entry in entries]
        lines.append([tell, *(f + mark for f, mark in zip(figures, marks, strict=True))])
    return _table(lines) + "\n\n`*`: a tell by the rule above."


def _said(entry: Mapping[str, Any]) -> str:
    """Return the verdict of the training that finds a tell; the one on pairs speaks first."""
    found = [entry[training]["verdict"] for training in ("pairs", "lines")]
    return str(next((verdict for verdict in found if verdict.startswith("a ")), found[0]))


def _shown(entry: Mapping[str, Any]) -> str:
    return figure(entry["paired"])


def _table(lines: Sequence[Sequence[str]]) -> str:
    head, *rest = lines
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *rest])


if __name__ == "__main__":
    audit()
