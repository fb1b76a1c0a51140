"""Frames: what is packed comes out bit for bit, and nothing else is ever accepted."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from reviewbot.server.wire import (
    KINDS,
    MAGIC,
    MAX_HEADER,
    PREFIX,
    BadFrame,
    Frame,
    header_length,
    pack,
    parse_arrays,
    parse_header,
)


def unpack(raw: bytes) -> Frame:
    length = header_length(raw[: PREFIX.size])
    end = PREFIX.size + length
    return parse_arrays(parse_header(raw[PREFIX.size : end]), raw[end:])


def header(**changes: object) -> bytes:
    head = {"kind": "read", "fields": {}, "shapes": {"ids": [3]}}
    return json.dumps(head | changes).encode()


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    kind = draw(st.sampled_from(sorted(KINDS)))
    texts = st.text(max_size=20)
    values = {
        str: texts,
        int: st.integers(0, 1 << 40),
        dict: st.dictionaries(texts, texts, max_size=4),
    }
    fields = {name: draw(values[wanted]) for name, wanted in KINDS[kind].fields.items()}
    made = {}
    for name, (dtype, dimensions) in KINDS[kind].arrays.items():
        if name not in KINDS[kind].optional or draw(st.booleans()):
            shape = draw(arrays.array_shapes(min_dims=dimensions, max_dims=dimensions, min_side=0))
            made[name] = draw(arrays.arrays(np.dtype(dtype), shape))
    return Frame(kind, fields, made)


@given(frames())
def test_a_frame_comes_out_as_it_went_in_to_the_last_bit(frame: Frame) -> None:
    found = unpack(pack(frame))

    assert (found.kind, found.fields) == (frame.kind, frame.fields)
    assert {name: (a.shape, a.dtype, a.tobytes()) for name, a in found.arrays.items()} == {
        name: (a.shape, a.dtype, a.tobytes()) for name, a in frame.arrays.items()
    }


@given(frames(), st.data())
def test_a_frame_that_is_cut_or_continued_is_refused(frame: Frame, data: st.DataObject) -> None:
    raw = pack(frame)
    cut = data.draw(st.integers(PREFIX.size, len(raw) - 1))

    for other in (raw[:cut], raw + b"\0"):
        with pytest.raises(BadFrame):
            unpack(other)


@given(st.binary(max_size=200))
def test_any_other_bytes_are_a_bad_frame_and_no_other_error(raw: bytes) -> None:
    with pytest.raises(BadFrame):
        parse_header(raw)
    with pytest.raises(BadFrame):
        header_length(raw[:8].ljust(8, b"\0").replace(MAGIC, b"\0\0\0\0"))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["kind", "fields", "shapes", "x"]), inner, max_size=4)
        ),
    )
)
def test_any_other_json_is_a_bad_frame_and_no_other_error(value: object) -> None:
    with pytest.raises(BadFrame):
        parse_header(json.dumps(value).encode())


@pytest.mark.parametrize(
    "raw",
    [
        header(kind="exec"),
        header(kind=["read"]),
        header(more=1),
        header(fields={"why": "x"}),
        header(shapes={}),
        header(shapes={"ids": [3], "values": [1, 1]}),
        header(shapes={"ids": [3, 1]}),
        header(shapes={"ids": [-1]}),
        header(shapes={"ids": [True]}),
        header(shapes={"ids": [1 << 31]}),
        header(shapes={"ids": [1.0]}),
        header(shapes={"ids": 3}),
        header(kind="failed", fields={"why": 1}, shapes={}),
        header(kind="hello", fields={"terms": {"a": 1}}, shapes={}),
        b"[" * 10_000,
        b"1" * 10_000,
    ],
)
def test_a_header_outside_the_table_is_refused(raw: bytes) -> None:
    assert parse_header(header()).size == 12
    with pytest.raises(BadFrame):
        parse_header(raw)


@pytest.mark.parametrize("length", [0, MAX_HEADER + 1, 0xFFFFFFFF])
def test_a_header_of_another_length_is_not_even_read(length: int) -> None:
    assert header_length(PREFIX.pack(MAGIC, MAX_HEADER)) == MAX_HEADER
    with pytest.raises(BadFrame):
        header_length(PREFIX.pack(MAGIC, length))


@pytest.mark.parametrize(
    "values", [np.zeros((2, 2)), np.zeros(2, np.float32), np.array([[object()]])]
)
def test_numbers_of_another_kind_are_not_packed(values: np.ndarray) -> None:
    with pytest.raises(BadFrame):
        pack(Frame("states", arrays={"values": values}))


def test_a_header_that_a_peer_would_refuse_is_not_packed() -> None:
    with pytest.raises(BadFrame):
        pack(Frame("failed", {"why": "x" * MAX_HEADER}))
    with pytest.raises(BadFrame):
        pack(Frame("failed"))
