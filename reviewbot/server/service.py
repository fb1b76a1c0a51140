"""The server's loop: many clients, each on a thread of its own, and one forward pass at a time.

The encoder is only ever called by the thread that calls `run`, the one that loaded it: threads of a
client do nothing but move bytes. So a client that dies, stalls or sends rubbish loses its own
connection, and libraries find the same thread settings as without a server.
"""

import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

import numpy as np

from reviewbot.encoders.encoder import Encoder
from reviewbot.server.channel import Channel
from reviewbot.server.compatibility import difference
from reviewbot.server.socket_path import is_stranger
from reviewbot.server.wire import BadFrame, Frame

HELLO_SECONDS = 5.0  # for a client to say what it wants
REST_SECONDS = 120.0  # between two questions of a client
BEAT = 1.0  # seconds between two signs of life while a client waits
MAX_CLIENTS = 64
MAX_QUESTION = 32 * 1024 * 1024  # bytes: a text, or the ids of one window


@dataclass(slots=True, eq=False)
class _Job:
    """A question that waits for the encoder."""

    question: Frame
    answer: Frame | None = None  # set before `done` is
    done: threading.Event = field(default_factory=threading.Event)
    dropped: bool = False  # its client is gone


class Server:
    """Serves one encoder until it is stopped, or nobody has asked it for a while."""

    def __init__(
        self, encoder: Encoder, terms: Mapping[str, str], listener: socket.socket, idle: float
    ) -> None:
        """Take a listening socket.

        terms  what a client must agree on (`server.compatibility`)
        idle   seconds without a question after which it ends
        """
        self._encoder, self._terms, self._listener, self._idle = encoder, terms, listener, idle
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()  # a signal handler may put into it
        self._open: set[Channel] = set()
        self._stopping = False

    def run(self) -> str:
        """Answer until the end; return why it came, in words. Then `close` is to be called."""
        threading.Thread(target=self._accept, daemon=True).start()
        last = time.monotonic()
        while not self._stopping:
            left = last + self._idle - time.monotonic()
            try:
                job = self._jobs.get(timeout=max(left, 0))
            except Empty:
                return "nobody asked"
            if job is None or job.dropped:
                continue
            job.answer = self._answer(job.question)
            job.done.set()
            last = time.monotonic()
        return "it was asked to"

    def stop(self) -> None:
        """End `run` after the forward pass in progress; any thread or signal handler may call."""
        self._stopping = True
        self._jobs.put(None)

    def close(self) -> None:
        """Hang up on everybody."""
        self._stopping = True
        with suppress(OSError):  # closing alone does not wake the thread that accepts
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for channel in list(self._open):
            channel.close()

    def _accept(self) -> None:
        while not self._stopping:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed, or no file descriptor is left
                time.sleep(0.1)
                continue
            if is_stranger(connection) or len(self._open) >= MAX_CLIENTS:
                connection.close()
                continue
            channel = Channel(connection)
            self._open.add(channel)
            try:
                threading.Thread(target=self._serve, args=(channel,), daemon=True).start()
            except RuntimeError:  # the system gives no more threads
                self._hang_up(channel)

    def _hang_up(self, channel: Channel) -> None:
        self._open.discard(channel)
        channel.close()

    def _serve(self, channel: Channel) -> None:
        try:
            first = channel.receive(0, HELLO_SECONDS)
            if first is None:
                return
            if first.kind == "stop":
                self.stop()
                channel.receive(0, REST_SECONDS)  # what ends it is that this process does
            elif first.kind == "hello":
                channel.send(self._welcome())
                if difference(self._terms, first.fields["terms"]) is None:
                    self._converse(channel)
        except (OSError, BadFrame):
            pass  # it hears no more than that the connection ends
        finally:
            self._hang_up(channel)

    def _welcome(self) -> Frame:
        encoder = self._encoder
        says = {"engine": encoder.engine, "dtype": encoder.dtype, "width": encoder.width}
        return Frame("welcome", {"terms": dict(self._terms), **says})

    def _converse(self, channel: Channel) -> None:
        while question := channel.receive(MAX_QUESTION, REST_SECONDS):
            if question.kind not in ("tokenize", "read"):
                return
            job = _Job(question)
            self._jobs.put(job)
            try:
                while not job.done.wait(BEAT):
                    channel.send(Frame("wait"))
            except OSError:
                job.dropped = True
                raise
            if job.answer is not None:
                channel.send(job.answer)

    def _answer(self, question: Frame) -> Frame:
        try:
            if question.kind == "tokenize":
                return _tokens(self._encoder, question)
            return _states(self._encoder, question)
        except Exception as exc:  # noqa: BLE001 - a stranger's ids, the memory: the others go on
            return Frame("failed", {"why": f"{type(exc).__name__}: {str(exc)[:500]}"})


def _tokens(encoder: Encoder, question: Frame) -> Frame:
    tokens = encoder.tokenize(question.arrays["text"].tobytes().decode("utf-8", "surrogatepass"))
    ids_T = np.array(tokens.ids, np.int32)
    offsets_T2 = np.array(tokens.offsets, np.int32).reshape(-1, 2)
    return Frame("tokens", arrays={"ids": ids_T, "offsets": offsets_T2})


def _states(encoder: Encoder, question: Frame) -> Frame:
    hidden = encoder.states(question.arrays["ids"].tolist())
    found = {"values": hidden.values_TD, "deep": hidden.deep_TD, "signals": hidden.signals_TS}
    return Frame(
        "states", arrays={name: array for name, array in found.items() if array is not None}
    )
