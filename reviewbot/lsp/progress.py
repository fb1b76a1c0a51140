"""The editor's progress indicator while a document is read."""

import asyncio

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from reviewbot.escape import visible
from reviewbot.lsp.document_queue import Document

DELAY = 1.0  # seconds before the indicator appears: shorter work would only flicker
MAX_CHARS = 100  # of a file's name


class ReadingProgress:
    """Shows the indicator if the editor has one. Use it on the editor's loop only."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None
        self._shown: str | None = None  # the token of the indicator on screen

    def show(self, document: Document | None) -> None:
        """Show that this document is being read now; None hides the indicator."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._shown is not None:
            self._server.work_done_progress.end(self._shown, lsp.WorkDoneProgressEnd())
            self._shown = None
        self._count += 1  # an editor that grants an older token is too late
        window = self._server.client_capabilities.window
        if document is not None and window and window.work_done_progress:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(DELAY, self._ask, f"reviewbot-{self._count}", document)

    def _ask(self, token: str, document: Document) -> None:
        self._timer = None
        self._server.work_done_progress.create(token, lambda _granted: self._begin(token, document))

    def _begin(self, token: str, document: Document) -> None:
        if token != f"reviewbot-{self._count}":
            return
        name = visible(document.file.name)[:MAX_CHARS]
        words = lsp.WorkDoneProgressBegin(title="reviewbot", message=f"reading {name}")
        self._server.work_done_progress.begin(token, words)
        self._shown = token
