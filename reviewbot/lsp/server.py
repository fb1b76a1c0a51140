"""The language server, on pygls. Handlers run on its loop; reading runs on another thread.

The server asks for whole texts (`TextDocumentSyncKind.Full`): pygls takes a form feed for a line
end, which editors do not, and would apply partial edits in the wrong place.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from reviewbot import __version__
from reviewbot.lsp.diagnostics import Diagnostic, Severity
from reviewbot.lsp.document_queue import Answer, Document, DocumentQueue
from reviewbot.lsp.parent_watch import when_dead
from reviewbot.lsp.progress import ReadingProgress
from reviewbot.lsp.protocol import Protocol

LAST_SECONDS = 3.0  # for the document that is being read at shutdown
PAUSE = 0.7  # seconds after the last key before the text is read
SOURCE = "reviewbot"
_LOG = logging.getLogger(__name__)
MakeQueue = Callable[
    [Callable[[Document, Answer], None], Callable[[Document | None], None]], DocumentQueue
]
_SEVERITIES = {
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.INFORMATION: lsp.DiagnosticSeverity.Information,
}


class Server(LanguageServer):
    """Publishes the result of a check for each open document."""

    def __init__(self, make_queue: MakeQueue) -> None:
        """Take a function that makes the queue from its two callbacks."""
        full = lsp.TextDocumentSyncKind.Full
        super().__init__(SOURCE, __version__, text_document_sync_kind=full, protocol_cls=Protocol)
        self.queue = make_queue(self._answered, self._reading)
        self._thread = threading.Thread(target=self.queue.run, name="reading", daemon=True)
        self._progress = ReadingProgress(self)
        self.greeted = False  # an editor sent `initialize` or `exit`
        self.shut_down = False  # it sent `shutdown`
        self._open: dict[str, Document] = {}
        self._answers: dict[str, tuple[Document, Answer]] = {}
        self._failed: set[str] = set()  # their last answer is a failure
        self._logged: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        handlers: dict[str, Callable[[Any], Any]] = {
            lsp.INITIALIZE: self._initialize,
            lsp.INITIALIZED: self._initialized,
            lsp.TEXT_DOCUMENT_DID_OPEN: self._opened,
            lsp.TEXT_DOCUMENT_DID_CHANGE: self._changed,
            lsp.TEXT_DOCUMENT_DID_SAVE: self._saved,
            lsp.TEXT_DOCUMENT_DID_CLOSE: self._closed,
            lsp.TEXT_DOCUMENT_HOVER: self._hover,
            lsp.SHUTDOWN: self._shutdown,
            lsp.EXIT: self._exit,
            lsp.WORKSPACE_DID_CHANGE_CONFIGURATION: lambda _params: None,  # settings are files
        }
        for name, handler in handlers.items():
            self.feature(name)(_plain(handler))

    def serve(self, stdin: BinaryIO, stdout: BinaryIO) -> int:
        """Serve until the editor ends it or is gone; return the exit code of the protocol.

        The process exits in here if the editor is dead while stdin is still open.
        """
        self._thread.start()
        self.start_io(stdin, stdout)
        return self._end()

    def _end(self) -> int:
        self.queue.end()
        self._thread.join(LAST_SECONDS)  # so that it removes its temporary folders
        return 0 if self.shut_down else 1

    def _initialize(self, params: lsp.InitializeParams) -> None:
        self.greeted = True
        if (number := params.process_id) is not None and number > 0:
            when_dead(number, lambda: self._exit_now(number))

    def _exit_now(self, number: int) -> None:
        """Exit at once: an ordinary return would wait for the thread that blocks on stdin."""
        _LOG.error("reviewbot: the editor (process %d) is dead, so this server ends", number)
        os._exit(self._end())

    def _initialized(self, _params: lsp.InitializedParams) -> None:
        self._loop = asyncio.get_running_loop()

    def _opened(self, params: lsp.DidOpenTextDocumentParams) -> None:
        self._loop = asyncio.get_running_loop()
        item = params.text_document
        if (file := file_of(item.uri)) is None:
            self._log(f"{item.uri[:300]}: not read: it is not a file", once=True)
            return
        self._put(Document(item.uri, item.version, file, item.text))

    def _changed(self, params: lsp.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        if (old := self._open.get(uri)) is None:
            return
        text = params.content_changes[-1].text if params.content_changes else old.text
        new = Document(uri, params.text_document.version, old.file, text)
        if uri in self._failed:
            self._open[uri] = new  # after a failure, read again when it is saved, not at each key
            return
        self._put(new, PAUSE)

    def _saved(self, params: lsp.DidSaveTextDocumentParams) -> None:
        if (document := self._open.get(params.text_document.uri)) is not None:
            self._put(document)

    def _closed(self, params: lsp.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        if self._open.pop(uri, None) is not None:
            self.queue.forget(uri)
            self._answers.pop(uri, None)
            self._failed.discard(uri)
            self._publish(uri, None, [])

    def _hover(self, params: lsp.HoverParams) -> lsp.Hover | None:
        document, answer = self._answers.get(params.text_document.uri, (None, None))
        if document is None or answer is None or self._open.get(document.uri) is not document:
            return None  # the lines may have moved
        number = params.position.line + 1
        here = [item for item in answer.diagnostics if item.start <= number <= item.end]
        if not here:
            return None
        hover = self.client_capabilities.text_document and (
            self.client_capabilities.text_document.hover
        )
        if hover and lsp.MarkupKind.Markdown in (hover.content_format or ()):
            kind, words = lsp.MarkupKind.Markdown, "\n\n---\n\n".join(item.details for item in here)
        else:
            kind, words = lsp.MarkupKind.PlainText, "\n\n".join(item.message for item in here)
        return lsp.Hover(lsp.MarkupContent(kind, words), self._range(document, here[0]))

    def _exit(self, _params: None) -> None:
        self.greeted = True

    def _shutdown(self, _params: None) -> None:
        self.shut_down = True
        self.queue.end()

    def _put(self, document: Document, wait: float = 0.0) -> None:
        self._open[document.uri] = document
        self._failed.discard(document.uri)
        self.queue.put(document, wait)

    def _answered(self, document: Document, answer: Answer) -> None:
        """Take an answer on the reading thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._show, document, answer)

    def _reading(self, document: Document | None) -> None:
        """Take what is being read, on the reading thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._progress.show, document)

    def _show(self, document: Document, answer: Answer) -> None:
        if self._open.get(document.uri) is not document:
            return
        self._answers[document.uri] = document, answer
        if answer.failure:
            self._failed.add(document.uri)
        if answer.remark:
            self._log(f"{document.file}: {answer.remark}", once=True)
        if answer.failure:
            self._log(f"{document.file}: {answer.failure}", kind=lsp.MessageType.Error)
            if answer.failure not in self._logged:
                self._logged.add(answer.failure)
                words = f"reviewbot: {answer.failure}"[:1_000]
                self.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Error, words))
        diagnostics = [
            lsp.Diagnostic(
                range=self._range(document, item),
                message=item.message,
                severity=_SEVERITIES[item.severity],
                code=item.code,
                source=SOURCE,
            )
            for item in answer.diagnostics
        ]
        self._publish(document.uri, document.version, diagnostics)

    def _publish(self, uri: str, version: int | None, diagnostics: list[lsp.Diagnostic]) -> None:
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri=uri, version=version, diagnostics=diagnostics)
        )

    def _log(
        self, words: str, *, once: bool = False, kind: lsp.MessageType = lsp.MessageType.Info
    ) -> None:
        if once and words in self._logged:
            return
        self._logged.add(words)
        self.window_log_message(lsp.LogMessageParams(kind, words[:5_000]))

    def _range(self, document: Document, item: Diagnostic) -> lsp.Range:
        """Return the range of its columns, else from the first line's indentation to the last end.

        Only a line feed ends a line, as in git.
        """
        lines = document.text.split("\n")
        first = lines[min(item.start, len(lines)) - 1]
        last = lines[min(item.end, len(lines)) - 1].removesuffix("\r")
        units = self.workspace.position_codec.client_num_units
        indent = first[: len(first) - len(first.lstrip())]
        if item.columns:
            indent, last = first[: item.columns.start], first[: item.columns.end]
        return lsp.Range(
            lsp.Position(item.start - 1, units(indent)), lsp.Position(item.end - 1, units(last))
        )


def file_of(uri: str) -> Path | None:
    """Return the local file that a URI names, or None."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    raw = unquote_to_bytes(parts.path)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or b"\0" in raw:
        return None
    file = Path(url2pathname(parts.path) if os.name == "nt" else os.fsdecode(raw))
    return file if file.is_absolute() and file.name else None


def _plain(handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a plain function: pygls sets attributes on handlers, which a method does not allow."""

    def call(params: Any) -> Any:
        return handler(params)

    return call
