"""A server and its clients: equal numbers, and no client harms another."""

import json
import os
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection, Listener
from pathlib import Path

import numpy as np
import pytest

from reviewbot.errors import EnvironmentFailure
from reviewbot.server import client, compatibility, messages, server
from reviewbot.server.messages import pack
from reviewbot.server.server import Server
from reviewbot.server.socket_path import make_directory
from tests import tiny
from tests.cli.small import ByteEncoder
from tests.server.running import SPEC, TERMS, Caller, StrictEncoder, dial, path_for, same, serve

TEXT = "def f(x):\n    return '\u00e9\U0001f600\ud800'\n"
HELLO = json.dumps({"terms": TERMS}).encode()
READ = pack({"ids": np.ones(3, np.int32)})
ANSWER = pack({"values": np.ones((1, 1), np.float32)})


def is_served(directory: Path) -> bool:
    return Caller(directory).remote().tokenize("c").ids == [99]


def is_closed(connection: Connection) -> bool:
    """Read up to the end of a connection, a greeting included; return False if it stays open."""
    with connection:
        try:
            while connection.poll(10):
                connection.recv_bytes()
        except (EOFError, OSError):
            return True
    return False


def greeted(directory: Path) -> Connection:
    connection = dial(directory)
    connection.send_bytes(HELLO)
    assert b"terms" in connection.recv_bytes()
    return connection


def test_without_a_server_nothing_is_created(directory: Path) -> None:
    assert Caller(directory).connect() is None
    assert not directory.exists()


def test_a_served_encoder_returns_what_the_encoder_returns(directory: Path) -> None:
    caller, direct = Caller(directory), ByteEncoder()

    with serve(directory, StrictEncoder()):
        encoder = caller.remote()

        assert (encoder.width, encoder.dtype, encoder.engine) == (4, "fp32", "bytes")
        assert encoder.tokenize("") == direct.tokenize("")
        assert encoder.tokenize(TEXT) == direct.tokenize(TEXT)
        ids = direct.tokenize(TEXT).ids
        assert same(encoder.states(ids), direct.states(ids))
    assert (caller.loaded, caller.log) == ([], [])


def test_deep_states_and_signals_arrive_to_the_last_bit(directory: Path, tiny_model: Path) -> None:
    spec = replace(SPEC, directory=tiny_model, layer=tiny.LAYER, deep=3, full=True)
    direct = tiny.encoder(tiny_model, deep=3, full=True)
    ids = direct.tokenize(tiny.TEXT).ids

    with serve(directory, direct, spec):
        states = Caller(directory, spec).remote().states(ids)

    assert states.deep_TD is not None
    assert states.signals_TS is not None
    assert same(states, direct.states(ids))


def test_four_clients_at_once_each_get_their_own_answers(directory: Path) -> None:
    encoder, windows = StrictEncoder(), 50

    def read(number: int) -> list[object]:
        caller = Caller(directory)
        remote = caller.remote()
        for count in range(windows):
            ids = [1 + number, 2 + count, *range(1, 200 + number)]
            assert same(remote.states(ids), ByteEncoder().states(ids))
        return [*caller.loaded]

    with serve(directory, encoder), ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read, range(4))) == [[]] * 4
    assert encoder.reads == 4 * windows


def size(count: int) -> bytes:
    return struct.pack("!i", count)


GARBAGE = {  # bytes of a client, before or after its greeting
    "nothing": b"",
    "another protocol": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a message beyond the limit": size(server.MAX_REQUEST + 1),
    "a message beyond 32 bits": struct.pack("!iQ", -1, 1 << 62),
    "half a message": size(100) + HELLO[:50],
    "an empty message": size(0),
    "no JSON and no arrays": size(2) + b"{]",
    "no object": size(2) + b"[]",
    "terms of another type": size(11) + b'{"terms":1}',
    "an answer": size(len(ANSWER)) + ANSWER,
}


@pytest.mark.parametrize("greets", [False, True])
@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_garbage_ends_its_connection_and_others_are_served(
    directory: Path, garbage: bytes, greets: bool
) -> None:
    with serve(directory, StrictEncoder()):
        other = Caller(directory).remote()
        bad = greeted(directory) if greets else dial(directory)
        with socket.socket(fileno=os.dup(bad.fileno())) as raw:
            raw.sendall(garbage)
            raw.shutdown(socket.SHUT_WR)

        assert is_closed(bad)
        assert other.tokenize("ab").ids == [97, 98]
        assert is_served(directory)


def test_a_message_beyond_the_limit_is_refused_before_it_is_sent(directory: Path) -> None:
    with serve(directory, StrictEncoder()):
        bad = greeted(directory)
        with socket.socket(fileno=os.dup(bad.fileno())) as raw:
            raw.sendall(size(server.MAX_REQUEST + 1))
        assert is_closed(bad)


def test_a_client_that_stalls_in_a_message_blocks_nobody_and_loses_its_connection(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "MESSAGE_SECONDS", 0.5)
    with serve(directory, StrictEncoder()), socket.socket(socket.AF_UNIX) as slow:
        slow.connect(str(path_for(directory)))
        slow.sendall(struct.pack("!i", 10_000))
        assert is_served(directory)

        sent = 0
        with suppress(OSError):
            while sent < 100:  # a byte from time to time does not extend the time
                slow.sendall(b" ")
                sent += 1
                time.sleep(0.05)
        assert 5 <= sent < 60


def test_a_silent_client_loses_its_connection(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "GREETING_SECONDS", 0.1)
    with serve(directory, StrictEncoder()):
        assert is_closed(dial(directory))


def test_a_client_that_dies_while_it_waits_blocks_nobody(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "HEARTBEAT", 0.02)
    with serve(directory, StrictEncoder()):
        for _ in range(20):
            dying = greeted(directory)
            dying.send_bytes(READ)
            dying.close()

        assert is_served(directory)


