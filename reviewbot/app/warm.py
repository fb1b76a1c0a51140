"""Keep the artifacts and the loaded models between the checks of one process."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from reviewbot.app.artifact import Artifacts, artifacts_for
from reviewbot.app.load import load_model
from reviewbot.app.progress import Clock
from reviewbot.config.schema import Settings

if TYPE_CHECKING:
    from reviewbot.encoders.encoder import Encoder, Tokens
    from reviewbot.encoders.states import HiddenStates
    from reviewbot.scoring.artifact import Artifact

# Settings that decide which model is loaded, and how.
MODEL_SETTINGS = (
    *("model", "artifact", "depth", "cache-dir"),
    *("engine", "device", "quantize", "threads", "dtype"),
)
Key = tuple[object, ...]


class Warm:
    """Keeps the artifacts and their models of the last settings."""

    def __init__(self, before_pass: Callable[[], None] = lambda: None) -> None:
        """Load nothing yet.

        before_pass  called before each forward pass in this process; an exception ends the check
        """
        self._before_pass = before_pass
        self._artifacts: tuple[Key, Artifacts] | None = None
        self._encoders: tuple[Key, dict[str, Encoder]] = (), {}  # by the artifact's hash

    def artifacts(self, settings: Settings) -> Artifacts:
        """Return the artifacts that the settings name. raises ArtifactError"""
        key = (settings.artifact, settings.deep_tokens)
        if self._artifacts is None or self._artifacts[0] != key:
            self._artifacts = key, artifacts_for(settings)
        return self._artifacts[1]

    def encoder(self, settings: Settings, artifact: "Artifact", clock: Clock) -> "Encoder":
        """Return the model of an artifact of these settings; raises what `load_model` raises.

        The encoder of a server is not kept: the server hangs up on a client that is silent for two
        minutes.
        """
        from reviewbot.encoders.encoder import batches
        from reviewbot.server.client import RemoteEncoder

        key = tuple(getattr(settings, name.replace("-", "_")) for name in MODEL_SETTINGS)
        if self._encoders[0] != key:
            self._encoders = key, {}  # two sets of models may not fit into memory
        models, name = self._encoders[1], artifact.info.sha256
        if name in models:
            return models[name]
        loaded = load_model(settings, artifact, clock)
        encoder = loaded if batches(loaded) else Stoppable(loaded, self._before_pass)
        if not isinstance(loaded, RemoteEncoder):
            models[name] = encoder
        return encoder

    def forget(self) -> None:
        """Keep nothing, so that everything is loaded again after a failure."""
        self._artifacts, self._encoders = None, ((), {})


class Stoppable:
    """An encoder that can be stopped between two forward passes."""

    def __init__(self, encoder: "Encoder", before_pass: Callable[[], None]) -> None:
        self._inner, self._before_pass = encoder, before_pass

    @property
    def width(self) -> int:
        """`Encoder.width`."""
        return self._inner.width

    @property
    def at_once(self) -> int:
        """`encoders.encoder.at_once`."""
        from reviewbot.encoders.encoder import at_once

        return at_once(self._inner)

    @property
    def dtype(self) -> str:
        """`Encoder.dtype`."""
        return self._inner.dtype

    @property
    def engine(self) -> str:
        """`Encoder.engine`."""
        return self._inner.engine

    def tokenize(self, text: str) -> "Tokens":
        """Split a text into tokens with character offsets."""
        return self._inner.tokenize(text)

    def token(self, number: int) -> str:
        """Return the text of a token."""
        return self._inner.token(number)

    def states(self, ids: Sequence[int], first: int = 0) -> "HiddenStates":
        """Read one window in one forward pass, unless `before_pass` raises."""
        self._before_pass()
        return self._inner.states(ids, first)
