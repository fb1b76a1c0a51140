"""A server and its clients: equal digits, and nobody suffers from another one's manners."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reviewbot.errors import EnvironmentFailure
from reviewbot.server import channel, service
from reviewbot.server import client as remote
from reviewbot.server.compatibility import all_terms, spec_terms
from reviewbot.server.listener import listening, prepare
from reviewbot.server.service import Server
from reviewbot.server.wire import MAGIC, PREFIX, Frame, pack
from tests import tiny
from tests.cli.small import ByteEncoder
from tests.server.served import (
    SHA,
    SPEC,
    Client,
    Watched,
    dial,
    path_for,
    same,
    serve,
    short_directory,
)

TERMS = all_terms(spec_terms(SPEC, SHA), {})
TEXT = "def f(x):\n    return '\u00e9\U0001f600\ud800'\n"


@pytest.fixture
def directory() -> Iterator[Path]:
    with short_directory() as made:
        yield made


def test_where_no_server_is_there_is_none_and_nothing_is_made(directory: Path) -> None:
    assert Client(directory).connect() is None
    assert not directory.exists()


def test_a_served_encoder_says_and_reads_what_it_does_alone(directory: Path) -> None:
    client, alone_ = Client(directory), ByteEncoder()

    with serve(directory, ByteEncoder()):
        encoder = client.remote()

        assert (encoder.width, encoder.dtype, encoder.engine) == (4, "fp32", "bytes")
        for text in (TEXT, ""):
            assert encoder.tokenize(text) == alone_.tokenize(text)
            ids = alone_.tokenize(text).ids
            if ids:
                assert same(encoder.states(ids), alone_.states(ids))
    assert (client.loaded, client.told) == ([], [])


def test_deep_states_and_signals_arrive_to_the_last_bit(directory: Path, tiny_model: Path) -> None:
    spec = replace(SPEC, directory=tiny_model, layer=tiny.LAYER, deep=3, full=True)
    here = tiny.encoder(tiny_model, deep=3, full=True)
    ids = here.tokenize(tiny.TEXT).ids

    with serve(directory, here, spec):
        encoder = Client(directory, spec).remote()
        found = encoder.states(ids)

    assert found.deep_TD is not None
    assert found.signals_TS is not None
    assert same(found, here.states(ids))


def test_four_clients_at_once_each_get_their_own_answers(directory: Path) -> None:
    encoder, windows = Watched(), 50

    def read(number: int) -> int:
        client = Client(directory)
        own = client.remote()
        for count in range(windows):
            ids = [1 + number, 2 + count, *range(1, 200 + number)]
            assert same(own.states(ids), ByteEncoder().states(ids))
        assert client.loaded == []
        return number

    with serve(directory, encoder), ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read, range(4))) == [0, 1, 2, 3]
    assert encoder.reads == 4 * windows


RUBBISH = {
    "nothing": b"",
    "noise": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a huge header": PREFIX.pack(MAGIC, 0xFFFFFFFF),
    "a question before a greeting": pack(Frame("read", arrays={"ids": np.ones(3, np.int32)})),
    "an answer": pack(Frame("wait")),
    "half a frame": pack(Frame("stop"))[:-3],
    "other terms": pack(Frame("hello", {"terms": {"a": "b"}})),
}


def ends(connection: socket.socket) -> bool:
    """Read what comes, such as a greeting, up to the end; a server that hangs is a TimeoutError."""
    with suppress(ConnectionError):  # the system's word for an end with bytes left unread
        while connection.recv(65_536):
            pass
    return True


@pytest.mark.parametrize("raw", RUBBISH.values(), ids=RUBBISH)
def test_rubbish_is_hung_up_on_and_the_others_are_served(directory: Path, raw: bytes) -> None:
    with serve(directory, Watched()):
        good = Client(directory).remote()
        bad = dial(directory)
        bad.sendall(raw)
        bad.shutdown(socket.SHUT_WR)
        assert ends(bad)

        assert good.tokenize("ab").ids == [97, 98]
        assert Client(directory).remote().tokenize("c").ids == [99]


def greeted(directory: Path) -> socket.socket:
    """Return a connection that has said hello."""
    connection = dial(directory)
    connection.sendall(pack(Frame("hello", {"terms": TERMS})))
    assert connection.recv(65_536).startswith(MAGIC)
    return connection


def test_huge_numbers_are_refused_before_they_are_sent(directory: Path) -> None:
    head = b'{"kind":"read","fields":{},"shapes":{"ids":[2147483647]}}'
    with serve(directory, Watched()):
        bad = greeted(directory)
        bad.sendall(PREFIX.pack(MAGIC, len(head)) + head)

        assert bad.recv(1) == b""
        assert Client(directory).remote().tokenize("c").ids == [99]


def test_a_client_that_stalls_in_a_frame_blocks_nobody_and_is_hung_up_on(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "FRAME_SECONDS", 0.5)
    with serve(directory, Watched()):
        slow = greeted(directory)
        slow.sendall(PREFIX.pack(MAGIC, 10_000))
        assert Client(directory).remote().tokenize("c").ids == [99]

        sent = 0
        with suppress(OSError):
            while sent < 100:  # a byte in time every time does not buy it more time
                slow.sendall(b" ")
                sent += 1
                time.sleep(0.05)
        assert 5 <= sent < 60


def test_a_client_that_says_nothing_is_hung_up_on(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "HELLO_SECONDS", 0.1)
    with serve(directory, Watched()):
        assert dial(directory).recv(1) == b""


def test_a_client_that_dies_while_it_waits_blocks_nobody(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BEAT", 0.02)
    question = pack(Frame("read", arrays={"ids": np.ones(3, np.int32)}))
    with serve(directory, Watched()):
        for _ in range(20):
            dying = greeted(directory)
            dying.sendall(question)
            dying.close()

        assert Client(directory).remote().tokenize("c").ids == [99]


def test_what_the_model_cannot_read_fails_here_as_it_does_there_and_the_server_lives(
    directory: Path,
) -> None:
    client = Client(directory, here=Watched())
    with serve(directory, Watched()):
        encoder = client.remote()
        with pytest.raises(RuntimeError, match="no such token"):
            encoder.states([0])

        assert "no such token" in client.told[0]
        assert Client(directory).remote().tokenize("c").ids == [99]


def test_a_server_that_is_lost_in_mid_read_changes_no_digit(directory: Path) -> None:
    client = Client(directory)
    with serve(directory, Watched()):
        encoder = client.remote()
        assert same(encoder.states([1, 2]), ByteEncoder().states([1, 2]))

    assert same(encoder.states([3, 4]), ByteEncoder().states([3, 4]))
    assert encoder.tokenize("ab").ids == [97, 98]
    assert client.loaded == [SPEC]  # once
    assert "the server was lost" in client.told[0]


def test_what_auto_chose_at_the_server_is_what_is_loaded_here(directory: Path) -> None:
    client = Client(directory, replace(SPEC, dtype="auto"))
    with serve(directory, Watched(), client.spec):
        encoder = client.remote()

    encoder.states([1])

    assert client.loaded == [replace(SPEC, dtype="fp32")]


def test_a_model_that_computes_otherwise_never_finishes_what_a_server_began(
    directory: Path,
) -> None:
    client = Client(directory, here=ByteEncoder())
    client.here.engine = "other"  # type: ignore[misc]
    with serve(directory, Watched()):
        encoder = client.remote()

    with pytest.raises(EnvironmentFailure, match="computes otherwise here"):
        encoder.states([1])


class Mute:
    """Greets, then answers the first question with given bytes, or not at all."""

    def __init__(self, directory: Path, answer: bytes) -> None:
        prepare(path_for(directory))
        self._context = listening(path_for(directory))
        self._listener = self._context.__enter__()
        self._answer = answer
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        connection, _ = self._listener.accept()
        connection.recv(65_536)
        says = {"engine": "bytes", "dtype": "fp32", "width": 4}
        connection.sendall(pack(Frame("welcome", {"terms": TERMS, **says})))
        connection.recv(65_536)
        connection.sendall(self._answer)
        connection.recv(65_536)


WRONG = {
    "none": b"",
    "noise": b"x" * 100,
    "another kind": pack(Frame("stop")),
    "another length": pack(Frame("states", arrays={"values": np.ones((3, 4), np.float32)})),
    "more than belongs": pack(
        Frame("states", arrays=dict.fromkeys(("values", "deep"), np.ones((2, 4), np.float32)))
    ),
    "signs of life for ever": pack(Frame("wait")) * 3,
}


@pytest.mark.parametrize("raw", WRONG.values(), ids=WRONG)
def test_a_server_that_hangs_or_talks_rubbish_is_replaced_by_the_model_itself(
    directory: Path, raw: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PATIENCE", 0.3)
    client = Client(directory)
    Mute(directory, raw)

    found = client.remote().states([5, 6])

    assert same(found, ByteEncoder().states([5, 6]))
    assert (len(client.loaded), len(client.told)) == (1, 1)


def test_a_server_that_does_not_even_greet_is_not_used(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "CONNECT_SECONDS", 0.2)
    prepare(path_for(directory))
    with listening(path_for(directory)):
        assert "timed out" in Client(directory).refused()


def test_a_server_of_another_version_is_not_used_and_the_reason_names_both(
    directory: Path,
) -> None:
    with serve(directory, Watched(), terms={"reviewbot": "0.0.9"}):
        why = Client(directory).refused()

    assert "its reviewbot is 0.0.9, here it is" in why


@pytest.mark.parametrize("name", ["protocol", "code", "torch", "isa", "$OMP_NUM_THREADS"])
def test_whatever_can_change_a_digit_is_a_term(directory: Path, name: str) -> None:
    with serve(directory, Watched(), terms={name: "other"}):
        assert f"its {name} is other" in Client(directory).refused()


@pytest.mark.parametrize(
    "change",
    [
        {"layer": 2},
        {"deep": 2},
        {"full": True},
        {"dtype": "bf16"},
        {"threads": 1_000},
        {"device": "cuda"},
        {"quantize": "8bit"},
        {"directory": Path("/elsewhere")},
    ],
    ids=str,
)
def test_another_spec_is_another_socket(change: dict[str, object], directory: Path) -> None:
    other = replace(SPEC, **change)  # type: ignore[arg-type]

    assert path_for(directory, other) != path_for(directory)


def test_a_server_that_nobody_asks_ends(directory: Path) -> None:
    prepare(path_for(directory))
    with listening(path_for(directory)) as listener:
        server = Server(Watched(), TERMS, listener, 0.5)
        begun = time.monotonic()
        asking = threading.Timer(0.3, lambda: Client(directory).remote().tokenize("a"))
        asking.start()
        why = server.run()
        server.close()

    assert why == "nobody asked"
    assert time.monotonic() - begun >= 0.75  # the question began the time anew


def test_stop_waits_until_the_server_has_ended(directory: Path) -> None:
    where = path_for(directory)
    prepare(where)
    with listening(where) as listener:
        server = Server(Watched(), {}, listener, 60)

        def run() -> None:
            server.run()
            server.close()

        thread = threading.Thread(target=run)
        thread.start()
        assert remote.stop(where)
        thread.join(10)
        assert not thread.is_alive()
    assert not remote.stop(where)
