"""An encoder that splits text at once and loads its model when something has to be read."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reviewbot.encoders.encoder import Encoder, batches
from reviewbot.encoders.lazy_encoder import LazyEncoder
from reviewbot.encoders.torch_encoder import TransformersEncoder
from reviewbot.errors import EngineUnfit, ModelUnavailable
from tests import tiny

TEXT = "x = 1\n"


@pytest.fixture(scope="module")
def real(tiny_model: Path) -> TransformersEncoder:
    return tiny.encoder(tiny_model)


class Loader:
    """Loads `encoder`, or fails; counts how often it was asked."""

    def __init__(self, encoder: Encoder | Exception) -> None:
        self.encoder = encoder
        self.times = 0
        self.asked = threading.Event()

    def __call__(self, waiting: Callable[[], Any]) -> Encoder:
        self.times += 1
        self.asked.set()
        assert waiting().get_vocab_size() > 0
        if isinstance(self.encoder, Exception):
            raise self.encoder
        return self.encoder


def lazy(directory: Path, load: Loader, *, ahead: bool = False) -> LazyEncoder:
    return LazyEncoder(directory, load, dtype="int8", engine="promised", ahead=ahead)


def test_text_is_split_as_the_model_does_and_nothing_is_loaded(
    tiny_model: Path, real: TransformersEncoder
) -> None:
    load = Loader(real)
    encoder = lazy(tiny_model, load)

    assert encoder.tokenize(TEXT) == real.tokenize(TEXT)
    assert not batches(encoder)
    assert (encoder.dtype, encoder.engine, load.times) == ("int8", "promised", 0)


def test_what_is_read_is_what_the_model_gives_and_it_is_loaded_once(
    tiny_model: Path, real: TransformersEncoder
) -> None:
    load = Loader(real)
    encoder = lazy(tiny_model, load)
    ids = real.tokenize(TEXT).ids

    for _ in range(3):
        assert np.array_equal(encoder.states(ids).values_TD, real.states(ids).values_TD)
    assert (load.times, encoder.width) == (1, tiny.WIDTH)


def test_it_becomes_what_was_loaded_in_its_place(
    tiny_model: Path, real: TransformersEncoder
) -> None:
    encoder = lazy(tiny_model, Loader(real))
    encoder.states([1, 2])

    assert (encoder.dtype, encoder.engine) == (real.dtype, real.engine)


def test_what_stands_in_for_another_that_stands_in_says_what_reads_in_the_end(
    tiny_model: Path, real: TransformersEncoder
) -> None:
    inner = LazyEncoder(tiny_model, Loader(real), dtype="fp16", engine="second", ahead=False)
    outer = lazy(tiny_model, Loader(inner))
    outer.states([1, 2])

    assert (outer.dtype, outer.engine) == (real.dtype, real.engine)


def test_ahead_it_begins_at_once(tiny_model: Path, real: TransformersEncoder) -> None:
    load = Loader(real)
    lazy(tiny_model, load, ahead=True)

    assert load.asked.wait(20)


def test_a_model_that_cannot_be_loaded_says_so_when_it_is_needed_and_again(
    tiny_model: Path,
) -> None:
    load = Loader(EngineUnfit("nothing was scored", fix="use --engine torch"))
    encoder = lazy(tiny_model, load, ahead=True)
    encoder.tokenize(TEXT)

    for _ in range(2):
        with pytest.raises(EngineUnfit):
            encoder.states([1])
    assert (load.times, encoder.engine) == (1, "promised")


def test_a_tokenizer_that_cannot_be_read_is_two_lines(
    tmp_path: Path, real: TransformersEncoder
) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    encoder = lazy(tmp_path, Loader(real))

    with pytest.raises(ModelUnavailable, match="tokenizer cannot be read"):
        encoder.tokenize(TEXT)
    with pytest.raises(ModelUnavailable, match="tokenizer cannot be read"):
        encoder.states([1])
