"""An encoder that tokenizes at once and loads its model when a window has to be read."""

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
    """Loads `encoder`, or fails; counts the attempts."""

    def __init__(self, encoder: Encoder | Exception) -> None:
        self.encoder = encoder
        self.times = 0
        self.started = threading.Event()

    def __call__(self, get_tokenizer: Callable[[], Any]) -> Encoder:
        self.times += 1
        self.started.set()
        assert get_tokenizer().get_vocab_size() > 0
        if isinstance(self.encoder, Exception):
            raise self.encoder
        return self.encoder


def lazy(directory: Path, load: Loader, *, ahead: bool = False) -> LazyEncoder:
    return LazyEncoder(directory, load, dtype="int8", engine="expected", ahead=ahead)


def test_text_is_tokenized_without_loading_the_model(
    tiny_model: Path, real: TransformersEncoder
) -> None:
    load = Loader(real)
    encoder = lazy(tiny_model, load)

    assert encoder.tokenize(TEXT) == real.tokenize(TEXT)
    assert not batches(encoder)
    assert (encoder.dtype, encoder.engine, load.times) == ("int8", "expected", 0)


@pytest.mark.parametrize("nested", [False, True])
def test_the_model_is_loaded_once_and_then_named(
    tiny_model: Path, real: TransformersEncoder, nested: bool
) -> None:
    load = Loader(real)
    encoder = lazy(tiny_model, Loader(lazy(tiny_model, load)) if nested else load)
    ids = real.tokenize(TEXT).ids

    for _ in range(3):
        assert np.array_equal(encoder.states(ids).values_TD, real.states(ids).values_TD)
    assert (load.times, encoder.width) == (1, tiny.WIDTH)
    assert (encoder.dtype, encoder.engine) == (real.dtype, real.engine)


def test_a_model_that_cannot_be_loaded_is_an_error_each_time_it_is_needed(
    tiny_model: Path,
) -> None:
    load = Loader(EngineUnfit("this processor"))
    encoder = lazy(tiny_model, load, ahead=True)

    assert load.started.wait(20)  # ahead: before anything is read
    encoder.tokenize(TEXT)
    for _ in range(2):
        with pytest.raises(EngineUnfit):
            encoder.states([1])
    assert (load.times, encoder.engine) == (1, "expected")


def test_a_damaged_tokenizer_is_an_error(tmp_path: Path, real: TransformersEncoder) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    encoder = lazy(tmp_path, Loader(real))

    with pytest.raises(ModelUnavailable, match="tokenizer cannot be read"):
        encoder.tokenize(TEXT)
    with pytest.raises(ModelUnavailable, match="tokenizer cannot be read"):
        encoder.states([1])
