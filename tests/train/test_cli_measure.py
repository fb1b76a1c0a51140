"""What `train evaluate` and `train predictor` say of the tiny model."""
# ruff: noqa: F811 - fixtures are named as arguments

import json
from pathlib import Path

import pytest

from reviewbot.cli import main
from reviewbot.scoring.artifact import load_artifact
from tests.train.test_cli_train import (  # noqa: F401 - fixtures among them
    EVALUATE,
    FIT,
    LABELS,
    PREDICTOR,
    Run,
    refused,
    run,
    sae,
    with_sae,
)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--out", "nowhere/figures.json"), "no place for a file"),
        (("--markdown", "corpus"), "no place for a file"),
        (("--surprisal-sets", "mine,other"), "no set is named 'other'"),
        (("--suite", "mine", "--suite", "other"), "humaneval_pass, mine"),
        (("--clean", "fine=absent"), "no set is named 'absent'"),
        (("--hunks", "=mine"), "leaves a name empty"),
        (("--baselines", "surface,nonsense"), "no baseline is named 'nonsense'"),
        (("--baselines", "surface,surprisal"), "go together"),
        (("--baselines", "surface", "--surprisal-sets", "mine"), "go together"),
    ],
)
def test_evaluation_refuses_before_the_long_work(
    with_sae: Run, more: tuple[str, ...], words: str
) -> None:
    refused(with_sae(*EVALUATE, *LABELS, *more), 2, words)
    assert not Path("figures.json").exists()
    assert not Path("cache").exists()


def test_only_the_suites_and_baselines_asked_for_are_measured(with_sae: Run) -> None:
    asked = ("--suite", "mine", "--baselines", "length,surface")

    assert with_sae(*EVALUATE, *LABELS, *asked).exit_code == 0

    report = json.loads(Path("figures.json").read_text())
    assert set(report["suites"]) == {"mine"}
    assert set(report["suites"]["mine"]["scores"]) == {"ours", "length", "surface"}
    assert report["baselines"]["length"] is None
    assert report["baselines"]["surface"]["c"] in report["baselines"]["surface"]["cs"]


def test_without_clean_code_rankings_are_measured_and_risks_are_not(with_sae: Run) -> None:
    result = with_sae(*EVALUATE, "--labels", "mine.jsonl", "--baselines", "all")

    assert result.exit_code == 0
    assert "no clean code among the labels" in result.stderr
    scores = json.loads(Path("figures.json").read_text())["suites"]["mine"]["scores"]["ours"]
    assert scores["paired, normalised"] is not None
    assert not {"brier skill", "recall above show"} & set(scores)


def test_operating_points_are_measured_on_the_sets_that_are_named(with_sae: Run) -> None:
    named = ("--clean", "fine=humaneval_pass", "--mixed", "both=mine,humaneval_pass")
    hunks = ("--hunks", "all=mine,humaneval_pass")

    result = with_sae(*EVALUATE, *LABELS, *named, *hunks, "--baselines", "random")

    assert result.exit_code == 0, result.stderr
    report = json.loads(Path("figures.json").read_text())
    assert set(report["suites"]) == {"both", "all", "mine", "humaneval_pass"}
    nested = report["nested"]
    assert nested["rule"].startswith("plain quantile")
    assert set(nested["points"]["show"]["false alarms per 100"]) == {"fine"}
    assert set(nested["points"]["show"]["recall"]) == {"both", "all", "mine"}
    assert set(nested["curve"]) >= {"0.01", "0.02", "0.05", "0.1", "0.2"}


@pytest.mark.parametrize(
    ("more", "rule"), [((), "plain quantile"), (("--confidence", "0.8"), "bounded")]
)
def test_the_manifest_says_by_which_rule_thresholds_were_set(
    with_sae: Run, more: tuple[str, ...], rule: str
) -> None:
    assert with_sae(*PREDICTOR, *LABELS, *more).exit_code == 0

    calibration = load_artifact(Path("made")).manifest["calibration"]
    show = calibration["thresholds"]["show"]
    assert calibration["rule"].startswith(rule)
    assert calibration["nested"]["rule"] == calibration["rule"]
    assert set(calibration["nested"]["points"]) >= {"show", "gate"}
    assert show["confidence"] == (0.8 if more else None)
    assert show["risk"] >= show["quantile"] if more else show["risk"] == show["quantile"]


def test_every_training_command_is_listed() -> None:
    from click.testing import CliRunner

    text = CliRunner().invoke(main, ["train", "--help"]).output

    assert all(f"\n  {name} " in text for name in ("sae", "predictor", "evidence", "evaluate"))
