"""Fit and measure the filter of blamed lines: `wrong` against `related`, by repository.

python -m research.fix_filter CHANGES --out reviewbot/train/fix_filter.json

The penalty is chosen anew for every fold, on the other repositories (nested), so no figure has
seen its own labels. Figures are means over SEEDS divisions into folds; their intervals resample
repositories.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from research.command import Command
from research.fix_filter_measures import FIGURES, measured
from reviewbot.app.progress import say
from reviewbot.arrays import Indices, Mask
from reviewbot.errors import UsageError
from reviewbot.train import metrics
from reviewbot.train.dataset import Texts
from reviewbot.train.export import write_whole
from reviewbot.train.fix_features import Doubles, FixedLine, columns
from reviewbot.train.fix_filter import Weights, standard

FOLDS = 10
SEEDS = 10
PENALTIES = (250.0, 500.0, 1000.0)  # in lines


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rows:
    """Read lines: L of them, N columns."""

    names: tuple[str, ...]
    x_LN: Doubles
    wrong_L: Mask
    group_L: Texts
    fix_L: Indices


def read(directory: Path) -> Iterator[tuple[str, list[FixedLine], list[str | None]]]:
    """Yield each repository with all its blamed lines, read or not, and their verdicts."""
    lines: dict[str, list[FixedLine]] = defaultdict(list)
    verdicts: dict[str, list[str | None]] = defaultdict(list)
    names = {field.name for field in fields(FixedLine)} - {"head"}
    for path in sorted(directory.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            for row in map(json.loads, stream):
                heads = {file["path"]: file["head"].split("\n") for file in row["files"]}
                for line in row["faulty"]:
                    given = {name: line[name] for name in names}
                    head = heads.get(line["path"], [])
                    lines[row["group"]].append(FixedLine(**given, head=head))
                    verdicts[row["group"]].append(line["verdict"])
    for group in sorted(lines):
        yield group, lines[group], verdicts[group]


def table(directory: Path) -> Rows:
    """Compute the columns of every line that was read as wrong or related."""
    names: tuple[str, ...] = ()
    parts, wrong, groups, fixes = [], [], [], []
    for group, lines, verdicts in read(directory):
        names, x_LN = columns(lines)
        keep = [i for i, verdict in enumerate(verdicts) if verdict in ("wrong", "related")]
        parts.append(x_LN[keep])
        wrong += [verdicts[i] == "wrong" for i in keep]
        groups += [group for _ in keep]
        fixes += [f"{group} {lines[i].fix_sha}" for i in keep]
    if len(set(groups)) < FOLDS:
        raise UsageError(
            f"{directory} was not read: fewer than {FOLDS} repositories with lines that were read",
            fix="name the directory with the label files of read changes",
        )
    _, fix_L = np.unique(fixes, return_inverse=True)
    x_LN = np.concatenate(parts)
    varied_N = x_LN.std(axis=0) > 0
    return Rows(
        names=tuple(name for name, varied in zip(names, varied_N, strict=True) if varied),
        x_LN=x_LN[:, varied_N],
        wrong_L=np.array(wrong),
        group_L=np.array(groups),
        fix_L=fix_L,
    )


def fit(rows: Rows, take_L: Mask, penalty: float) -> Weights:
    """Fit a logistic regression; a line of a fix with n lines that were read weighs 1 / sqrt(n)."""
    x_LN, fix_L = rows.x_LN[take_L], rows.fix_L[take_L]
    weight_L = np.bincount(fix_L)[fix_L] ** -0.5
    centre_N, scale_N = x_LN.mean(axis=0), x_LN.std(axis=0)
    scale_N = np.where(scale_N > 0, scale_N, 1.0)
    z_LN = standard(x_LN, centre_N, scale_N)
    weight_N, bias = newton(z_LN, rows.wrong_L[take_L], weight_L / weight_L.mean(), penalty)
    return Weights(
        names=rows.names, centre_N=centre_N, scale_N=scale_N, weight_N=weight_N, bias=bias
    )


def newton(z_LN: Doubles, y_L: Mask, weight_L: Doubles, penalty: float) -> tuple[Doubles, float]:
    """Minimise weighted log loss + penalty |w|^2 / 2; return the weights (N,) and the bias."""
    z_LN = np.column_stack([z_LN, np.ones(len(z_LN))])
    ridge_N = np.append(np.full(z_LN.shape[1] - 1, penalty), 0.0)
    theta_N = np.zeros(len(ridge_N))
    for _ in range(20):
        p_L = 1 / (1 + np.exp(-z_LN @ theta_N))
        bend_NN = (z_LN * (weight_L * p_L * (1 - p_L))[:, None]).T @ z_LN + np.diag(ridge_N)
        slope_N = z_LN.T @ (weight_L * (p_L - y_L)) + ridge_N * theta_N
        step_N = np.linalg.solve(bend_NN, slope_N)
        theta_N -= step_N
        if np.abs(step_N).max() < 1e-9:
            break
    return theta_N[:-1], float(theta_N[-1])


def folds(group_L: Texts, count: int, seed: int) -> Indices:
    """Deal repositories to folds, large ones first, each to the smallest fold so far; (L,)."""
    names_G, index_L, sizes_G = np.unique(group_L, return_inverse=True, return_counts=True)
    random = np.random.default_rng(seed)
    noisy_G = sizes_G * random.uniform(0.7, 1.4, len(names_G))
    fold_G, load_F = np.zeros(len(names_G), np.intp), random.random(count)
    for group in np.argsort(-noisy_G):
        fold_G[group] = load_F.argmin()
        load_F[fold_G[group]] += noisy_G[group]
    return np.asarray(fold_G[index_L], np.intp)


def chosen_penalty(rows: Rows, take_L: Mask, seed: int) -> float:
    """Choose by log loss over the repositories of `take_L` only."""
    fold_L = np.full(len(take_L), -1)
    fold_L[take_L] = folds(rows.group_L[take_L], 5, seed)
    losses = []
    for penalty in PENALTIES:
        odds_L = np.zeros(len(take_L))
        for fold in range(5):
            weights = fit(rows, take_L & (fold_L != fold), penalty)
            odds_L[fold_L == fold] = weights.log_odds(rows.x_LN[fold_L == fold])
        sign_L = np.where(rows.wrong_L, -1.0, 1.0)
        losses.append(np.logaddexp(0, sign_L * odds_L)[take_L].mean())
    return PENALTIES[int(np.argmin(losses))]


def out_of_fold(rows: Rows, seed: int) -> Doubles:
    """Return log odds from models that saw no line of the same repository, (L,)."""
    fold_L, odds_L = folds(rows.group_L, FOLDS, seed), np.zeros(len(rows.wrong_L))
    for fold in range(FOLDS):
        train_L = fold_L != fold
        weights = fit(rows, train_L, chosen_penalty(rows, train_L, seed))
        odds_L[~train_L] = weights.log_odds(rows.x_LN[~train_L])
    return odds_L


def report(rows: Rows, scores: list[Doubles]) -> str:
    """Write the Markdown table: the filter beside what is there without it."""

    def column(name: str, sign: int) -> list[Doubles]:
        return [sign * rows.x_LN[:, rows.names.index(name)]]

    few = column("fix_deleted", -1)
    beside: dict[str, tuple[list[Doubles], ...]] = {
        "the filter": (scores,),
        "few deleted lines": (few,),
        "the filter - few deleted lines": (scores, few),
        "few blamed lines": (column("blamed", -1),),
        "long line": (column("length", 1),),
        "random: the base rate": ([np.zeros(len(rows.wrong_L))],),
    }
    lines = [f"| score | weight | {' | '.join(FIGURES)} |", "| --- | --- | --- | --- |"]
    per_fix_L = 1 / np.bincount(rows.fix_L)[rows.fix_L]
    for weight, w_L in (("by line", np.ones(len(rows.wrong_L))), ("by fix", per_fix_L)):
        for name, some in beside.items():
            cells = measured(rows.wrong_L, rows.group_L, w_L, *some)
            lines.append(f"| {name} | {weight} | {' | '.join(cells)} |")
    return "\n".join(lines)


def platt(rows: Rows, scores: list[Doubles]) -> tuple[float, float]:
    """Fit slope and intercept that turn log odds out of fold into calibrated ones."""
    odds_L = np.concatenate(scores)
    slope_N, intercept = newton(
        odds_L[:, None], np.tile(rows.wrong_L, len(scores)), np.ones(len(odds_L)), 0.0
    )
    return float(slope_N[0]), intercept


def stored(weights: Weights) -> dict[str, Any]:
    """Return the weights as JSON: {column: [centre, scale, weight]}, four digits each."""
    parts = zip(weights.centre_N, weights.scale_N, weights.weight_N, strict=True)
    rows = [[float(f"{number:.4g}") for number in row] for row in parts]
    return {
        "about": "log odds = bias + sum of weight * clip((column - centre) / scale, -2, 2); "
        "made by python -m research.fix_filter",
        "bias": round(weights.bias, 4),
        "columns": dict(zip(weights.names, rows, strict=True)),
    }


@click.command(cls=Command, name="python -m research.fix_filter")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write JSON.")
def main(directory: Path, out: Path | None) -> None:
    """Fit the filter on the read lines of the changes set and print what it is worth."""
    rows = table(directory)
    everything_L = np.ones(len(rows.wrong_L), bool)
    groups = len(set(rows.group_L))
    say(f"{len(everything_L)} lines, {groups} repositories, {len(rows.names)} columns")
    scores = [out_of_fold(rows, seed) for seed in range(SEEDS)]
    click.echo(report(rows, scores))
    penalty = chosen_penalty(rows, everything_L, 0)
    slope, intercept = platt(rows, scores)
    odds_L = slope * scores[0] + intercept
    skill = metrics.brier_skill(rows.wrong_L, 1 / (1 + np.exp(-odds_L)))
    error = metrics.ece(rows.wrong_L, 1 / (1 + np.exp(-odds_L)))
    say(f"penalty {penalty:g}; Platt {slope:.3f} and {intercept:.3f}")
    say(f"Brier skill {skill:.3f}, calibration error {error:.3f}")
    weights = fit(rows, everything_L, penalty)
    weights = replace(
        weights, weight_N=slope * weights.weight_N, bias=slope * weights.bias + intercept
    )
    if out is not None:
        text = json.dumps(stored(weights), indent=1).replace("\n   ", " ").replace("\n  ]", "]")
        write_whole(out, lambda path: path.write_text(text + "\n", encoding="utf-8"))


if __name__ == "__main__":
    main()
