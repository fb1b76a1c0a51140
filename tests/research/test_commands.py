"""What the commands of research/ measure of the tiny model, and how they refuse."""
# ruff: noqa: F811 - fixtures are named as arguments

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from research.baselines import BASELINES
from research.evaluate import AGAINST, evaluate
from research.transfer import transfer
from research.transfer_measures import METRICS
from tests.train.test_cli_train import (  # noqa: F401 - fixtures among them
    EVALUATE,
    FIT,
    LABELS,
    Run,
    refused,
    run,
    sae,
    with_sae,
)

OUT = EVALUATE[2:]
Measure = Callable[..., Result]


@pytest.fixture
def measure(with_sae: Run, tiny_model: Path) -> Measure:
    """Run a command of research/ with the tiny model, beside a corpus, labels and "sae"."""

    def invoke(command: click.Command, *args: str) -> Result:
        reading = ("--model", str(tiny_model), "--layer", "2", "--threads", "1")
        return CliRunner().invoke(command, [*args, *reading])

    return invoke


def test_every_baseline_stands_beside_ours(measure: Measure) -> None:
    result = measure(evaluate, *OUT, *LABELS, "--full")

    assert result.exit_code == 0, result.stderr
    suite = json.loads(Path("figures.json").read_text())["suites"]["mine"]
    assert set(suite["scores"]) == {"ours", *BASELINES}
    assert set(suite["differences"]) == {f"ours - {name}" for name in AGAINST if name in BASELINES}
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert {row["score"] for row in rows if row["suite"] == "mine"} == {"ours", *BASELINES}


def test_the_peer_is_measured_by_its_own_figures_too_and_its_batch_is_said(
    measure: Measure,
) -> None:
    asked = ("--baselines", "random", "--pttrust", "sae")

    result = measure(evaluate, *OUT, *LABELS, *asked)

    assert result.exit_code == 0, result.stderr
    assert "not made by `research.pttrust.autoencoder`" in result.stderr
    report = json.loads(Path("figures.json").read_text())
    assert "ours - pttrust-r" in report["suites"]["mine"]["differences"]
    peer = report["pttrust"]
    assert (peer["batch"], peer["batch of the paper"], peer["features"]) == (8, 2, 24)
    assert set(peer["suites"]) == {"mine"}  # nobody said that the sets belong together
    assert set(peer["suites"]["mine"]) == {"ours", "pttrust-r", "random"}
    assert "8 programs a step (the paper: 2)" in result.stderr


def test_the_peer_s_autoencoder_must_be_of_the_depth_that_is_read(measure: Measure) -> None:
    result = measure(evaluate, *OUT, *LABELS, "--pttrust", "corpus")

    refused(result, 4, "train sae")
    assert not Path("cache").exists()


def test_what_one_set_teaches_is_tested_on_the_others(measure: Measure) -> None:
    asked = ("--out", "t.json", "--csv", "t.csv", "--samples", "20")

    result = measure(transfer, *asked, *FIT, *LABELS)

    assert result.exit_code == 0, result.stderr
    assert result.stdout == Path("t.csv").read_text()
    report = json.loads(Path("t.json").read_text())
    assert report["set"]["skipped"] == {"humaneval_pass": "its lines are all of one class"}
    assert set(report["set"]["cells"]["mine"]["mine"]) == set(METRICS)
    assert list(report["lang"]["cells"]) == ["python"]
    assert "not trained on humaneval_pass: its lines are all of one class" in result.stderr
    assert {line.split(",")[0] for line in result.stdout.splitlines()} == {"by", "set", "lang"}


def test_transfer_learns_from_every_set_so_it_holds_none_out(measure: Measure) -> None:
    asked = ("--out", "t.json", *FIT, *LABELS, "--held-out", "mine")

    refused(measure(transfer, *asked), 2, "leave out its --labels")
    assert not Path("t.json").exists()


def test_without_clean_code_rankings_are_measured_and_risks_are_not(measure: Measure) -> None:
    result = measure(evaluate, *OUT, "--labels", "mine.jsonl", "--baselines", "random")

    assert result.exit_code == 0, result.stderr
    assert "no clean code among the labels" in result.stderr
    scores = json.loads(Path("figures.json").read_text())["suites"]["mine"]["scores"]["ours"]
    assert scores["paired, normalised"] is not None
    assert not {"brier skill", "recall above show"} & set(scores)


def test_operating_points_are_measured_on_the_sets_that_are_named(measure: Measure) -> None:
    named = ("--clean", "fine=humaneval_pass", "--hunks", "all=mine,humaneval_pass")

    result = measure(evaluate, *OUT, *LABELS, *named, "--baselines", "length,surface")

    assert result.exit_code == 0, result.stderr
    report = json.loads(Path("figures.json").read_text())
    assert set(report["suites"]) == {"all", "mine", "humaneval_pass"}
    assert set(report["suites"]["mine"]["scores"]) == {"ours", "length", "surface"}
    assert report["baselines"]["length"] is None
    assert report["baselines"]["surface"]["c"] in report["baselines"]["surface"]["cs"]
    nested = report["nested"]
    assert nested["rule"].startswith("plain quantile")
    assert set(nested["points"]["show"]["false alarms per 100"]) == {"fine"}
    assert set(nested["points"]["show"]["recall"]) == {"all", "mine"}
    assert set(nested["curve"]) >= {"0.01", "0.02", "0.05", "0.1", "0.2"}
    assert set(nested["suites"]["mine"]) == {"lines", "risky", "brier skill", "ece"}
