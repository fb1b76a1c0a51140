"""Line features of labelled snippets, and the cache that makes a second experiment cheap."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reviewbot.encoders.encoder import Tokens
from reviewbot.encoders.prompt import ReadingPlan
from reviewbot.encoders.states import HiddenStates
from reviewbot.encoders.torch_encoder import TransformersEncoder
from reviewbot.scoring.pooling import line_tokens, pool
from reviewbot.scoring.reading import read_lines
from reviewbot.train.features import Reader, Snippet, pooled, read_snippet
from tests import tiny

LINES = tuple(tiny.TEXT.split("\n")[:-1])
ONE = Snippet("a.py", LINES, (0, 1, 5))
TWO = Snippet("b.py", LINES[4:], (1, 2, 4, 6))
GROUPS = ("sae_max", "sae_mean", "state_mean", "state_last")


class Raising:
    """An encoder that must not be asked."""

    width, dtype, engine = tiny.WIDTH, "fp32", "fake"

    def tokenize(self, text: str) -> Tokens:
        raise AssertionError("read again")

    def states(self, ids: Sequence[int]) -> HiddenStates:
        raise AssertionError("read again")


@pytest.fixture(scope="module")
def encoder(tiny_model: Path) -> TransformersEncoder:
    return tiny.encoder(tiny_model)


@pytest.fixture
def reader(encoder: TransformersEncoder) -> Reader:
    return Reader(
        encoder=encoder,
        plan=tiny.PLAN,
        model_sha256=tiny.MODEL_SHA,
        layer=tiny.LAYER,
        full=False,
    )


def test_the_features_of_a_snippet_are_those_of_scoring(reader: Reader, tmp_path: Path) -> None:
    found = pooled(reader, [ONE, TWO], tiny.coder(), "sha", GROUPS, tmp_path)
    expected: dict[str, list[np.ndarray]] = {group: [] for group in GROUPS}
    for snippet in (ONE, TWO):
        (read,) = read_lines(
            reader.encoder,
            reader.plan,
            path=snippet.path,
            text="\n".join(snippet.lines) + "\n",
            wanted=snippet.wanted,
        )
        groups = pool(line_tokens(read.hidden.values_TD, read.token_spans), tiny.coder())
        for group in GROUPS:
            expected[group].append(groups[group])

    for group in GROUPS:
        assert found[group].dtype == np.float32
        np.testing.assert_allclose(found[group], np.concatenate(expected[group]), atol=0.02)


def test_lines_of_many_windows_stand_in_their_order(reader: Reader, tmp_path: Path) -> None:
    narrow = replace(reader, plan=ReadingPlan(context=64, overlap=16))
    every = Snippet("a.py", LINES, tuple(range(len(LINES))))
    found = read_snippet(narrow, every, tmp_path).tokens
    start = 0
    for line, count in zip(every.wanted, found.counts_L, strict=True):
        single = read_snippet(narrow, replace(every, wanted=(line,)), tmp_path).tokens
        assert single.counts_L.tolist() == [count]
        np.testing.assert_allclose(
            single.normed_TD, found.normed_TD[start : start + count], atol=0.01
        )
        start += count
    assert start == len(found.normed_TD)


def test_what_is_in_the_cache_needs_no_encoder(reader: Reader, tmp_path: Path) -> None:
    first = pooled(reader, [ONE, TWO], tiny.coder(), "sha", GROUPS, tmp_path)
    blind = replace(reader, encoder=Raising())
    again = pooled(blind, [ONE, TWO], tiny.coder(), "sha", GROUPS, tmp_path)
    other_coder = pooled(blind, [TWO], tiny.coder(5), "other", ("sae_max",), tmp_path)

    assert {group: array.tobytes() for group, array in first.items()} == {
        group: array.tobytes() for group, array in again.items()
    }
    assert not np.array_equal(other_coder["sae_max"], first["sae_max"][len(ONE.wanted) :])


@pytest.mark.parametrize("how", ["empty", "cut off", "noise"])
def test_a_damaged_entry_is_read_again(reader: Reader, tmp_path: Path, how: str) -> None:
    first = pooled(reader, [ONE], tiny.coder(), "sha", GROUPS, tmp_path)
    entries = sorted(tmp_path.rglob("*.safetensors"))
    for path in entries:
        whole = path.read_bytes()
        path.write_bytes({"empty": b"", "cut off": whole[:-9], "noise": b"\xff" * 99}[how])
    again = pooled(reader, [ONE], tiny.coder(), "sha", GROUPS, tmp_path)

    assert len(entries) == 2  # the tokens, and what was pooled from them
    for group in GROUPS:
        np.testing.assert_array_equal(again[group], first[group])
    for path in entries:
        path.write_bytes(b"")
    with pytest.raises(AssertionError, match="read again"):
        pooled(replace(reader, encoder=Raising()), [ONE], tiny.coder(), "sha", GROUPS, tmp_path)


def test_whatever_decides_what_is_seen_is_part_of_the_address(reader: Reader) -> None:
    told = replace(reader, plan=replace(tiny.PLAN, description=True))
    keys = [
        reader.key(ONE),
        reader.key(replace(ONE, path="b.py")),
        reader.key(replace(ONE, lines=(*LINES, "x"))),
        reader.key(replace(ONE, wanted=(0, 1))),
        replace(reader, model_sha256="cd" * 32).key(ONE),
        replace(reader, layer=1).key(ONE),
        replace(reader, full=True).key(ONE),
        told.key(ONE),
        told.key(replace(ONE, description="adds")),
    ]

    assert len(set(keys)) == len(keys)
    assert reader.key(replace(ONE, description="adds")) == reader.key(ONE)


def test_what_a_later_layer_and_the_output_head_say_is_kept_where_they_are_read(
    reader: Reader, tiny_model: Path, tmp_path: Path
) -> None:
    encoder = tiny.encoder(tiny_model, deep=3, full=True)
    deep = replace(reader, encoder=encoder, deep=3, full=True)
    groups = ("deep_mean", "deep_max", "deep_last", "block_end")
    found = pooled(deep, [ONE], tiny.coder(), "sha", (*groups, "block", "surprisal"), tmp_path)

    assert {name: part.shape for name, part in found.items()} == {
        **dict.fromkeys(groups, (3, tiny.WIDTH)),
        "block": (3, 4),
        "surprisal": (3, 9),
    }
    assert (found["surprisal"][:, 0] > 0).all()
    assert (found["block_end"] == found["block_end"][0]).all()  # one block
    assert not (found["deep_mean"][0] == found["deep_mean"][1]).all()
    assert (found["deep_max"] >= found["deep_mean"]).all()
    assert reader.key(ONE) != deep.key(ONE)
    assert read_snippet(reader, ONE, tmp_path).groups == {}


def test_a_snippet_without_wanted_lines_has_no_rows(reader: Reader, tmp_path: Path) -> None:
    found = pooled(reader, [replace(ONE, wanted=()), ONE], tiny.coder(), "s", GROUPS, tmp_path)

    assert {group: len(array) for group, array in found.items()} == dict.fromkeys(GROUPS, 3)
