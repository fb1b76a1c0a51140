"""A server in this process, its clients, and an encoder that tells what was asked of it."""

import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from reviewbot.encoders.encoder import Encoder, EncoderSpec
from reviewbot.encoders.states import HiddenStates
from reviewbot.server.client import NotServed, RemoteEncoder, connect
from reviewbot.server.compatibility import all_terms, socket_name, spec_terms
from reviewbot.server.listener import listening, prepare
from reviewbot.server.service import Server
from tests.cli.small import ByteEncoder

SHA = "cd" * 32
SPEC = EncoderSpec(directory=Path("/nowhere"), layer=1)


class Watched(ByteEncoder):
    """Fails on the token 0, and where two threads ask at the same time."""

    def __init__(self) -> None:
        self.reads = 0
        self._busy = threading.Lock()

    def states(self, ids: Sequence[int]) -> HiddenStates:
        assert self._busy.acquire(blocking=False), "two forward passes at a time"
        try:
            self.reads += 1
            if 0 in ids:
                raise RuntimeError("no such token")
            return super().states(ids)
        finally:
            self._busy.release()


@dataclass
class Client:
    """What a client is given, and what it was told."""

    directory: Path
    spec: EncoderSpec = SPEC
    here: Encoder = field(default_factory=ByteEncoder)
    loaded: list[EncoderSpec] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def connect(self) -> RemoteEncoder | NotServed | None:
        return connect(self.directory, self.spec, SHA, {}, load=self._load, tell=self.told.append)

    def remote(self) -> RemoteEncoder:
        found = self.connect()
        assert isinstance(found, RemoteEncoder), found
        return found

    def refused(self) -> str:
        found = self.connect()
        assert isinstance(found, NotServed), found
        return found.why

    def _load(self, spec: EncoderSpec) -> Encoder:
        self.loaded.append(spec)
        return self.here


@contextmanager
def short_directory() -> Iterator[Path]:
    """A directory whose name leaves room for a socket's: pytest's own are too long."""
    with tempfile.TemporaryDirectory(prefix="rb-") as name:
        yield Path(name).resolve() / "run"


def path_for(directory: Path, spec: EncoderSpec = SPEC) -> Path:
    return directory / socket_name(spec_terms(spec, SHA))


@contextmanager
def serve(
    directory: Path,
    encoder: Encoder,
    spec: EncoderSpec = SPEC,
    terms: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Serve in a thread until the end of the block; `terms` replace true ones."""
    where = path_for(directory, spec)
    prepare(where)
    with listening(where) as listener:
        server = Server(
            encoder, all_terms(spec_terms(spec, SHA), {}) | dict(terms or {}), listener, 60
        )
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            thread.join(10)
            server.close()
            assert not thread.is_alive()


def dial(directory: Path) -> socket.socket:
    """Open a connection that keeps to no protocol."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(10)
    connection.connect(str(path_for(directory)))
    return connection


def same(left: HiddenStates, right: HiddenStates) -> bool:
    """Say whether two states are equal to the bit."""
    pairs = [
        (left.values_TD, right.values_TD),
        (left.deep_TD, right.deep_TD),
        (left.signals_TS, right.signals_TS),
    ]
    return all(
        (a is None and b is None)
        or (a is not None and b is not None and a.dtype == b.dtype and np.array_equal(a, b))
        for a, b in pairs
    )
