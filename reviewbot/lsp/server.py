"""The language server: the only place that knows pygls. Everything quick is done on its loop.

pygls would take a form feed for a line end where an editor does not, and apply edits in the wrong
place. So editors are asked for whole texts (`TextDocumentSyncKind.Full`).
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
from reviewbot.lsp.diagnostics import Diagnostic, Level
from reviewbot.lsp.document import Answer, Document
from reviewbot.lsp.document_queue import Desk
from reviewbot.lsp.parent_watch import when_dead
from reviewbot.lsp.progress import Busy
from reviewbot.lsp.protocol import Protocol

LAST_SECONDS = 3.0  # for what is being read when the editor says good-bye
PAUSE = 0.7  # seconds without a key before the text is read
SOURCE = "reviewbot"
_LOG = logging.getLogger(__name__)
MakeDesk = Callable[[Callable[[Document, Answer], None], Callable[[Document | None], None]], Desk]
_LEVELS = {
    Level.WARNING: lsp.DiagnosticSeverity.Warning,
    Level.INFORMATION: lsp.DiagnosticSeverity.Information,
}


class Server(LanguageServer):
    """Tells an editor what a check says of its documents."""

    def __init__(self, desk: MakeDesk) -> None:
        """Take what makes a desk from what is told of its answers, and of what it reads."""
        full = lsp.TextDocumentSyncKind.Full
        super().__init__(SOURCE, __version__, text_document_sync_kind=full, protocol_cls=Protocol)
        self.desk = desk(self._answered, self._reads)
        self._reading = threading.Thread(target=self.desk.run, name="reading", daemon=True)
        self._busy = Busy(self)
        self.met = False  # whether an editor said hello, or `exit`
        self.clean = False  # whether it said good-bye
        self._open: dict[str, Document] = {}
        self._answers: dict[str, tuple[Document, Answer]] = {}
        self._failed: set[str] = set()  # whose last answer is a failure, with nothing on the desk
        self._said: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        handlers: dict[str, Callable[[Any], Any]] = {
            lsp.INITIALIZE: self._hello,
            lsp.INITIALIZED: self._begin,
            lsp.TEXT_DOCUMENT_DID_OPEN: self._opened,
            lsp.TEXT_DOCUMENT_DID_CHANGE: self._changed,
            lsp.TEXT_DOCUMENT_DID_SAVE: self._saved,
            lsp.TEXT_DOCUMENT_DID_CLOSE: self._closed,
            lsp.TEXT_DOCUMENT_HOVER: self._hover,
            lsp.SHUTDOWN: self._goodbye,
            lsp.EXIT: self._exit,
            lsp.WORKSPACE_DID_CHANGE_CONFIGURATION: lambda _params: None,  # ours are files
        }
        for name, handler in handlers.items():
            self.feature(name)(_plain(handler))

    def serve(self, stdin: BinaryIO, stdout: BinaryIO) -> int:
        """Serve until the editor ends it or is gone; return the exit code that LSP asks for.

        The process ends in here where the editor is dead and stdin is still open.
        """
        self._reading.start()
        self.start_io(stdin, stdout)
        return self._end()

    def _end(self) -> int:
        self.desk.end()
        self._reading.join(LAST_SECONDS)  # its temporary folders go with it
        return 0 if self.clean else 1

    def _hello(self, params: lsp.InitializeParams) -> None:
        self.met = True
        if (number := params.process_id) is not None and number > 0:
            when_dead(number, lambda: self._left(number))

    def _left(self, number: int) -> None:
        """End at once: an ordinary end would wait for the thread that waits for stdin."""
        _LOG.error("reviewbot: the editor (process %d) is dead, so this server ends", number)
        os._exit(self._end())

    def _begin(self, _params: lsp.InitializedParams) -> None:
        self._loop = asyncio.get_running_loop()

    def _opened(self, params: lsp.DidOpenTextDocumentParams) -> None:
        self._loop = asyncio.get_running_loop()
        given = params.text_document
        if (file := file_of(given.uri)) is None:
            self._log(f"{given.uri[:300]}: not read: it is no file", once=True)
            return
        self._put(Document(given.uri, given.version, file, given.text))

    def _changed(self, params: lsp.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        if (old := self._open.get(uri)) is None:
            return
        text = params.content_changes[-1].text if params.content_changes else old.text
        new = Document(uri, params.text_document.version, old.file, text)
        if uri in self._failed:
            self._open[uri] = new  # what failed is tried again when it is saved, not at each key
            return
        self._put(new, PAUSE)

    def _saved(self, params: lsp.DidSaveTextDocumentParams) -> None:
        if (document := self._open.get(params.text_document.uri)) is not None:
            self._put(document)

    def _closed(self, params: lsp.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        if self._open.pop(uri, None) is not None:
            self.desk.forget(uri)
            self._answers.pop(uri, None)
            self._failed.discard(uri)
            self._publish(uri, None, [])

    def _hover(self, params: lsp.HoverParams) -> lsp.Hover | None:
        found = self._answers.get(params.text_document.uri)
        if found is None or self._open.get(found[0].uri) is not found[0]:
            return None  # the lines may stand elsewhere by now
        number = params.position.line + 1
        told = [one for one in found[1].diagnostics if one.start <= number <= one.end]
        if not told:
            return None
        hover = self.client_capabilities.text_document and (
            self.client_capabilities.text_document.hover
        )
        if hover and lsp.MarkupKind.Markdown in (hover.content_format or ()):
            kind, words = lsp.MarkupKind.Markdown, "\n\n---\n\n".join(one.details for one in told)
        else:
            kind, words = lsp.MarkupKind.PlainText, "\n\n".join(one.message for one in told)
        return lsp.Hover(lsp.MarkupContent(kind, words), self._range(found[0], told[0]))

    def _exit(self, _params: None) -> None:
        self.met = True

    def _goodbye(self, _params: None) -> None:
        self.clean = True
        self.desk.end()

    def _put(self, document: Document, wait: float = 0.0) -> None:
        self._open[document.uri] = document
        self._failed.discard(document.uri)
        self.desk.put(document, wait)

    def _answered(self, document: Document, answer: Answer) -> None:
        """Hear an answer, on the desk's thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, document, answer)

    def _reads(self, document: Document | None) -> None:
        """Hear what is being read, on the desk's thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._busy.reads, document)

    def _tell(self, document: Document, answer: Answer) -> None:
        if self._open.get(document.uri) is not document:
            return
        self._answers[document.uri] = document, answer
        if answer.failed:
            self._failed.add(document.uri)
        if answer.remark:
            self._log(f"{document.file}: {answer.remark}", once=True)
        if answer.failure:
            self._log(f"{document.file}: {answer.failure}", kind=lsp.MessageType.Error)
            if answer.failure not in self._said:
                self._said.add(answer.failure)
                words = f"reviewbot: {answer.failure}"[:1_000]
                self.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Error, words))
        found = [
            lsp.Diagnostic(
                range=self._range(document, one),
                message=one.message,
                severity=_LEVELS[one.level],
                code=one.code,
                source=SOURCE,
            )
            for one in answer.diagnostics
        ]
        self._publish(document.uri, document.version, found)

    def _publish(self, uri: str, version: int | None, found: list[lsp.Diagnostic]) -> None:
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri=uri, version=version, diagnostics=found)
        )

    def _log(
        self, words: str, *, once: bool = False, kind: lsp.MessageType = lsp.MessageType.Info
    ) -> None:
        if once and words in self._said:
            return
        self._said.add(words)
        self.window_log_message(lsp.LogMessageParams(kind, words[:5_000]))

    def _range(self, document: Document, one: Diagnostic) -> lsp.Range:
        """Return where a diagnostic stands, from the first line's indentation to the last's end.

        Only a line feed ends a line here, as in git.
        """
        lines = document.text.split("\n")
        first = lines[min(one.start, len(lines)) - 1]
        last = lines[min(one.end, len(lines)) - 1].removesuffix("\r")
        units = self.workspace.position_codec.client_num_units
        indent = first[: len(first) - len(first.lstrip())]
        return lsp.Range(
            lsp.Position(one.start - 1, units(indent)), lsp.Position(one.end - 1, units(last))
        )


def file_of(uri: str) -> Path | None:
    """Return the local file that a URI names; None where it names none."""
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
    """Return a plain function: pygls wants to write its marks on it, and a method takes none."""

    def call(params: Any) -> Any:
        return handler(params)

    return call
