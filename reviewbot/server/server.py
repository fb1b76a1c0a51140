"""The server: many clients, each on its own thread, and one forward pass at a time.

Only the thread that calls `run`, the one that loaded the encoder, ever calls it; the others move
bytes. So a client that dies, stalls or sends garbage loses its own connection only, and libraries
find the same thread settings as without a server.
"""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from queue import Empty, SimpleQueue

import numpy as np

from reviewbot.encoders.encoder import Encoder
from reviewbot.errors import EnvironmentFailure
from reviewbot.server import messages
from reviewbot.server.compatibility import difference
from reviewbot.server.messages import Arrays, BadMessage
from reviewbot.server.socket_path import FIX

GREETING_SECONDS = 5.0  # for a client to greet
REQUEST_SECONDS = 120.0  # between two requests of a client
HEARTBEAT = 1.0  # seconds between two signs of life while a client waits
MAX_CLIENTS = 64
REQUESTS = (["text"], ["first", "ids"], ["number"])
MAX_REQUEST = 32 * 1024 * 1024  # bytes: a text, or the ids of one window
Job = tuple[Arrays, "Future[bytes]"]


class Server:
    """Serves one encoder until it is stopped, or idle for a while."""

    def __init__(self, encoder: Encoder, terms: Mapping[str, str], path: Path, idle: float) -> None:
        """Listen at `path`, whose lock the caller holds. A dead server's socket is replaced.

        terms   what a client must agree on (`server.compatibility`)
        idle    seconds without a request after which `run` ends
        raises  EnvironmentFailure if the socket cannot be created
        """
        self._encoder, self._terms, self._path, self._idle = encoder, terms, path, idle
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()  # a signal handler may put into it
        self._connections: set[Connection] = set()
        self._lock = threading.Lock()  # of the set, and for closing what is in it
        self._stopping = False
        try:
            path.unlink(missing_ok=True)
            self._listener = Listener(str(path), "AF_UNIX", backlog=MAX_CLIENTS)
            path.chmod(0o600)
        except OSError as exc:
            raise EnvironmentFailure(
                f"nothing is served: {path}: {exc.strerror or exc}", fix=FIX
            ) from exc

    def run(self) -> str:
        """Answer until the end and remove the socket; return why it ended. Then call `close`."""
        threading.Thread(target=self._accept, daemon=True).start()
        try:
            while (job := self._jobs.get(timeout=self._idle)) and not self._stopping:
                request, answer = job
                if answer.set_running_or_notify_cancel():
                    answer.set_result(self._answer(request))
        except Empty:
            return "idle"
        finally:
            self._stopping = True
            with suppress(OSError):  # closing the listener would not wake the thread that accepts
                Client(str(self._path), "AF_UNIX").close()
            with suppress(OSError):  # somebody has removed the socket
                self._listener.close()
        return "stopped"

    def stop(self) -> None:
        """End `run` after the forward pass in progress; any thread or signal handler may call."""
        self._stopping = True
        self._jobs.put(None)

    def close(self) -> None:
        """Hang up on every client."""
        with self._lock:
            for connection in self._connections:
                messages.hang_up(connection)

    def _accept(self) -> None:
        while not self._stopping:
            try:
                connection = self._listener.accept()
            except OSError:  # no file descriptor is left
                time.sleep(0.1)
                continue
            with self._lock:
                self._connections.add(connection)
            if self._stopping or len(self._connections) > MAX_CLIENTS:
                self._close(connection)
                continue
            try:
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()
            except RuntimeError:  # the system gives no more threads
                self._close(connection)

    def _close(self, connection: Connection) -> None:
        with self._lock:
            self._connections.discard(connection)
            connection.close()

    def _serve(self, connection: Connection) -> None:
        try:
            if not messages.is_other_user(connection):
                self._greet(connection)
        except OSError:
            pass  # the client only sees that the connection ends
        finally:
            self._close(connection)

    def _greet(self, connection: Connection) -> None:
        greeting = messages.receive_json(connection, GREETING_SECONDS)
        if greeting.get("stop"):
            self.stop()
            messages.receive(connection, 0, REQUEST_SECONDS)  # until this process ends
        terms = greeting.get("terms")
        if not isinstance(terms, dict):
            raise BadMessage("it sent no terms")
        encoder = self._encoder
        facts = {"engine": encoder.engine, "dtype": encoder.dtype, "width": encoder.width}
        messages.send(connection, json.dumps({"terms": dict(self._terms), **facts}).encode())
        if difference(self._terms, terms) is None:
            while True:
                self._serve_request(connection)

    def _serve_request(self, connection: Connection) -> None:
        request = messages.unpack(messages.receive(connection, MAX_REQUEST, REQUEST_SECONDS))
        if sorted(request) not in REQUESTS:
            raise BadMessage("it sent no request")
        answer: Future[bytes] = Future()
        self._jobs.put((request, answer))
        try:
            while not wait([answer], timeout=HEARTBEAT).done:
                messages.send(connection, b"")
        except OSError:
            answer.cancel()
            raise
        messages.send(connection, answer.result())

    def _answer(self, request: Arrays) -> bytes:
        try:
            if "text" in request:
                return _tokens(self._encoder, messages.unpack_text(request["text"]))
            if "number" in request:
                text = self._encoder.token(int(request["number"][0]))
                return messages.pack({"text": messages.pack_text(text)})
            return _states(self._encoder, request["ids"].tolist(), int(request["first"][0]))
        except Exception as exc:  # noqa: BLE001 - untrusted ids, the memory: other clients go on
            return messages.pack(
                {"error": messages.pack_text(f"{type(exc).__name__}: {exc}"[:500])}
            )


def _tokens(encoder: Encoder, text: str) -> bytes:
    tokens = encoder.tokenize(text)
    offsets_T2 = np.array(tokens.offsets, np.int32).reshape(-1, 2)
    return messages.pack({"ids": np.array(tokens.ids, np.int32), "offsets": offsets_T2})


def _states(encoder: Encoder, ids: Sequence[int], first: int) -> bytes:
    hidden = encoder.states(ids, first)
    arrays = {"values": hidden.values_TD, "deep": hidden.deep_TD, "signals": hidden.head}
    return messages.pack({name: array for name, array in arrays.items() if array is not None})
