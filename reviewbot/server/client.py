"""An encoder in another process: the same digits from a model that is already warm.

Only the encoder is remote. A server that is missing, differs, hangs, dies or talks rubbish costs a
moment: the model is then loaded here, and what is read does not change.
"""

import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from reviewbot.encoders.encoder import Encoder, EncoderSpec, Tokens
from reviewbot.encoders.spans import Span
from reviewbot.encoders.states import SIGNALS, HiddenStates
from reviewbot.errors import EnvironmentFailure
from reviewbot.server.channel import Channel
from reviewbot.server.compatibility import all_terms, difference, socket_name, spec_terms
from reviewbot.server.socket_path import is_stranger, why_not_ours
from reviewbot.server.wire import BadFrame, Frame

CONNECT_SECONDS = 2.0
PATIENCE = 10.0  # seconds without a sign of life; a server that computes gives one each second
LONGEST = 300.0  # seconds for one answer, the wait for other clients included
END_SECONDS = 60.0  # for a server to end: a forward pass may be under way
MAX_WIDTH = 65_536


@dataclass(frozen=True, slots=True)
class NotServed:
    """There is a socket, but not the server that was meant."""

    why: str


class RemoteEncoder:
    """Asks a server, and from its first failure on the model that it then loads here."""

    def __init__(
        self,
        channel: Channel,
        welcome: Frame,
        spec: EncoderSpec,
        load: Callable[[EncoderSpec], Encoder],
        tell: Callable[[str], None],
    ) -> None:
        """Take over a connection whose terms agree.

        load  loads the model here, should it be needed
        tell  hears why it is
        """
        self.width = int(welcome.fields["width"])
        self.dtype = str(welcome.fields["dtype"])
        self.engine = str(welcome.fields["engine"])
        self._channel: Channel | None = channel
        self._spec, self._load, self._tell = spec, load, tell
        self._here: Encoder | None = None
        self._lock = threading.Lock()  # one question at a time

    def tokenize(self, text: str) -> Tokens:
        """Split a text into tokens with character offsets."""
        raw = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
        limit = 12 * (4 * len(raw) + 64)  # a normalizer may make several tokens of a byte

        def fits(answer: Frame) -> bool:
            return answer.arrays["offsets"].shape == (len(answer.arrays["ids"]), 2)

        answer = self._ask(Frame("tokenize", arrays={"text": raw}), "tokens", limit, fits)
        if isinstance(answer, Frame):
            offsets = [Span(start, end) for start, end in answer.arrays["offsets"].tolist()]
            return Tokens(answer.arrays["ids"].tolist(), offsets)
        return answer.tokenize(text)

    def states(self, ids: Sequence[int]) -> HiddenStates:
        """Read one window in one forward pass, wherever that is."""
        shapes = {"values": (len(ids), self.width)}
        if self._spec.deep is not None:
            shapes["deep"] = (len(ids), self.width)
        if self._spec.full:
            shapes["signals"] = (len(ids), len(SIGNALS))
        limit = sum(4 * rows * columns for rows, columns in shapes.values())

        def fits(answer: Frame) -> bool:
            return {name: array.shape for name, array in answer.arrays.items()} == shapes

        ids_T = np.array(ids, np.int32)
        answer = self._ask(Frame("read", arrays={"ids": ids_T}), "states", limit, fits)
        if isinstance(answer, Frame):
            found = answer.arrays
            return HiddenStates(found["values"], found.get("deep"), found.get("signals"))
        return answer.states(ids)

    def _ask(
        self, question: Frame, kind: str, limit: int, fits: Callable[[Frame], bool]
    ) -> Frame | Encoder:
        """Return the answer, or the encoder that answers here."""
        with self._lock:
            if self._channel is not None:
                try:
                    answer = _answer(self._channel, question, kind, limit)
                    if fits(answer):
                        return answer
                    raise BadFrame("an answer of another shape")
                except (OSError, BadFrame) as exc:
                    self._channel.close()
                    self._channel = None
                    self._tell(f"the server was lost ({exc}): the model is loaded here")
            if self._here is None:
                self._here = self._loaded()
            return self._here

    def _loaded(self) -> Encoder:
        # What "auto" measured there holds here too: a report has one number format.
        auto = self._spec.dtype == "auto" and self.dtype in ("fp32", "bf16")
        here = self._load(replace(self._spec, dtype=self.dtype) if auto else self._spec)
        theirs = (self.width, self.dtype, self.engine)
        if (here.width, here.dtype, here.engine) != theirs:
            raise EnvironmentFailure(
                "nothing was scored: the server was lost, and the model computes otherwise here "
                f"({here.engine}) than there ({self.engine})",
                fix="run it again",
            )
        return here


