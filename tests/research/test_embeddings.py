"""Embeddings of lines, against a checkpoint of three tokens that was written by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from research.embeddings import embed, embedding_rows, token_lines
from reviewbot.arrays import Array
from reviewbot.encoders.encoder import Tokens
from reviewbot.encoders.spans import Span
from reviewbot.encoders.states import layer_norm
from reviewbot.errors import ModelUnavailable
from reviewbot.train.features import Snippet
from tests import tiny

MATRIX = np.array([[1, 0, 0, 0], [0, 2, 0, 0], [0, 0, 3, 0], [0, 0, 0, 9]], np.float32)
NORMED = layer_norm(MATRIX)


def letters(text: str) -> Tokens:
    """Split at every letter: "a" is token 0, "b" 1, "c" 2; a line end sticks to what is before."""
    starts = [i for i, sign in enumerate(text) if sign != "\n"]
    ends = [*starts[1:], len(text)]
    spans = [Span(start, end) for start, end in zip(starts, ends, strict=True)]
    return Tokens([ord(text[i]) - ord("a") for i in starts], spans)


def lines(*wanted: int, text: tuple[str, ...] = ("a", "bc", "", "b")) -> Snippet:
    return Snippet("code.py", text, wanted)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    save_file({"embed_tokens.weight": torch.from_numpy(MATRIX)}, tmp_path / "model.safetensors")
    return tmp_path


def embedded(checkpoint: Path, *snippets: Snippet, neighbours: bool = False) -> Array:
    split = [token_lines(letters, snippet) for snippet in snippets]
    return embed(checkpoint, split, neighbours=neighbours).astype(np.float32)


def test_a_line_is_the_mean_of_its_tokens_each_layer_normed(checkpoint: Path) -> None:
    found = embedded(checkpoint, lines(0, 1), lines(3))

    expected = [NORMED[0], (NORMED[1] + NORMED[2]) / 2, NORMED[1]]
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_neighbours_stand_left_and_right_and_beyond_the_ends_is_nothing(checkpoint: Path) -> None:
    found = embedded(
        checkpoint, lines(0, 1, text=("a", "bc", "b")), lines(0, text=("c",)), neighbours=True
    )

    middle, nothing = (NORMED[1] + NORMED[2]) / 2, np.zeros(4)
    expected = [
        [nothing, NORMED[0], middle],
        [NORMED[0], middle, NORMED[1]],
        [nothing, NORMED[2], nothing],
    ]
    np.testing.assert_allclose(found, np.reshape(expected, (3, 12)), atol=1e-3)


def test_a_token_that_crosses_a_line_end_belongs_to_both_lines(checkpoint: Path) -> None:
    found = embedded(checkpoint, lines(2))  # the blank line's end is part of the token "c"

    np.testing.assert_allclose(found, NORMED[2:3], atol=1e-3)


def test_nothing_wanted_gives_no_line(checkpoint: Path) -> None:
    assert embedded(checkpoint).shape == (0, 4)
    assert embedded(checkpoint, neighbours=True).size == 0


def test_the_rows_are_those_of_the_model_that_reads(tiny_model: Path) -> None:
    from transformers import AutoModel

    matrix = AutoModel.from_pretrained(tiny_model).get_input_embeddings().weight.detach().numpy()
    ids = np.array([5, 3, 300])

    assert (embedding_rows(tiny_model, ids) == matrix[ids]).all()
    assert matrix.shape[1] == tiny.WIDTH


def test_half_precision_is_read_and_other_files_are_passed_over(tmp_path: Path) -> None:
    half = torch.from_numpy(MATRIX).bfloat16()
    save_file({"model.embed_tokens.weight": half}, tmp_path / "model-00002.safetensors")
    save_file({"model.norm.weight": torch.ones(4)}, tmp_path / "model-00001.safetensors")

    assert (embedding_rows(tmp_path, np.array([2, 0])) == MATRIX[[2, 0]]).all()


def test_a_matrix_that_is_missing_damaged_or_too_short_is_an_error(checkpoint: Path) -> None:
    with pytest.raises(ModelUnavailable, match="4 rows, token 4"):
        embedding_rows(checkpoint, np.array([1, 4]))
    (checkpoint / "model.safetensors").write_bytes(b"\x08")
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        embedding_rows(checkpoint, np.array([1]))
    save_file({"other": torch.ones(1)}, checkpoint / "model.safetensors")
    with pytest.raises(ModelUnavailable, match="holds no"):
        embedding_rows(checkpoint, np.array([1]))
