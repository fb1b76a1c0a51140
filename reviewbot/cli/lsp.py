"""`reviewbot lsp`: a language server on stdin and stdout, for uncommitted lines."""

import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from reviewbot.cli.options import GroupedCommand, setting_flags
from reviewbot.config.choices import Surface
from reviewbot.config.load import load_settings
from reviewbot.config.schema import settings_on
from reviewbot.errors import EXTRAS, UsageError, require

if TYPE_CHECKING:
    from reviewbot.lsp.document_queue import Answer, Document, DocumentQueue

STDIN, STDOUT, STDERR = 0, 1, 2


@click.command(cls=GroupedCommand)
@click.option("--stdio", is_flag=True, hidden=True)  # many editors pass it to every server
@setting_flags(*settings_on(Surface.LSP))
def lsp(stdio: bool, **flags: Any) -> None:  # noqa: ARG001
    """Show an editor which uncommitted lines are risky: a language server on stdin and stdout.

    The editor starts and ends it; see docs/editors.md.
    """
    require(EXTRAS["lsp"], "no editor is served", extra="lsp")
    load_settings(os.environ, flags)  # report a wrong setting before the editor connects
    _require_stdin()
    from reviewbot.lsp.check import Reader
    from reviewbot.lsp.document_queue import DocumentQueue
    from reviewbot.lsp.server import Server

    def make_queue(
        publish: "Callable[[Document, Answer], None]",
        report_reading: "Callable[[Document | None], None]",
    ) -> "DocumentQueue":
        queue = DocumentQueue(lambda document: reader.read(document), publish, report_reading)
        reader = Reader(os.environ, flags, queue.require_wanted)
        return queue

    with os.fdopen(os.dup(STDOUT), "wb") as protocol, os.fdopen(os.dup(STDIN), "rb") as stdin:
        # Nothing else, in C or in another process, may print into the protocol.
        os.dup2(STDERR, STDOUT)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a thread blocks on stdin
        server = Server(make_queue)
        code = server.serve(stdin, protocol)
    if not server.greeted:
        raise _no_editor("stdin ended before the editor sent `initialize`")
    sys.exit(code)


def _require_stdin() -> None:
    if sys.stdin is None:
        raise _no_editor("stdin is closed")
    if sys.stdin.isatty():
        raise _no_editor("stdin is a terminal")
    try:
        os.read(STDIN, 0)
    except OSError as exc:  # it is open for writing only
        raise _no_editor(f"stdin cannot be read: {exc.strerror}") from exc


def _no_editor(why: str) -> UsageError:
    return UsageError(f"no editor is served: {why}", fix="let the editor start `reviewbot lsp`")
