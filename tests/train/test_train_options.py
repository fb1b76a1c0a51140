"""The encoder that the flags of training ask for, and the line that shows progress."""

from pathlib import Path

import pytest

from reviewbot.cli.train_options import training_line
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


def test_the_progress_of_a_resumed_run_shows_its_own_rate_and_the_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([1_000.0, 1_000.0, 1_030.0, 1_100.0, 1_200.0, 1_210.0])
    monkeypatch.setattr("reviewbot.cli.train_options.time.monotonic", lambda: next(clock))
    line = training_line(every=60)
    for done in (400_000, 401_000, 405_000, 600_000, 1_000_000):
        line(done, 1_000_000, "fvu 0.250")

    assert capsys.readouterr().err.splitlines() == [
        "trained: 400,000 of 1,000,000 tokens, fvu 0.250, 0 tokens/s",
        "trained: 405,000 of 1,000,000 tokens, fvu 0.250, 50 tokens/s",
        "trained: 600,000 of 1,000,000 tokens, fvu 0.250, 1,000 tokens/s, 7 min left",
        "trained: 1,000,000 of 1,000,000 tokens, fvu 0.250, 2,857 tokens/s",
    ]
