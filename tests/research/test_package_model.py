"""The packaged engine is written from the official file and no other."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from research import package_model
from reviewbot.models import packaged
from reviewbot.models.packaged import packaged_engine
from reviewbot.models.registry import SMOL_CUT
from tests.models.tiny import spec_of, write_gguf


def test_what_it_prints_is_the_row_with_which_the_engine_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    official = tmp_path / "official.gguf"
    write_gguf(official, "llama")
    monkeypatch.setattr(package_model, "SMOL", spec_of(official.read_bytes(), "llama"))
    monkeypatch.setattr(package_model, "SMOL_CUT", replace(SMOL_CUT, layer=2))
    monkeypatch.setattr(packaged, "FOLDER", tmp_path)
    out = tmp_path / SMOL_CUT.name
    result = CliRunner().invoke(package_model.main, [str(official), f"--out={out}"])

    size, sha256 = (part.partition("=")[2] for part in result.stdout.split(": ")[-1].split(", "))
    row = replace(SMOL_CUT, size=int(size), sha256=sha256.strip())
    assert packaged_engine(row, again=True) == out


def test_another_file_than_the_official_one_is_refused_and_nothing_written(tmp_path: Path) -> None:
    (tmp_path / "other.gguf").write_bytes(b"other")
    arguments = [str(tmp_path / "other.gguf"), f"--out={tmp_path / 'out'}"]
    result = CliRunner().invoke(package_model.main, arguments)

    assert result.exit_code == 4
    assert "nothing was written" in result.stderr
    assert not (tmp_path / "out").exists()
