"""Open documents wait here to be read, one after another, on a thread of their own.

The editor never waits. A newer version replaces an older one, even one that is being read; the
answer for a closed or changed document is dropped.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reviewbot.lsp.diagnostics import Diagnostic

POLL_SECONDS = 2.0  # between two checks of what answers depend on besides the text


class Stale(Exception):
    """The document changed, or was closed, while it was read: its answer is not wanted."""


@dataclass(frozen=True, slots=True)
class Document:
    """The text of an open document at one version."""

    uri: str  # as the editor wrote it
    version: int
    file: Path  # absolute
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of reading a document."""

    diagnostics: tuple[Diagnostic, ...] = ()
    remark: str = ""  # for the log, once: why nothing was read, for example
    failure: str = ""  # two lines, if the document could not be read
    # Return True if HEAD or the settings changed since reading began: then read it again.
    is_outdated: Callable[[], bool] = lambda: False


class DocumentQueue:
    """Reads documents when they are due."""

    def __init__(
        self,
        read: Callable[[Document], Answer],
        publish: Callable[[Document, Answer], None],
        report_reading: Callable[[Document | None], None] = lambda _document: None,
    ) -> None:
        """Start nothing yet. The callbacks run on the thread of `run`.

        read            reads a document; may call `require_wanted`, and raises only Stale
        publish         takes an answer
        report_reading  takes the document that is being read, then None
        """
        self._read, self._publish, self._report_reading = read, publish, report_reading
        self._waiting: dict[str, tuple[float, Document]] = {}  # by URI, with the time it is due
        self._answered: dict[str, tuple[Document, Answer]] = {}
        self._current: Document | None = None
        self._change = threading.Condition()
        self._ended = False

    def put(self, document: Document, wait: float = 0.0) -> None:
        """Queue a document, due in `wait` seconds; it replaces any other version of it."""
        with self._change:
            self.forget(document.uri)
            self._waiting[document.uri] = time.monotonic() + wait, document
            self._change.notify()

    def forget(self, uri: str) -> None:
        """Drop a document that was closed."""
        with self._change:
            self._waiting.pop(uri, None)
            self._answered.pop(uri, None)
            if self._current is not None and self._current.uri == uri:
                self._current = None

    def end(self) -> None:
        """Let `run` return after the forward pass in progress."""
        with self._change:
            self._ended, self._current = True, None
            self._change.notify()

    def require_wanted(self) -> None:
        """Return if the document that is being read is still wanted. raises Stale"""
        if self._current is None:
            raise Stale

    def run(self) -> None:
        """Read documents until `end` is called."""
        while (document := self._next()) is not None:
            self._report_reading(document)
            try:
                answer = self._read(document)
            except Stale:
                continue
            finally:
                self._report_reading(None)
            with self._change:
                if self._current is not document:
                    continue
                self._current = None
                if not answer.failure:  # a failed document is read again only when it is saved
                    self._answered[document.uri] = document, answer
            self._publish(document, answer)

    def _next(self) -> Document | None:
        """Wait for the next document that is due; None at the end."""
        with self._change:
            while not self._ended:
                now = time.monotonic()
                due, document = min(
                    self._waiting.values(), key=lambda entry: entry[0], default=(now, None)
                )
                if document is not None and due <= now:
                    del self._waiting[document.uri]
                    self._current = document
                    return document
                timeout = POLL_SECONDS if self._answered else None
                if document is not None:
                    timeout = min(due - now, timeout or due - now)
                if not self._change.wait(timeout):
                    self._requeue_outdated()
        return None

    def _requeue_outdated(self) -> None:
        for document, answer in list(self._answered.values()):
            if answer.is_outdated():
                self.put(document)
