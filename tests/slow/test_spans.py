"""Lines of what the default model's own tokenizer gives."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings

from reviewbot.encoders.encoder import Tokens
from reviewbot.encoders.tokenizer import load_tokenizer, tokenize
from tests.encoders.test_spans import TEXTS, check


@pytest.fixture(scope="module")
def real() -> Callable[[str], Tokens]:
    """The default model's own tokenizer, where the cache holds it."""
    found = sorted(Path(os.environ.get("REVIEWBOT_CACHE", "/nowhere")).glob("**/tokenizer.json"))
    if not found:
        pytest.skip("REVIEWBOT_CACHE names no cache that holds a converted model")
    loaded = load_tokenizer(found[0].parent)
    return lambda text: tokenize(loaded, text)


@pytest.mark.real_model
def test_the_real_tokenizer_keeps_to_the_lines_too(real: Callable[[str], Tokens]) -> None:
    @settings(max_examples=200, deadline=None)
    @given(TEXTS)
    def every_text(text: str) -> None:
        check(real, text)

    every_text()
