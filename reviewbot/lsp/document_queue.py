"""Documents wait here to be read, one after another, on a thread of its own.

The editor never waits: a newer version takes the place of an older one, also of the one that is
being read, and what nobody wants any more is dropped.
"""

import threading
import time
from collections.abc import Callable

from reviewbot.lsp.document import Answer, Document, Stale

LOOK_SECONDS = 2.0  # between two looks at what answers depend on beside the text


class Desk:
    """Reads documents when they are due."""

    def __init__(
        self,
        check: Callable[[Document], Answer],
        publish: Callable[[Document, Answer], None],
        busy: Callable[[Document | None], None] = lambda _document: None,
    ) -> None:
        """Start nothing yet.

        check    reads a document; may call `wanted`, and raises nothing but Stale
        publish  takes an answer, on the thread of `run`
        busy     takes the document that is being read, None when it was; on that thread, too
        """
        self._check, self._publish, self._busy = check, publish, busy
        self._waiting: dict[str, tuple[float, Document]] = {}  # by URI: when it is due
        self._answered: dict[str, tuple[Document, Answer]] = {}
        self._current: Document | None = None
        self._change = threading.Condition()
        self._ended = False

    def put(self, document: Document, wait: float = 0.0) -> None:
        """Have a document read in `wait` seconds, instead of any other version of it."""
        with self._change:
            self.forget(document.uri)
            self._waiting[document.uri] = time.monotonic() + wait, document
            self._change.notify()

    def forget(self, uri: str) -> None:
        """Let go of a document: it was closed."""
        with self._change:
            self._waiting.pop(uri, None)
            self._answered.pop(uri, None)
            if self._current is not None and self._current.uri == uri:
                self._current = None

    def end(self) -> None:
        """Let `run` return, after the forward pass in progress."""
        with self._change:
            self._ended, self._current = True, None
            self._change.notify()

    def wanted(self) -> None:
        """Return if the document that is being read is still wanted. raises Stale"""
        if self._current is None:
            raise Stale

    def run(self) -> None:
        """Read until the end."""
        while (document := self._next()) is not None:
            self._busy(document)
            try:
                answer = self._check(document)
            except Stale:
                continue
            finally:
                self._busy(None)
            with self._change:
                if self._current is not document:
                    continue
                self._current = None
                if not answer.failed:  # else it is tried again when it is saved, not by itself
                    self._answered[document.uri] = document, answer
            self._publish(document, answer)

    def _next(self) -> Document | None:
        """Wait for the next document that is due; None at the end."""
        with self._change:
            while not self._ended:
                now = time.monotonic()
                due, document = min(self._waiting.values(), key=_when, default=(now, None))
                if document is not None and due <= now:
                    del self._waiting[document.uri]
                    self._current = document
                    return document
                patience = LOOK_SECONDS if self._answered else None
                if document is not None:
                    patience = min(due - now, patience or due - now)
                if not self._change.wait(patience):
                    self._look()
        return None

    def _look(self) -> None:
        """Put documents back whose answer may be another one now: there was a commit."""
        for document, answer in list(self._answered.values()):
            if answer.moved():
                self.put(document)


def _when(entry: tuple[float, Document]) -> float:
    return entry[0]
