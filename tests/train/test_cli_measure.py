"""What `train evaluate`, `train transfer` and `train predictor` say of the tiny model."""

import json
from pathlib import Path

import pytest

from reviewbot.artifacts import load_artifact
from reviewbot.cli import main
from reviewbot.train.transfer import METRICS
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

# ruff: noqa: F811 - fixtures are named as arguments


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--out", "nowhere/figures.json"), "no place for a file"),
        (("--markdown", "corpus"), "no place for a file"),
        (("--surprisal-sets", "mine,other"), "no set is named 'other'"),
        (("--suite", "mine", "--suite", "other"), "humaneval_pass, mine"),
        (("--plots", "mine.jsonl"), "is no directory"),
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
    asked = ("--suite", "mine", "--baselines", "length,embeddings")

    assert with_sae(*EVALUATE, *LABELS, *asked).exit_code == 0

    report = json.loads(Path("figures.json").read_text())
    assert set(report["suites"]) == {"mine"}
    assert set(report["suites"]["mine"]["scores"]) == {"ours", "length", "embeddings"}
    assert report["baselines"]["length"] is None
    assert report["baselines"]["embeddings"]["c"] in report["baselines"]["embeddings"]["cs"]


def test_without_clean_code_rankings_are_measured_and_risks_are_not(with_sae: Run) -> None:
    result = with_sae(*EVALUATE, "--labels", "mine.jsonl", "--baselines", "cheap")

    assert result.exit_code == 0
    assert "no clean code among the labels" in result.stderr
    scores = json.loads(Path("figures.json").read_text())["suites"]["mine"]["scores"]["ours"]
    assert scores["paired, normalised"] is not None
    assert not {"brier skill", "recall above show"} & set(scores)


def test_the_peer_is_measured_by_its_own_figures_too_and_its_batch_is_said(with_sae: Run) -> None:
    asked = ("--baselines", "random", "--pttrust", "sae", "--plots", "plots", "--markdown", "t.md")

    result = with_sae(*EVALUATE, *LABELS, *asked)

    assert result.exit_code == 0, result.stderr
    assert "not made by `train sae --recipe pttrust`" in result.stderr
    report = json.loads(Path("figures.json").read_text())
    assert "ours - pttrust-r" in report["suites"]["mine"]["differences"]
    peer = report["pttrust"]
    assert (peer["batch"], peer["batch of the paper"], peer["features"]) == (8, 2, 24)
    assert set(peer["suites"]) == {"mine"}  # nobody said that the sets belong together
    assert set(peer["suites"]["mine"]) == {"ours", "pttrust-r", "random"}
    assert "8 programs a step (the paper: 2)" in Path("t.md").read_text()
    assert {path.name for path in Path("plots").iterdir()} >= {
        "within-auroc.svg",
        "recall-mine.svg",
        "reliability-mine.svg",
    }


def test_the_peer_s_autoencoder_must_be_of_the_depth_that_is_read(with_sae: Run) -> None:
    result = with_sae(*EVALUATE, *LABELS, "--pttrust", "corpus")

    refused(result, 4, "train sae")
    assert not Path("cache").exists()


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


def test_what_one_set_teaches_is_tested_on_the_others_and_drawn(with_sae: Run) -> None:
    asked = ("--out", "t.json", "--markdown", "t.md", "--plots", "plots", "--samples", "20")

    result = with_sae("train", "transfer", *asked, *FIT, *LABELS)

    assert result.exit_code == 0, result.stderr
    assert result.stdout == Path("t.md").read_text()
    report = json.loads(Path("t.json").read_text())
    assert report["set"]["skipped"] == {"humaneval_pass": "its lines are all of one class"}
    assert set(report["set"]["cells"]["mine"]["mine"]) == set(METRICS)
    assert list(report["lang"]["cells"]) == ["python"]
    for words in ("# By set", "# By language", "## paired, length balanced", "humaneval\\_pass: "):
        assert words in Path("t.md").read_text()
    assert {path.name for path in Path("plots").iterdir()} >= {
        "transfer-set-within-auroc.svg",
        "transfer-lang-auroc.svg",
    }


def test_transfer_learns_from_every_set_so_it_holds_none_out(with_sae: Run) -> None:
    asked = ("train", "transfer", "--out", "t.json", *FIT, *LABELS, "--held-out", "mine")

    refused(with_sae(*asked), 2, "leave out its --labels")
    assert not Path("t.json").exists()


def test_the_share_of_blocks_reaches_what_transfer_fits(with_sae: Run) -> None:
    asked = ("--out", "t.json", "--samples", "20", "--by", "set", "--deep", "3")
    blocks = ("--groups", "surface,block_end", "--block-share", "0.7", "--block-pairwise", "3")

    result = with_sae("train", "transfer", *asked, *FIT, *LABELS, *blocks)

    assert result.exit_code == 0, result.stderr
    fitted = json.loads(Path("t.json").read_text())["set"]["fits"]["mine"]["blocks"]
    assert (fitted["share"], fitted["pairwise"]) == (0.7, 3.0)


def test_every_training_command_is_listed() -> None:
    from click.testing import CliRunner

    text = CliRunner().invoke(main, ["train", "--help"]).output

    assert all(f"\n  {name} " in text for name in ("sae", "predictor", "evaluate", "audit"))
    assert "\n  transfer " in text
