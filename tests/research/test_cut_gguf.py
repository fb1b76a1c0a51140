"""A cut file holds the first blocks byte for byte, and says what it is."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from gguf import GGUFReader

from research.cut_gguf import OUT, cut, main
from reviewbot.errors import ModelUnavailable
from reviewbot.models.registry import SMOL, SMOL_CUT
from tests.models.tiny import spec_of, write_gguf


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A llama model of 4 blocks with an output head of its own."""
    write_gguf(tmp_path / "whole.gguf", "llama")
    return tmp_path / "whole.gguf"


def test_the_first_blocks_are_copied_byte_for_byte_and_nothing_else(
    source: Path, tmp_path: Path
) -> None:
    cut(source, tmp_path / "cut.gguf", spec_of(source.read_bytes(), "llama"), 2)
    whole = {tensor.name: tensor for tensor in GGUFReader(str(source)).tensors}
    kept = {tensor.name: tensor for tensor in GGUFReader(str(tmp_path / "cut.gguf")).tensors}

    assert {name.split(".")[1] for name in kept if name.startswith("blk.")} == {"0", "1"}
    assert {name for name in kept if not name.startswith("blk.")} == {
        "token_embd.weight",
        "output_norm.weight",
    }
    for name, tensor in kept.items():
        assert tensor.tensor_type == whole[name].tensor_type
        assert tensor.shape.tolist() == whole[name].shape.tolist()
        assert np.array_equal(tensor.data, whole[name].data), name


def test_the_same_input_gives_the_same_bytes_whatever_the_file_is_called(
    source: Path, tmp_path: Path
) -> None:
    spec = spec_of(source.read_bytes(), "llama")
    cut(source, tmp_path / "one", spec, 2)
    cut(source.rename(tmp_path / "other.gguf"), tmp_path / "two", spec, 2)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_header_of_the_packaged_file_says_what_it_is() -> None:
    says = {name: field.contents() for name, field in GGUFReader(str(OUT)).fields.items()}

    assert says["general.name"] == f"{SMOL.filename}, first 8 of 30 blocks"
    assert "every tensor byte for byte" in says["general.description"]
    assert says["general.license"] == "apache-2.0"
    assert says["reviewbot.source.sha256"] == SMOL.sha256
    assert (says["reviewbot.source.block_count"], says["llama.block_count"]) == (30, 8)
    assert says["reviewbot.kept_block_count"] == SMOL_CUT.stored
    assert "general.size_label" not in says


@pytest.mark.parametrize("blocks", [0, 4])
def test_a_cut_that_keeps_none_or_all_is_refused(source: Path, tmp_path: Path, blocks: int) -> None:
    with pytest.raises(ModelUnavailable, match="holds 4 blocks"):
        cut(source, tmp_path / "cut.gguf", SMOL, blocks)
    assert not (tmp_path / "cut.gguf").exists()


def test_another_file_than_the_official_one_is_refused_and_nothing_written(
    source: Path, tmp_path: Path
) -> None:
    result = CliRunner().invoke(main, [str(source), "--out", str(tmp_path / "cut.gguf")])

    assert result.exit_code == 4
    assert f"the table says {SMOL.sha256}" in result.stderr
    assert not (tmp_path / "cut.gguf").exists()