def _answer(channel: Channel, question: Frame, kind: str, limit: int) -> Frame:
    channel.send(question)
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        answer = channel.receive(limit, PATIENCE)
        if answer is None:
            raise ConnectionResetError("it has closed the connection")
        if answer.kind == kind:
            return answer
        if answer.kind == "failed":
            raise BadFrame(f"it says {str(answer.fields['why'])[:200]!r}")
        if answer.kind != "wait":
            raise BadFrame(f"it answers with {answer.kind!r}")
    raise TimeoutError(f"no answer in {LONGEST:.0f} s")


def connect(
    directory: Path,
    spec: EncoderSpec,
    sha256: str,
    environ: Mapping[str, str],
    *,
    load: Callable[[EncoderSpec], Encoder],
    tell: Callable[[str], None],
) -> RemoteEncoder | NotServed | None:
    """Return the encoder of the server for this spec; None where no socket is, after one stat.

    directory  where the sockets lie (`place.run_dir`)
    sha256     of the model
    """
    named = spec_terms(spec, sha256)
    where = directory / socket_name(named)
    if not os.path.lexists(where) or not hasattr(socket, "AF_UNIX"):
        return None
    if why := why_not_ours(directory, stat.S_ISDIR) or why_not_ours(where, stat.S_ISSOCK):
        return NotServed(why)
    try:
        channel = _open(where)
    except OSError as exc:
        return NotServed(f"no server answers at {where} ({exc.strerror or exc})")
    try:
        welcome = _greet(channel, all_terms(named, environ))
    except (OSError, BadFrame) as exc:
        channel.close()
        return NotServed(f"the server at {where} does not fit: {exc}")
    return RemoteEncoder(channel, welcome, spec, load, tell)


def _greet(channel: Channel, ours: Mapping[str, str]) -> Frame:
    channel.send(Frame("hello", {"terms": dict(ours)}))
    welcome = channel.receive(0, CONNECT_SECONDS)
    if welcome is None or welcome.kind != "welcome":
        raise BadFrame("it does not greet")
    if why := difference(ours, welcome.fields["terms"]):
        raise BadFrame(why)
    if not 0 < welcome.fields["width"] <= MAX_WIDTH:
        raise BadFrame("its width is none")
    return welcome


def stop(where: Path) -> bool:
    """Ask a server to end and wait until it has; False where none answers.

    raises  TimeoutError where one is there, and stays
    """
    if why_not_ours(where.parent, stat.S_ISDIR) or why_not_ours(where, stat.S_ISSOCK):
        return False
    try:
        channel = _open(where)
    except OSError:
        return False
    try:
        channel.send(Frame("stop"))
        channel.receive(0, END_SECONDS)  # it closes when it has ended
    except (ConnectionError, BadFrame):
        pass
    finally:
        channel.close()
    return True


def _open(where: Path) -> Channel:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(CONNECT_SECONDS)
        connection.connect(str(where))
        if is_stranger(connection):
            raise PermissionError(0, "it is another user's")
    except OSError:
        connection.close()
        raise
    return Channel(connection)