def test_clients_beyond_the_limit_are_refused(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_CLIENTS", 1)
    with serve(directory, StrictEncoder()):
        first = Caller(directory).remote()
        assert "cannot be used" in Caller(directory).refusal()
        assert first.tokenize("c").ids == [99]


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="the system does not name peers")
def test_a_client_of_another_user_is_refused(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(directory, StrictEncoder()):
        monkeypatch.setattr("os.getuid", lambda: 4_242)
        assert is_closed(dial(directory))


def test_an_error_of_the_model_is_raised_here_too_and_the_server_goes_on(directory: Path) -> None:
    caller = Caller(directory, fallback=StrictEncoder())
    with serve(directory, StrictEncoder()):
        with pytest.raises(RuntimeError, match="no such token"):
            caller.remote().states([0])

        assert "no such token" in caller.log[0]
        assert is_served(directory)


def test_a_server_lost_between_two_windows_changes_no_number(directory: Path) -> None:
    caller = Caller(directory, replace(SPEC, dtype="auto"))
    with serve(directory, StrictEncoder(), caller.spec):
        encoder = caller.remote()
        assert same(encoder.states([1, 2]), ByteEncoder().states([1, 2]))

    assert same(encoder.states([3, 4]), ByteEncoder().states([3, 4]))
    assert encoder.tokenize("ab").ids == [97, 98]
    # Loaded once, with the number format that "auto" chose at the server.
    assert caller.loaded == [replace(SPEC, dtype="fp32")]
    assert "the server was lost" in caller.log[0]


def test_a_model_with_other_numbers_never_continues_a_served_report(directory: Path) -> None:
    caller = Caller(directory)
    caller.fallback.engine = "other"  # type: ignore[misc]
    with serve(directory, StrictEncoder()):
        encoder = caller.remote()

    with pytest.raises(EnvironmentFailure, match="computes otherwise here"):
        encoder.states([1])


WRONG = {
    "no answer": [],
    "no arrays": [b"x" * 100],
    "another answer": [pack({"ids": np.ones(2, np.int32)})],
    "another length": [pack({"values": np.ones((3, 4), np.float32)})],
    "more arrays": [pack(dict.fromkeys(("values", "deep"), np.ones((2, 4), np.float32)))],
    "a longer message": [b"x" * 10_000],
    "only signs of life": [b""] * 3,
}


@pytest.mark.parametrize("answers", WRONG.values(), ids=WRONG)
def test_a_server_that_hangs_or_sends_garbage_is_replaced_by_the_model(
    directory: Path, answers: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "SILENCE_SECONDS", 0.3)
    caller, path = Caller(directory), path_for(directory)
    make_directory(path)

    def answer_wrongly() -> None:
        with listener.accept() as connection:
            connection.recv_bytes()
            facts = {"engine": "bytes", "dtype": "fp32", "width": 4}
            connection.send_bytes(json.dumps({"terms": TERMS, **facts}).encode())
            connection.recv_bytes()
            for answer in answers:
                connection.send_bytes(answer)
            connection.poll(10)

    with Listener(str(path), "AF_UNIX") as listener:
        path.chmod(0o600)
        thread = threading.Thread(target=answer_wrongly)
        thread.start()
        states = caller.remote().states([5, 6])
        thread.join()

    assert same(states, ByteEncoder().states([5, 6]))
    assert (len(caller.loaded), len(caller.log)) == (1, 1)


def test_a_server_that_does_not_greet_is_not_used(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "GREETING_SECONDS", 0.2)
    path = path_for(directory)
    make_directory(path)
    with Listener(str(path), "AF_UNIX"):
        path.chmod(0o600)
        assert "no answer in time" in Caller(directory).refusal()


@pytest.mark.parametrize("name", ["reviewbot", "protocol", "code", "torch", "isa", "$OMP_NUM"])
def test_a_server_with_another_term_is_not_used_and_the_reason_names_both(
    directory: Path, name: str
) -> None:
    with serve(directory, StrictEncoder(), terms={name: "0.0.9"}):
        assert f"its {name} is 0.0.9, here it is {TERMS.get(name, 'unset')}" in (
            Caller(directory).refusal()
        )


def test_the_source_of_encoders_and_server_is_a_term(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {path.parent.name for path in compatibility.PACKAGE.glob("*/encoder.py")}
    monkeypatch.setattr(compatibility, "PACKAGE", tmp_path)
    hashes = set()
    for package in ("encoders", "server", "cli"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "a.py").write_text("x = 1\n")
        hashes.add(compatibility.all_terms({}, {})["code"])

    assert names == {"encoders"}
    assert len(hashes) == 2  # cli changes no number


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


def test_what_changes_no_number_is_the_same_socket(directory: Path) -> None:
    assert path_for(directory, replace(SPEC, one_by_one=True)) == path_for(directory)


def test_a_server_without_requests_ends(directory: Path) -> None:
    make_directory(path_for(directory))
    running = Server(StrictEncoder(), TERMS, path_for(directory), 1.5)
    begun = time.monotonic()
    threading.Timer(0.1, is_served, [directory]).start()
    reason = running.run()
    running.close()

    assert reason == "idle"
    assert time.monotonic() - begun >= 1.55  # the request restarted the time


def test_stop_waits_until_the_server_has_ended(directory: Path) -> None:
    path, events = path_for(directory), list[str]()
    make_directory(path)
    running = Server(StrictEncoder(), {}, path, 60)

    def run() -> None:
        events.append(running.run())
        running.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert client.stop(path)
    assert events == ["stopped"]
    thread.join(10)
    assert not client.stop(path)
