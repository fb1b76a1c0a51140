"""What goes between an editor and a check."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reviewbot.lsp.diagnostics import Diagnostic


class Stale(Exception):
    """The document changed, or was closed, while it was read: nobody wants the answer."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text that an editor has open, as it was at one version."""

    uri: str  # as the editor wrote it
    version: int
    file: Path  # absolute
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What there is to say of a document."""

    diagnostics: tuple[Diagnostic, ...] = ()
    remark: str = ""  # why nothing of it is read, and the like: for the log, once
    failure: str = ""  # in two lines: what kept it from being read; the document is not clean
    # Whether what it also depends on (the commit at HEAD, settings) is another than when reading
    # began: then the document is read again.
    moved: Callable[[], bool] = lambda: False

    @property
    def failed(self) -> bool:
        """Whether the document could not be read."""
        return bool(self.failure)
