"""The encoder that the flags of training ask for."""

from pathlib import Path

import pytest

from reviewbot.cli.train_reader import open_reader
from tests import tiny


@pytest.mark.parametrize(
    ("layer", "deep", "full", "read"),
    [
        (None, None, False, 1),  # a quarter of three blocks
        (None, 3, False, 1),
        (None, None, True, 1),
        (2, 3, False, 2),
        (2, 1, False, 2),
    ],
)
def test_a_later_block_or_the_output_head_does_not_move_the_layer_that_is_read(
    tiny_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    layer: int | None,
    deep: int | None,
    full: bool,
    read: int,
) -> None:
    monkeypatch.setenv("REVIEWBOT_CACHE", str(tmp_path))
    reader, _ = open_reader(
        model=str(tiny_model),
        layer=layer,
        engine="torch",
        dtype=None,
        threads=1,
        description=False,
        deep=deep,
        full=full,
    )

    ids = reader.encoder.tokenize("x = 1\n").ids
    alone = tiny.encoder(tiny_model, layer=read).states(ids).values_TD
    assert (reader.layer, reader.deep, reader.full) == (read, deep, full)
    assert reader.encoder.states(ids).values_TD.tolist() == alone.tolist()
