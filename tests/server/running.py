"""A server in this process, its clients, and an encoder that checks how it is called."""

import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Client, Connection
from pathlib import Path

import numpy as np
import pytest

from reviewbot.encoders.encoder import Encoder, EncoderSpec
from reviewbot.encoders.states import HiddenStates
from reviewbot.server.client import RemoteEncoder, ServerUnusable, connect
from reviewbot.server.compatibility import all_terms, socket_name, spec_terms
from reviewbot.server.server import Server
from reviewbot.server.socket_path import make_directory
from tests.cli.small import ByteEncoder

SHA = "cd" * 32
SPEC = EncoderSpec(directory=Path("/nowhere"), layer=1)
TERMS = all_terms(spec_terms(SPEC, SHA), {})


class StrictEncoder(ByteEncoder):
    """Fails on the token 0, and if two threads call it at the same time."""

    def __init__(self) -> None:
        self.reads = 0
        self._busy = threading.Lock()

    def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
        assert self._busy.acquire(blocking=False), "two forward passes at a time"
        try:
            self.reads += 1
            if 0 in ids:
                raise RuntimeError("no such token")
            return super().states(ids, first)
        finally:
            self._busy.release()


@dataclass
class Caller:
    """The arguments of `connect`, and what they recorded."""

    directory: Path
    spec: EncoderSpec = SPEC
    fallback: Encoder = field(default_factory=ByteEncoder)
    loaded: list[EncoderSpec] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def connect(self) -> RemoteEncoder | None:
        return connect(self.directory, self.spec, SHA, {}, load=self._load, log=self.log.append)

    def remote(self) -> RemoteEncoder:
        encoder = self.connect()
        assert encoder is not None
        return encoder

    def refusal(self) -> str:
        with pytest.raises(ServerUnusable) as caught:
            self.connect()
        return str(caught.value)

    def _load(self, spec: EncoderSpec) -> Encoder:
        self.loaded.append(spec)
        return self.fallback


def path_for(directory: Path, spec: EncoderSpec = SPEC) -> Path:
    return directory / socket_name(spec_terms(spec, SHA))


def dial(directory: Path) -> Connection:
    return Client(str(path_for(directory)), "AF_UNIX")


@contextmanager
def short_directory() -> Iterator[Path]:
    """A directory whose path is short enough for a socket; pytest's own are too long."""
    with tempfile.TemporaryDirectory(prefix="rb-") as name:
        yield Path(name).resolve() / "run"


@contextmanager
def serve(
    directory: Path,
    encoder: Encoder,
    spec: EncoderSpec = SPEC,
    terms: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Serve in a thread until the end of the block; `terms` replace true ones."""
    path = path_for(directory, spec)
    make_directory(path)
    server = Server(encoder, all_terms(spec_terms(spec, SHA), {}) | dict(terms or {}), path, 60)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(10)
        server.close()
        assert not thread.is_alive()
        assert not path.exists()


def same(left: HiddenStates, right: HiddenStates) -> bool:
    """Return True if two states are equal to the bit."""
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
