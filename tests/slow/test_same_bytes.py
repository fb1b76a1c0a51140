"""`check` and training read a change into the same bytes, with the model inside the package."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reviewbot.app.artifact import artifact_for
from reviewbot.app.load import load_model
from reviewbot.cli import main
from reviewbot.config.choices import Server
from reviewbot.config.schema import Settings
from reviewbot.encoders.encoder import Encoder
from reviewbot.scoring.artifact import PRESETS
from tests.train.test_cli_train import write_labels
from tests.train.test_same_bytes import assert_same, checked, trained

SETTINGS = Settings(artifact="quick", server=Server.NEVER)


def test_the_packaged_artifact_s_features_are_the_same_in_check_and_in_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "repo").mkdir()
    artifact = artifact_for(SETTINGS)

    check = checked(tmp_path / "repo", SETTINGS, artifact, monkeypatch)
    training = trained(tmp_path, artifact.model.name, artifact)

    assert_same(check, training)


def test_train_predictor_reads_with_the_engine_of_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reviewbot.encoders import encoder as encoders

    pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)
    write_labels(tmp_path / "mine.jsonl", risky=True)
    write_labels(tmp_path / "humaneval_pass.jsonl", risky=False)
    loaded: list[Encoder] = []
    load = encoders.load_encoder

    def record(*args: Any) -> Encoder:
        loaded.append(load(*args))
        return loaded[-1]

    monkeypatch.setattr(encoders, "load_encoder", record)
    artifact = artifact_for(SETTINGS)
    flags = ["--labels=mine.jsonl", "--labels=humaneval_pass.jsonl", "--folds=3", "--c=1e-3"]
    flags += [f"--sae={PRESETS['quick']}", f"--model={artifact.model.name}", "--cache=cache"]
    result = CliRunner().invoke(main, ["train", "predictor", "--out=made", *flags])
    check = load_model(SETTINGS, artifact, lambda _step: None)

    assert result.exit_code == 0, result.stderr
    assert loaded[0].engine == check.engine
    assert "onnx" in check.engine
    manifest = json.loads((tmp_path / "made" / "manifest.json").read_text())
    assert manifest["dtype"] == check.dtype == "int8"
