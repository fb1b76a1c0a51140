"""The client: an encoder that a server runs, with the model loaded here as the fallback.

Only the encoder is remote. A server that is missing, differs, hangs, dies or sends garbage costs
seconds: the model is then loaded here, and the numbers do not change.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from reviewbot.encoders.encoder import Encoder, EncoderSpec, Tokens
from reviewbot.encoders.spans import Span
from reviewbot.encoders.states import HEAD, HiddenStates
from reviewbot.errors import EnvironmentFailure
from reviewbot.server import messages
from reviewbot.server.compatibility import all_terms, difference, socket_name, spec_terms
from reviewbot.server.messages import Arrays, BadMessage
from reviewbot.server.socket_path import why_not_usable

GREETING_SECONDS = 2.0
SILENCE_SECONDS = 10.0  # a server that computes sends a sign of life each second
MAX_ANSWER_SECONDS = 300.0  # for one answer, the wait for other clients included
STOP_SECONDS = 60.0  # for a server to exit: a forward pass may be in progress
MAX_WIDTH = 65_536
MAX_TOKEN = 4_096  # bytes of a token's text
T = TypeVar("T")


class ServerUnusable(Exception):
    """There is a socket, but its server cannot be used; the text says why."""


class RemoteEncoder:
    """Asks a server; from its first failure on, asks the model that it then loads here."""

    def __init__(
        self,
        connection: Connection,
        greeting: Mapping[str, Any],
        spec: EncoderSpec,
        load: Callable[[EncoderSpec], Encoder],
        log: Callable[[str], None],
    ) -> None:
        """Take over a connection whose terms agree.

        load    loads the model here, if the server fails
        log     is called with the reason then
        raises  BadMessage for an invalid greeting
        """
        try:
            self.width = int(greeting["width"])
            self.dtype = str(greeting["dtype"])
            self.engine = str(greeting["engine"])
        except (KeyError, TypeError, ValueError) as exc:
            raise BadMessage("it sent no valid greeting") from exc
        if not 0 < self.width <= MAX_WIDTH:
            raise BadMessage(f"it sent the width {self.width}")
        self._connection: Connection | None = connection
        self._spec, self._load, self._log = spec, load, log
        self._fallback: Encoder | None = None
        self._lock = threading.Lock()  # one request at a time

    def tokenize(self, text: str) -> Tokens:
        """Split a text into tokens with character offsets."""
        raw = messages.pack_text(text)
        max_bytes = 12 * (4 * len(raw) + 64)  # a normalizer may make several tokens of a byte

        def parse(answer: Arrays) -> Tokens:
            if set(answer) != {"ids", "offsets"} or (
                answer["offsets"].shape != (len(answer["ids"]), 2)
            ):
                raise BadMessage("it sent something other than tokens")
            offsets = [Span(start, end) for start, end in answer["offsets"].tolist()]
            return Tokens(answer["ids"].tolist(), offsets)

        return self._ask({"text": raw}, max_bytes, parse, lambda here: here.tokenize(text))

    def token(self, number: int) -> str:
        """Return the text of a token."""

        def parse(answer: Arrays) -> str:
            if set(answer) != {"text"}:
                raise BadMessage("it sent something other than a text")
            return messages.unpack_text(answer["text"])

        request = {"number": np.array([number], np.int32)}
        return self._ask(request, MAX_TOKEN, parse, lambda here: here.token(number))

    def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
        """Read one window in one forward pass, at the server or here, from token `first` on."""
        count = len(ids) - first
        shapes = {"values": (count, self.width)}
        if self._spec.deep is not None:
            shapes["deep"] = (count, self.width)
        if self._spec.full:
            shapes["signals"] = (count, len(HEAD))
        max_bytes = sum(4 * rows * columns for rows, columns in shapes.values())

        def parse(answer: Arrays) -> HiddenStates:
            if {name: array.shape for name, array in answer.items()} != shapes:
                raise BadMessage("it sent states of other shapes")
            return HiddenStates.of(answer["values"], answer.get("deep"), answer.get("signals"))

        request = {"ids": np.array(ids, np.int32), "first": np.array([first], np.int32)}
        return self._ask(request, max_bytes, parse, lambda here: here.states(ids, first))

    def _ask(
        self,
        request: Arrays,
        max_bytes: int,
        parse: Callable[[Arrays], T],
        fallback: Callable[[Encoder], T],
    ) -> T:
        with self._lock:
            if self._connection is not None:
                try:
                    return parse(_answer(self._connection, request, max_bytes))
                except OSError as exc:
                    self._connection.close()
                    self._connection = None
                    self._log(f"the server was lost ({exc}): the model is loaded here")
            if self._fallback is None:
                self._fallback = self._load_fallback()
        return fallback(self._fallback)

    def _load_fallback(self) -> Encoder:
        # A report has one number format: what "auto" chose at the server is used here too.
        auto = self._spec.dtype == "auto" and self.dtype in ("fp32", "bf16")
        here = self._load(replace(self._spec, dtype=self.dtype) if auto else self._spec)
        if (here.width, here.dtype, here.engine) != (self.width, self.dtype, self.engine):
            raise EnvironmentFailure(
                "nothing was scored: the server was lost, and the model computes otherwise here "
                f"({here.engine}) than there ({self.engine})",
                fix="run it again",
            )
        return here


def connect(
    directory: Path,
    spec: EncoderSpec,
    sha256: str,
    environ: Mapping[str, str],
    *,
    load: Callable[[EncoderSpec], Encoder],
    log: Callable[[str], None],
) -> RemoteEncoder | None:
    """Return the encoder of the server for this spec; None if there is no socket, after one stat.

    directory  of the sockets (`socket_path.socket_directory`)
    sha256     of the model
    load, log  for RemoteEncoder
    raises     ServerUnusable
    """
    model_terms = spec_terms(spec, sha256)
    path = directory / socket_name(model_terms)
    if not os.path.lexists(path):
        return None
    if why := why_not_usable(path):
        raise ServerUnusable(why)
    try:
        connection = _dial(path)
    except OSError as exc:
        raise ServerUnusable(f"no server answers at {path} ({exc.strerror or exc})") from exc
    try:
        ours = all_terms(model_terms, environ)
        messages.send(connection, json.dumps({"terms": ours}).encode())
        greeting = messages.receive_json(connection, GREETING_SECONDS)
        theirs = greeting.get("terms")
        if not isinstance(theirs, dict):
            raise BadMessage("it sent no terms")
        if why := difference(ours, theirs):
            raise BadMessage(why)
        return RemoteEncoder(connection, greeting, spec, load, log)
    except OSError as exc:
        connection.close()
        raise ServerUnusable(f"the server at {path} cannot be used: {exc}") from exc


def stop(path: Path) -> bool:
    """Ask a server to exit and wait until it has; False if none answers.

    raises  TimeoutError if it does not exit
    """
    if why_not_usable(path):
        return False
    try:
        connection = _dial(path)
    except OSError:
        return False
    with connection:
        try:
            messages.send(connection, json.dumps({"stop": True}).encode())
            messages.receive(connection, 0, STOP_SECONDS)
        except TimeoutError:
            raise
        except OSError:  # the connection ended, so the server has exited
            pass
    return True


def _dial(path: Path) -> Connection:
    connection = Client(str(path), "AF_UNIX")
    if messages.is_other_user(connection):
        connection.close()
        raise PermissionError(0, "it belongs to another user")
    return connection


def _answer(connection: Connection, request: Arrays, max_bytes: int) -> Arrays:
    """Ask one thing and wait for the answer. raises OSError"""
    messages.send(connection, messages.pack(request))
    deadline = time.monotonic() + MAX_ANSWER_SECONDS
    while time.monotonic() < deadline:
        message = messages.receive(connection, messages.MAX_HEADER + max_bytes, SILENCE_SECONDS)
        if not message:  # a sign of life
            continue
        answer = messages.unpack(message)
        if set(answer) == {"error"}:
            text = answer["error"].tobytes().decode("utf-8", "replace")
            raise BadMessage(f"it failed with {text[:200]!r}")
        return answer
    raise TimeoutError(f"no answer in {MAX_ANSWER_SECONDS:.0f} s")
