"""Messages: arrays arrive bit for bit, and anything else is a BadMessage."""

import json
from multiprocessing import Pipe

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from reviewbot.server import messages
from reviewbot.server.messages import ARRAYS, MAX_GREETING, BadMessage, pack, unpack


@st.composite
def array_sets(draw: st.DrawFn) -> dict[str, np.ndarray]:
    def array(name: str) -> np.ndarray:
        dtype, dimensions = ARRAYS[name]
        shapes = arrays.array_shapes(min_dims=dimensions, max_dims=dimensions, min_side=0)
        return draw(arrays.arrays(dtype, draw(shapes)))

    return {name: array(name) for name in draw(st.sets(st.sampled_from(sorted(ARRAYS))))}


@given(array_sets(), st.data())
def test_arrays_arrive_to_the_last_bit_and_a_cut_or_continued_message_is_refused(
    sent: dict[str, np.ndarray], data: st.DataObject
) -> None:
    raw = pack(sent)
    received = unpack(raw)

    assert received.keys() == sent.keys()
    for name, array in sent.items():
        assert received[name].dtype == array.dtype
        assert received[name].shape == array.shape
        assert received[name].tobytes() == array.tobytes()
    for other in (raw[: data.draw(st.integers(0, len(raw) - 1))], raw + b"\0"):
        with pytest.raises(BadMessage):
            unpack(other)


@given(st.binary(max_size=200))
def test_any_other_bytes_are_a_bad_message_and_no_other_error(raw: bytes) -> None:
    with pytest.raises(BadMessage):
        unpack(raw)


def bf16() -> bytes:
    head = json.dumps({"ids": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}).encode()
    return len(head).to_bytes(8, "little") + head + b"\0\0"


@pytest.mark.parametrize(
    "raw",
    [
        pack({"x": np.ones(2, np.int32)}),
        pack({"ids": np.ones(2)}),
        pack({"ids": np.ones((2, 2), np.int32)}),
        pack({"values": np.ones(2, np.float32)}),
        bf16(),
    ],
    ids=["another name", "another dtype", "more dimensions", "fewer dimensions", "no numpy dtype"],
)
def test_arrays_outside_the_table_are_refused(raw: bytes) -> None:
    with pytest.raises(BadMessage):
        unpack(raw)


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"1", b"{", b"\xff", b"[" * 10_000, b"1" * 10_000, b" " * (MAX_GREETING + 1)],
    ids=["empty", "list", "number", "cut", "no UTF-8", "deep", "long number", "too long"],
)
def test_a_greeting_that_is_no_small_json_object_is_refused(raw: bytes) -> None:
    left, right = Pipe()
    with left, right:
        messages.send(left, raw)
        with pytest.raises(OSError, match=r"it sent|bad message length"):
            messages.receive_json(right, 5)
