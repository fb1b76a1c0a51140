"""An encoder that loads its model only when something has to be read."""

from pathlib import Path

from reviewbot.encoders.lazy import LazyEncoder
from tests import tiny


def test_it_says_once_when_the_model_is_there_and_never_where_nothing_is_read(
    tiny_model: Path,
) -> None:
    said: list[str] = []
    lazy = LazyEncoder(
        tiny_model,
        lambda _tokenizer: tiny.encoder(tiny_model),
        dtype="fp32",
        engine="promised",
        ahead=True,
        loaded=lambda: said.append("loaded"),
    )
    ids = lazy.tokenize("x = 1\n").ids
    assert said == []

    for _ in range(2):
        lazy.states(ids)

    assert said == ["loaded"]
    assert lazy.engine != "promised"
