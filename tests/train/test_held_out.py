"""Sets held out are measured, and nothing else: no fit, no choice, no threshold knows them."""
# ruff: noqa: F811 - fixtures are named as arguments

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from reviewbot.scoring.artifact import load_artifact
from reviewbot.train.dataset import Table
from reviewbot.train.predictor_fit import FitResult
from reviewbot.train.stages import fit_stages
from tests.train.test_cli_train import (  # noqa: F401 - fixtures among them
    LABELS,
    PREDICTOR,
    Run,
    run,
    sae,
    with_sae,
    write_labels,
)
from tests.train.test_stages import GROUPS, versions

THREE = (*LABELS, "--labels", "other.jsonl")


def two_sets() -> tuple[Table, Table]:
    """Two sets that share groups, and the same with labels and pairs of "held" turned round."""
    table = versions()
    table = replace(table, set_L=np.where(table.row_L % 2 == 1, "held", "kept"))
    held_L = table.set_L == "held"
    held_P1 = held_L[table.pairs_P2[:, :1]]
    turned = replace(
        table,
        y_L=np.where(held_L, ~table.y_L, table.y_L),
        pairs_P2=np.where(held_P1, table.pairs_P2[:, ::-1], table.pairs_P2),
    )
    return table, turned


def fitted(table: Table, train_sets: tuple[str, ...] | None) -> FitResult:
    return fit_stages(
        table,
        GROUPS,
        corrections=True,
        cs=(1e-4, 1e-2),
        pairwise=1.0,
        block_cs=(1e-5, 1e-3),
        train_sets=train_sets,
    )


def test_labels_and_pairs_of_a_set_held_out_change_no_score_and_no_choice() -> None:
    before, after = (fitted(table, ("kept",)) for table in two_sets())

    assert before.oof_L.tobytes() == after.oof_L.tobytes()
    assert before.predictor.weight_N.tobytes() == after.predictor.weight_N.tobytes()
    assert before.report == after.report  # every C with its criterion, those of blocks too


def test_labels_and_pairs_of_a_set_learned_from_change_both_fits() -> None:
    before, after = (fitted(table, None) for table in two_sets())

    assert (before.oof_L != after.oof_L).any()
    assert before.report["by_c"] != after.report["by_c"]
    assert before.report["blocks"]["by_c"] != after.report["blocks"]["by_c"]


def turn(path: Path) -> None:
    """Call other lines risky; the lines themselves stay, so every column does."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:
        row["risky"] = [0, 1]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def learnt(run: Run, *more: str) -> tuple[bytes, dict[str, Any], dict[str, Any]]:
    """Return weights, fit and calibration, without what is only measured."""
    result = run(*PREDICTOR, *THREE, *more)
    assert result.exit_code == 0, result.stderr
    artifact = load_artifact(Path("made"))
    calibration = dict(artifact.manifest["calibration"])
    del calibration["nested"]
    return artifact.predictor.weight_N.tobytes(), artifact.manifest["fit"], calibration


def test_a_set_held_out_enters_neither_calibration_nor_thresholds(with_sae: Run) -> None:
    write_labels(Path("other.jsonl"), risky=True)
    before = learnt(with_sae, "--held-out", "other")
    open_before = learnt(with_sae)
    turn(Path("other.jsonl"))

    assert learnt(with_sae, "--held-out", "other") == before
    assert learnt(with_sae) != open_before
    assert before[1]["train_sets"] == before[2]["platt"]["sets"] == ["humaneval_pass", "mine"]
    assert open_before[2]["platt"]["sets"] == ["humaneval_pass", "mine", "other"]
