"""Does the int8 engine score as float32 does? Reads labelled code with both, and compares.

    python -m research.engine_gate LABELS WORK --artifact quick --rows 60

LABELS  directory with the label files (docs/training.md); they are never copied anywhere
WORK    directory for what was read; a second run on the same rows costs seconds

The shipped artifact scores what either engine read. It was fitted on many of these lines, so that
the two figures of a pair are no measure of what it is worth; their difference is what is measured,
with intervals over groups. Ends with exit code 1 where the gate of docs/performance.md is missed.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from reviewbot.arrays import Array
from reviewbot.encoders.encoder import EncoderSpec, load_encoder
from reviewbot.models.ensure import ensure_model
from reviewbot.scoring.artifact import PRESETS, Artifact, load_artifact
from reviewbot.scoring.predictor import log_odds, risks
from reviewbot.train import metrics
from reviewbot.train.dataset import Table
from reviewbot.train.label_files import read_files
from reviewbot.train.prepare import Laid, columns_of, prepare
from reviewbot.train.reader import Reader

SETS = (
    "humaneval_llm",
    "humaneval_pass",
    "szz_ai_hunks",
    "clean_ai_hunks",
    "szz_human_hunks",
    "clean_human_hunks",
    "clm_java_llm_patches",
    "fixwin",
    "condefects",
)
MAX_AUROC, MAX_PAIRED = 0.005, 0.01  # that may be lost
RESAMPLES = 1_000


def scored(artifact: Artifact, laid: Laid, engine: str, work: Path, threads: int) -> Table:
    """Read every line with an engine; the columns of the artifact's predictor."""
    model = artifact.model
    taps = (model.layer, model.deep) if engine == "onnx" else None
    layers = max(model.layer, model.deep or 0)
    found = ensure_model(
        model.name, layers, full=model.full, taps=taps, environ=os.environ, say=print
    )
    spec = EncoderSpec(
        directory=found.directory,
        engine=engine,
        layer=model.layer,
        deep=model.deep,
        full=model.full,
        threads=threads,
    )
    reader = Reader(
        encoder=load_encoder(spec),
        plan=artifact.plan,
        model_sha256=found.sha256,
        layer=model.layer,
        full=model.full,
        deep=model.deep,
    )

    def progress(done: int, of: int) -> None:
        if done % 100 == 0:
            print(f"{engine}: {done} of {of}", file=sys.stderr, flush=True)

    sizes = artifact.predictor.groups
    features = reader.features(artifact.coder, artifact.info.sha256, sizes, work)
    return columns_of(laid, features, sizes, progress)


def figures(table: Table, odds_L: Array) -> dict[str, float]:
    """Return what must not get worse: AUROC of lines within each set, and of pairs."""
    own_L = table.clear()
    found = {}
    for name in np.unique(table.set_L):
        here_L = own_L & (table.set_L == name)
        if 0 < table.y_L[here_L].sum() < here_L.sum():
            found[f"auroc {name}"] = metrics.auroc(table.y_L[here_L], odds_L[here_L])
    found["auroc"] = metrics.auroc(table.y_L[own_L], odds_L[own_L])
    if len(table.pairs_P2):
        found["paired"] = metrics.mean(metrics.paired(odds_L, table.pairs_P2, table.block_P)[1])
    return found


def losses(table: Table, left_L: Array, right_L: Array, seed: int = 0) -> dict[str, list[float]]:
    """Return what `right_L` loses against `left_L`: AUROC and pairs, with 95 % over groups."""
    own = np.flatnonzero(table.clear())
    y_L = table.y_L[own]
    names, group_L = np.unique(table.group_L[own], return_inverse=True)
    members = [np.flatnonzero(group_L == number) for number in range(len(names))]
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(RESAMPLES):
        lines = np.concatenate([members[n] for n in rng.integers(0, len(names), len(names))])
        if 0 < y_L[lines].sum() < len(lines):
            own_left, own_right = left_L[own][lines], right_L[own][lines]
            draws.append(metrics.auroc(y_L[lines], own_left) - metrics.auroc(y_L[lines], own_right))
    left, right = figures(table, left_L), figures(table, right_L)
    found = {"auroc": [left["auroc"] - right["auroc"], *np.quantile(draws, [0.025, 0.975])]}
    if "paired" in left:
        first_B, a_B = metrics.paired(left_L, table.pairs_P2, table.block_P)
        b_B = metrics.paired(right_L, table.pairs_P2, table.block_P)[1]
        group_B = table.group_L[table.pairs_P2[first_B, 0]]
        names, number_B = np.unique(group_B, return_inverse=True)
        sums = np.bincount(number_B, a_B - b_B)
        counts = np.bincount(number_B)
        picks = rng.integers(0, len(names), (RESAMPLES, len(names)))
        spread = np.quantile(sums[picks].sum(1) / counts[picks].sum(1), [0.025, 0.975])
        found["paired"] = [left["paired"] - right["paired"], *spread]
    return {name: [round(float(value), 5) for value in row] for name, row in found.items()}


def compare(artifact: Artifact, tables: dict[str, Table]) -> dict[str, Any]:
    """Return the comparison of two engines on the same lines."""
    odds = {name: log_odds(artifact.predictor, t.columns_LN) for name, t in tables.items()}
    risk = {name: risks(artifact.predictor, t.columns_LN) for name, t in tables.items()}
    table = tables["torch"]
    moved_L = np.abs(risk["torch"] - risk["onnx"])
    torch_rank_L, onnx_rank_L = (np.argsort(np.argsort(risk[name])) for name in ("torch", "onnx"))
    return {
        "artifact": artifact.info.name,
        "lines": len(table),
        "risky": int(table.y_L.sum()),
        "groups": len(np.unique(table.group_L)),
        "blocks": len(np.unique(table.block_P)),
        "risk moves": {
            key: round(float(value), 5)
            for key, value in {
                "median": np.median(moved_L),
                "99 %": np.quantile(moved_L, 0.99),
                "most": moved_L.max(),
            }.items()
        },
        "rank correlation": round(float(np.corrcoef(torch_rank_L, onnx_rank_L)[0, 1]), 5),
        "lines that cross a threshold": {
            name: int(((risk["torch"] > level) != (risk["onnx"] > level)).sum())
            for name, level in artifact.manifest["operating_points"].items()
        },
        "figures": {name: figures(table, part) for name, part in odds.items()},
        "lost": losses(table, odds["torch"], odds["onnx"]),
    }


def main() -> None:
    """Compare, print, and say whether the gate is kept."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("labels", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--artifact", default="quick", choices=sorted(PRESETS))
    parser.add_argument("--sets", nargs="+", default=SETS, help="label files, without ending")
    parser.add_argument("--rows", type=int, default=60, help="of each label file")
    parser.add_argument("--threads", type=int, default=0)
    given = parser.parse_args()
    artifact = load_artifact(PRESETS[given.artifact])
    names = [f"{given.labels / name}.jsonl.gz@{given.rows}" for name in given.sets]
    laid = prepare(read_files(names))
    tables = {
        engine: scored(artifact, laid, engine, given.work, given.threads)
        for engine in ("onnx", "torch")
    }
    result = compare(artifact, tables)
    print(json.dumps(result, indent=1))
    lost = result["lost"]
    kept = lost["auroc"][0] < MAX_AUROC and lost.get("paired", [0.0])[0] < MAX_PAIRED
    print("kept" if kept else "missed")
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
