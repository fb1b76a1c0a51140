"""An encoder that splits text at once, and loads its model only when something has to be read."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.encoders.encoder import Encoder, Tokens
from reviewbot.encoders.states import HiddenStates

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class LazyEncoder:
    """Promises what the encoder will be; where another one had to be loaded, it becomes that.

    A change whose lines were all read before needs a tokenizer and no model.
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
        """Begin to load the tokenizer in the background.

        directory  where tokenizer.json lies
        load       loads the encoder; it is given what waits for the tokenizer
        ahead      begin to load the model, too: right where that keeps nobody else waiting
        """
        from reviewbot.encoders.tokenizer import load_tokenizer

        self._promise = dtype, engine
        self._load = load
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="loading")
        self._tokenizer = self._pool.submit(load_tokenizer, directory)
        self._encoder: Encoder | None = None
        self._loading: Future[Encoder] | None = self._begin() if ahead else None

    def _begin(self) -> "Future[Encoder]":
        return self._pool.submit(self._load, self._tokenizer.result)

    @property
    def dtype(self) -> str:
        """What it computes in: as promised, or as the model that was loaded says."""
        return self._encoder.dtype if self._encoder else self._promise[0]

    @property
    def engine(self) -> str:
        """All that may change a digit beside the model: promised, or of what was loaded."""
        return self._encoder.engine if self._encoder else self._promise[1]

    @property
    def width(self) -> int:
        """D, the width of its states; loads the model."""
        return self._loaded().width

    def tokenize(self, text: str) -> Tokens:
        """Split a text into tokens with character offsets."""
        from reviewbot.encoders.tokenizer import tokenize

        return tokenize(self._tokenizer.result(), text)

    def states(self, ids: Sequence[int]) -> HiddenStates:
        """Read one window in one forward pass."""
        return self._loaded().states(ids)

    def _loaded(self) -> Encoder:
        self._loading = self._loading or self._begin()
        self._encoder = self._loading.result()
        return self._encoder
