"""Tells the editor that a document is still being read: until then nothing said is no answer."""

import asyncio

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from reviewbot.escape import visible
from reviewbot.lsp.document import Document

PATIENCE = 1.0  # seconds: what takes less would only flicker
MAX_CHARS = 100  # of a file's name


class Busy:
    """Shows the editor's own sign of progress, where it has one. To be used on its loop only."""

    def __init__(self, server: LanguageServer) -> None:
        """Say nothing yet."""
        self._server = server
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None
        self._shown: str | None = None  # the token of what the editor shows

    def reads(self, document: Document | None) -> None:
        """Take what is being read now, None for nothing; what was read before is done."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._shown is not None:
            self._server.work_done_progress.end(self._shown, lsp.WorkDoneProgressEnd())
            self._shown = None
        self._count += 1  # an editor that grants an older token is late
        if document is not None and self._can_show():
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(PATIENCE, self._ask, f"reviewbot-{self._count}", document)

    def _can_show(self) -> bool:
        window = self._server.client_capabilities.window
        return bool(window and window.work_done_progress)

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
