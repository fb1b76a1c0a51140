"""Messages of `multiprocessing.connection`: JSON to greet, then arrays as safetensors.

1. client  {"terms": {...}} (`server.compatibility`), or {"stop": true}
2. server  {"terms": {...}, "engine": ..., "dtype": ..., "width": ...}
3. client  arrays: `text` to tokenize, `ids` and `first` to read, or `number` of a token
4. server  arrays: `ids` and `offsets`, `values` with `deep` and `signals`, `text`, or `error`;
           before that an empty message each second while the client waits

Steps 3 and 4 repeat. Only bytes are sent: `Connection.send` and `recv` would pickle.
"""

import json
import os
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

MESSAGE_SECONDS = 20.0  # for a whole message, once it has begun
MAX_GREETING = 16_384  # bytes
MAX_HEADER = 4_096  # bytes of a message of arrays beside their numbers
Arrays = Mapping[str, npt.NDArray[Any]]
ARRAYS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {  # name -> dtype, dimensions
        "text": ("uint8", 1),  # UTF-8, lone surrogates included
        "ids": ("int32", 1),
        "first": ("int32", 1),
        "number": ("int32", 1),
        "offsets": ("int32", 2),  # (T, 2), characters
        "values": ("float32", 2),
        "deep": ("float32", 2),
        "signals": ("float32", 2),
        "error": ("uint8", 1),
    }
)
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid


class BadMessage(ConnectionError):
    """The peer sent something that the protocol does not allow."""


def send(connection: Connection, message: bytes) -> None:
    """Send a message. raises OSError if the peer does not take it within MESSAGE_SECONDS"""
    with _deadline(connection):
        connection.send_bytes(message)


def receive(connection: Connection, max_bytes: int, wait_seconds: float) -> bytes:
    """Wait for a message and read all of it.

    max_bytes     a longer message is refused before it is read
    wait_seconds  until the message begins; then it has MESSAGE_SECONDS
    raises        OSError, also TimeoutError and BadMessage
    """
    if not connection.poll(wait_seconds):
        raise TimeoutError("no answer in time")
    with _deadline(connection):
        try:
            return connection.recv_bytes(max_bytes)
        except EOFError:
            raise ConnectionResetError("it closed the connection") from None


def receive_json(connection: Connection, wait_seconds: float) -> dict[str, Any]:
    """Read a greeting. raises OSError, also TimeoutError and BadMessage"""
    try:
        greeting = json.loads(receive(connection, MAX_GREETING, wait_seconds))
    except (ValueError, RecursionError) as exc:
        raise BadMessage("it sent invalid JSON") from exc
    if not isinstance(greeting, dict):
        raise BadMessage("it sent no JSON object")
    return greeting


def pack(arrays: Arrays) -> bytes:
    """Return the message of arrays; no bit of a number changes."""
    return bytes(save({name: np.ascontiguousarray(array) for name, array in arrays.items()}))


def unpack(message: bytes) -> Arrays:
    """Return the arrays of a message, dtype and dimensions checked against ARRAYS.

    raises  BadMessage
    """
    try:
        arrays: Arrays = load(message)
    except (SafetensorError, ValueError, KeyError) as exc:
        raise BadMessage("it sent invalid safetensors") from exc
    for name, array in arrays.items():
        if ARRAYS.get(name) != (array.dtype.name, array.ndim):
            raise BadMessage(f"it sent {name[:80]!r} as {array.dtype} in {array.ndim}-D")
    return arrays


def pack_text(text: str) -> npt.NDArray[np.uint8]:
    """Return a text as an array."""
    return np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)


def unpack_text(array: npt.NDArray[Any]) -> str:
    """Return the text of an array. raises UnicodeDecodeError"""
    return array.tobytes().decode("utf-8", "surrogatepass")


def is_other_user(connection: Connection) -> bool:
    """Return True if the peer is a process of another user; False if the system cannot say."""
    if not hasattr(socket, "SO_PEERCRED"):
        return False
    with _socket(connection) as peer:
        raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return bool(_CREDENTIALS.unpack(raw)[1] != os.getuid())


def hang_up(connection: Connection) -> None:
    """End a connection, also while another thread waits for a message."""
    with suppress(OSError), _socket(connection) as peer:
        peer.shutdown(socket.SHUT_RDWR)


def _socket(connection: Connection) -> socket.socket:
    return socket.socket(fileno=os.dup(connection.fileno()))


@contextmanager
def _deadline(connection: Connection) -> Iterator[None]:
    """Hang up if the block takes longer than MESSAGE_SECONDS: reads and writes then end."""
    timer = threading.Timer(MESSAGE_SECONDS, hang_up, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
