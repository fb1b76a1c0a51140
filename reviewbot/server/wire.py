"""Frames between `reviewbot serve` and its clients: a small JSON header, then plain numbers.

    4 bytes    MAGIC
    4 bytes    length of the header, little-endian, at most MAX_HEADER
    header     {"kind": ..., "fields": {...}, "shapes": {array: [...]}}
    numbers    the arrays one after the other, in the order of the kind's table row

What a frame may hold stands in `KINDS`; anything else is refused before a byte of it is used. The
kind of number is the table's too, so a peer cannot choose one. Nothing here touches a socket.
"""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

PROTOCOL = 1  # raise it when a frame of the same name would mean something else
MAGIC = b"rvb1"
PREFIX = struct.Struct("<4sI")
MAX_HEADER = 16_384  # bytes
Numbers = npt.NDArray[Any]


class BadFrame(ValueError):
    """What came is no frame of ours, or a larger one than was expected."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a frame of one name holds."""

    fields: Mapping[str, type] = field(default_factory=dict)  # all of them, and no others
    arrays: Mapping[str, tuple[str, int]] = field(default_factory=dict)  # dtype, dimensions
    optional: frozenset[str] = frozenset()  # arrays that may be left out


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        # Terms are what both must agree on (`server.compatibility`).
        "hello": Kind({"terms": dict}),
        "welcome": Kind({"terms": dict, "engine": str, "dtype": str, "width": int}),
        "tokenize": Kind(arrays={"text": ("|u1", 1)}),  # UTF-8, lone surrogates kept
        "tokens": Kind(arrays={"ids": ("<i4", 1), "offsets": ("<i4", 2)}),
        "read": Kind(arrays={"ids": ("<i4", 1)}),
        "states": Kind(
            arrays={"values": ("<f4", 2), "deep": ("<f4", 2), "signals": ("<f4", 2)},
            optional=frozenset({"deep", "signals"}),
        ),
        "wait": Kind(),  # alive, and still at it
        "failed": Kind({"why": str}),
        "stop": Kind(),
    }
)


@dataclass(frozen=True, slots=True)
class Header:
    """A frame of which the numbers are still to come."""

    kind: str
    fields: Mapping[str, Any]
    shapes: Mapping[str, tuple[int, ...]]  # in the order of the table

    @property
    def size(self) -> int:
        """How many bytes of numbers follow."""
        return sum(
            math.prod(shape) * np.dtype(KINDS[self.kind].arrays[name][0]).itemsize
            for name, shape in self.shapes.items()
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole message."""

    kind: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, Numbers] = field(default_factory=dict)


def pack(frame: Frame) -> bytes:
    """Return the bytes of a frame; no digit of an array is changed.

    raises  BadFrame where the table does not allow it, such as numbers of another kind
    """
    row = KINDS[frame.kind]
    parts, shapes = [], {}
    for name, (dtype, dimensions) in row.arrays.items():
        if name not in frame.arrays:
            continue
        array = frame.arrays[name]
        if array.dtype != np.dtype(dtype) or array.ndim != dimensions:
            raise BadFrame(f"{name} of {frame.kind} cannot be {array.dtype} in {array.ndim}-D")
        shapes[name] = list(array.shape)
        parts.append(array.astype(dtype, copy=False).tobytes())
    head = {"kind": frame.kind, "fields": dict(frame.fields), "shapes": shapes}
    raw = json.dumps(head, separators=(",", ":")).encode()
    header_length(PREFIX.pack(MAGIC, len(raw)))
    parse_header(raw)
    return b"".join([PREFIX.pack(MAGIC, len(raw)), raw, *parts])


def header_length(prefix: bytes | bytearray) -> int:
    """Return how many bytes of header follow the first eight. raises BadFrame"""
    magic, length = PREFIX.unpack(prefix)
    if magic != MAGIC or not 0 < length <= MAX_HEADER:
        raise BadFrame("what came does not start as a frame does")
    return int(length)


def parse_header(raw: bytes | bytearray) -> Header:
    """Check a header against the table. raises BadFrame"""
    try:
        head = json.loads(raw)
        kind, fields, shapes = head["kind"], head["fields"], head["shapes"]
        row = KINDS[kind]
        if set(head) != {"kind", "fields", "shapes"} or set(fields) != set(row.fields):
            raise BadFrame(f"a frame {kind!r} with other fields than it has")
        for name, wanted in row.fields.items():
            if type(fields[name]) is not wanted or (wanted is dict and not _texts(fields[name])):
                raise BadFrame(f"{name} of {kind} is no {wanted.__name__}")
        if not set(row.arrays) - row.optional <= set(shapes) <= set(row.arrays):
            raise BadFrame(f"a frame {kind!r} with other arrays than it has")
        checked = {
            name: _shape(shapes[name], row.arrays[name][1]) for name in row.arrays if name in shapes
        }
    except BadFrame:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise BadFrame(f"a header that cannot be read ({type(exc).__name__})") from exc
    return Header(kind, fields, checked)


def parse_arrays(header: Header, raw: bytes | bytearray) -> Frame:
    """Cut the numbers into the arrays of the header. raises BadFrame where they do not fit"""
    if len(raw) != header.size:
        raise BadFrame(f"{len(raw)} bytes of numbers where {header.size} belong")
    arrays, start = {}, 0
    for name, shape in header.shapes.items():
        dtype = np.dtype(KINDS[header.kind].arrays[name][0])
        count = math.prod(shape)
        arrays[name] = np.frombuffer(raw, dtype, count, start).reshape(shape)
        start += count * dtype.itemsize
    return Frame(header.kind, header.fields, arrays)


def _texts(value: dict[object, object]) -> bool:
    return all(isinstance(text, str) for pair in value.items() for text in pair)


def _shape(value: object, dimensions: int) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) != dimensions:
        raise BadFrame("a shape of other dimensions")
    if any(type(size) is not int or not 0 <= size < 1 << 31 for size in value):
        raise BadFrame("a shape that no array has")
    return tuple(value)
