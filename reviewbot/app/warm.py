"""What a process that checks again and again keeps: the artifact, and the model once loaded."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from reviewbot.app.load import artifact_for, load_model
from reviewbot.app.progress import Clock
from reviewbot.config.settings import Settings

if TYPE_CHECKING:
    from reviewbot.encoders.encoder import Encoder, Tokens
    from reviewbot.encoders.states import HiddenStates
    from reviewbot.scoring.artifact import Artifact

DECIDING = (  # which settings make two models
    "model",
    "artifact",
    "depth",
    "engine",
    "device",
    "quantize",
    "threads",
    "dtype",
    "cache-dir",
)
Key = tuple[object, ...]


class Warm:
    """Keeps one artifact and one model: those of the settings that were asked for last."""

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        """Load nothing yet.

        before  called before each forward pass on this machine; what it raises ends the check
        """
        self._before = before
        self._artifact: tuple[Key, Artifact] | None = None
        self._encoder: tuple[Key, Encoder] | None = None

    def artifact(self, settings: Settings) -> "Artifact":
        """Return the artifact that the settings name. raises ArtifactError"""
        key = (settings.artifact,)
        if self._artifact is None or self._artifact[0] != key:
            self._artifact = key, artifact_for(settings)
        return self._artifact[1]

    def encoder(self, settings: Settings, artifact: "Artifact", clock: Clock) -> "Encoder":
        """Return the model that the settings name; raises what `load_model` raises.

        A server's is not kept: it hangs up on whoever is silent for two minutes.
        """
        from reviewbot.encoders.encoder import batches
        from reviewbot.server.client import RemoteEncoder

        key = tuple(getattr(settings, name.replace("-", "_")) for name in DECIDING)
        if self._encoder is not None and self._encoder[0] == key:
            return self._encoder[1]
        self._encoder = None  # two models may not fit into the memory
        loaded = load_model(settings, artifact, clock)
        encoder = loaded if batches(loaded) else Stoppable(loaded, self._before)
        if not isinstance(loaded, RemoteEncoder):
            self._encoder = key, encoder
        return encoder

    def forget(self) -> None:
        """Keep nothing: after a failure all is loaded anew."""
        self._artifact = self._encoder = None


class Stoppable:
    """An encoder that can be stopped between two forward passes."""

    def __init__(self, encoder: "Encoder", before: Callable[[], None]) -> None:
        self._inner, self._before = encoder, before

    @property
    def width(self) -> int:
        """D, the width of its states."""
        return self._inner.width

    @property
    def dtype(self) -> str:
        """What it computes in."""
        return self._inner.dtype

    @property
    def engine(self) -> str:
        """All that may change a digit beside the model."""
        return self._inner.engine

    def tokenize(self, text: str) -> "Tokens":
        """Split a text into tokens with character offsets."""
        return self._inner.tokenize(text)

    def states(self, ids: Sequence[int]) -> "HiddenStates":
        """Read one window in one forward pass, unless it is to stop."""
        self._before()
        return self._inner.states(ids)
