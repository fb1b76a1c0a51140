"""An encoder that tokenizes at once and loads its model only when a window has to be read."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.encoders.encoder import Encoder, Tokens, at_once
from reviewbot.encoders.states import HiddenStates

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class LazyEncoder:
    """Names the expected dtype and engine until the model is loaded, then the actual ones.

    A change whose lines are all cached needs a tokenizer and no model.
    """

    def __init__(
        self,
        directory: Path,
        load: "Callable[[Callable[[], Tokenizer]], Encoder]",
        *,
        dtype: str,
        engine: str,
        ahead: bool,
    ) -> None:
        """Start to load the tokenizer in the background.

        directory  of tokenizer.json
        load       loads the encoder; its argument returns the tokenizer
        dtype      the expected one, as is `engine`
        ahead      start to load the model, too
        """
        from reviewbot.encoders.tokenizer import load_tokenizer

        self._expected = dtype, engine
        self._load = load
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="loading")
        self._tokenizer = self._pool.submit(load_tokenizer, directory)
        self._encoder: Encoder | None = None
        self._loading: Future[Encoder] | None = self._start() if ahead else None

    def _start(self) -> "Future[Encoder]":
        return self._pool.submit(self._load, self._tokenizer.result)

    @property
    def dtype(self) -> str:
        """The expected number format, or that of the loaded model."""
        return self._encoder.dtype if self._encoder else self._expected[0]

    @property
    def engine(self) -> str:
        """The expected engine, or that of the loaded model."""
        return self._encoder.engine if self._encoder else self._expected[1]

    @property
    def width(self) -> int:
        """D, the width of the states; loads the model."""
        return self._loaded().width

    @property
    def at_once(self) -> int:
        """How many windows may be read at the same time; loads the model."""
        return at_once(self._loaded())

    def tokenize(self, text: str) -> Tokens:
        """Split a text into tokens with character offsets."""
        from reviewbot.encoders.tokenizer import tokenize

        return tokenize(self._tokenizer.result(), text)

    def token(self, number: int) -> str:
        """Return the text of a token."""
        from reviewbot.encoders.tokenizer import token

        return token(self._tokenizer.result(), number)

    def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
        """Read one window in one forward pass; return the states from token `first` on."""
        return self._loaded().states(ids, first)

    def _loaded(self) -> Encoder:
        self._loading = self._loading or self._start()
        self._encoder = self._loading.result()
        return self._encoder
