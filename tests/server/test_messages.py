"""Messages: arrays arrive bit for bit, and anything else is a BadMessage."""

import json
from multiprocessing import Pipe

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.numpy import save

from reviewbot.server.messages import (
    ARRAYS,
    MAX_GREETING,
    BadMessage,
    pack_text,
    receive_json,
    send,
    unpack,
    unpack_text,
)


@st.composite
def array_sets(draw: st.DrawFn) -> dict[str, np.ndarray]:
    names = draw(st.sets(st.sampled_from(sorted(ARRAYS))))
    shapes = {
        name: arrays.array_shapes(min_dims=ARRAYS[name][1], max_dims=ARRAYS[name][1], min_side=0)
        for name in names
    }
    return {name: draw(arrays.arrays(ARRAYS[name][0], draw(shapes[name]))) for name in names}


def facts(found: object) -> dict[str, tuple[object, ...]]:
    assert isinstance(found, dict)
    return {name: (a.shape, a.dtype, a.tobytes()) for name, a in found.items()}


@given(array_sets())
def test_arrays_arrive_to_the_last_bit(sent: dict[str, np.ndarray]) -> None:
    assert facts(unpack(save(sent))) == facts(sent)


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_arrives_with_lone_surrogates(text: str) -> None:
    assert unpack_text(pack_text(text)) == text


@given(array_sets(), st.data())
def test_a_message_that_is_cut_or_continued_is_refused(
    sent: dict[str, np.ndarray], data: st.DataObject
) -> None:
    raw = save(sent)

    for other in (raw[: data.draw(st.integers(0, len(raw) - 1))], raw + b"\0"):
        with pytest.raises(BadMessage):
            unpack(other)


@given(st.binary(max_size=200))
def test_any_other_bytes_are_a_bad_message_and_no_other_error(raw: bytes) -> None:
    with pytest.raises(BadMessage):
        unpack(raw)


@pytest.mark.parametrize(
    "sent",
    [
        {"x": np.ones(2, np.int32)},
        {"ids": np.ones(2)},
        {"ids": np.ones((2, 2), np.int32)},
        {"values": np.ones(2, np.float32)},
    ],
    ids=["another name", "another dtype", "more dimensions", "fewer dimensions"],
)
def test_arrays_outside_the_table_are_refused(sent: dict[str, np.ndarray]) -> None:
    with pytest.raises(BadMessage):
        unpack(save(sent))


def test_a_dtype_that_numpy_does_not_know_is_refused() -> None:
    head = json.dumps({"ids": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}).encode()

    with pytest.raises(BadMessage):
        unpack(len(head).to_bytes(8, "little") + head + b"\0\0")


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"1", b"{", b"\xff", b"[" * 10_000, b"1" * 10_000, b" " * (MAX_GREETING + 1)],
    ids=["empty", "list", "number", "cut", "no UTF-8", "deep", "long number", "too long"],
)
def test_a_greeting_that_is_no_small_json_object_is_refused(raw: bytes) -> None:
    left, right = Pipe()
    with left, right:
        send(left, raw)
        with pytest.raises(OSError, match=r"it sent|bad message length"):
            receive_json(right, 5)
