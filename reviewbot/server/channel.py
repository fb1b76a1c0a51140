"""Whole frames over a socket, each within its time: a peer that stalls costs seconds, not all."""

import socket
import time
from contextlib import suppress

from reviewbot.server.wire import (
    PREFIX,
    BadFrame,
    Frame,
    header_length,
    pack,
    parse_arrays,
    parse_header,
)

FRAME_SECONDS = 20.0  # for the rest of a frame, once it has begun


class Channel:
    """One connection. What goes wrong is an OSError or a BadFrame; then it is of no use."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def send(self, frame: Frame) -> None:
        """Send a frame; a peer that does not take it in time is a TimeoutError."""
        self._connection.settimeout(FRAME_SECONDS)
        self._connection.sendall(pack(frame))

    def receive(self, limit: int, patience: float) -> Frame | None:
        """Wait for a frame and read it whole; None where the peer has closed instead.

        limit     bytes of numbers that it may hold
        patience  seconds until it begins
        raises    OSError, which a TimeoutError is; BadFrame
        """
        prefix = bytearray(PREFIX.size)
        self._connection.settimeout(patience)
        begun = self._connection.recv_into(prefix)
        if not begun:
            return None
        deadline = time.monotonic() + FRAME_SECONDS
        self._fill(memoryview(prefix)[begun:], deadline)
        raw = bytearray(header_length(prefix))
        self._fill(memoryview(raw), deadline)
        header = parse_header(raw)
        if header.size > limit:
            raise BadFrame(f"{header.size} bytes of numbers, {limit} were expected")
        numbers = bytearray(header.size)
        self._fill(memoryview(numbers), deadline)
        return parse_arrays(header, numbers)

    def close(self) -> None:
        """Close it, also under a thread that waits for a frame."""
        with suppress(OSError):  # the peer was faster
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def _fill(self, view: memoryview, deadline: float) -> None:
        while view:
            left = deadline - time.monotonic()
            if left <= 0:  # byte after byte, each of them in time
                raise TimeoutError("timed out")
            self._connection.settimeout(left)
            count = self._connection.recv_into(view)
            if not count:
                raise ConnectionResetError("the connection ended inside a frame")
            view = view[count:]
