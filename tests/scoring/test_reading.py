"""Lines read through windows: the same states whatever else is wanted."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from reviewbot.arrays import Array
from reviewbot.encoders.prompt import ReadingPlan, preamble
from reviewbot.encoders.spans import split_lines
from reviewbot.encoders.states import HiddenStates
from reviewbot.encoders.torch_encoder import TransformersEncoder
from reviewbot.scoring.plan import plan_reading, read_lines
from reviewbot.scoring.reading import TooLong
from tests import tiny

LINES = [*tiny.TEXT.split("\n")[:-1], *(f"value_{i} = other({i}):" for i in range(20))]
TEXT = "\n".join(LINES) + "\n"
PLAN = ReadingPlan(context=96, overlap=24)


@pytest.fixture(scope="module")
def encoder(tiny_model: Path) -> TransformersEncoder:
    return tiny.encoder(tiny_model)


def states_of(
    encoder: TransformersEncoder, wanted: list[int], text: str = TEXT, plan: ReadingPlan = PLAN
) -> dict[int, Array]:
    found: dict[int, Array] = {}
    for read in read_lines(encoder, plan, path="a.py", text=text, wanted=wanted):
        for line, span in zip(read.lines, read.token_spans, strict=True):
            assert line not in found
            found[line] = read.hidden.values_TD[slice(*span)]
    return found


def watch(encoder: TransformersEncoder, monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Return the list that will hold the tokens of each forward pass."""
    seen: list[list[int]] = []
    real = encoder.states

    def states(ids: Sequence[int], first: int = 0) -> HiddenStates:
        seen.append(list(ids))
        return real(ids, first)

    monkeypatch.setattr(encoder, "states", states)
    return seen


def test_the_states_of_a_line_do_not_depend_on_which_other_lines_are_wanted(
    encoder: TransformersEncoder,
) -> None:
    together = states_of(encoder, list(range(len(LINES))))

    assert sorted(together) == list(range(len(LINES)))
    for line in range(len(LINES)):  # line 1 is followed by blank lines, which share its last token
        alone = states_of(encoder, [line])
        assert alone[line].shape == together[line].shape, LINES[line]
        np.testing.assert_allclose(alone[line], together[line], atol=1e-5)


def test_what_stands_behind_the_last_wanted_line_does_not_matter(
    encoder: TransformersEncoder,
) -> None:
    changed = "\n".join([*LINES[:5], "something(else)", "x"]) + "\n"

    np.testing.assert_allclose(
        states_of(encoder, [4], changed)[4], states_of(encoder, [4])[4], atol=1e-5
    )


@pytest.mark.parametrize("before", [0, 7, 30, 61])
def test_a_line_is_read_whole_or_not_at_all_whatever_stands_before_it(
    encoder: TransformersEncoder, before: int
) -> None:
    fits, not_fits = "[" * 60, "[" * 500
    text = "a = 1\n" * before + f"{fits}\n{not_fits}\nb = 2\n"
    wanted = [before, before + 1, before + 2]

    planned = plan_reading(encoder, PLAN, path="a.py", text=text, wanted=wanted)
    found = states_of(encoder, wanted, text)

    assert [one.line for one in planned if isinstance(one, TooLong)] == [before + 1]
    assert sorted(found) == [before, before + 2]
    assert len(found[before]) == len(encoder.tokenize(f"{fits}\n").ids)


def test_an_encoder_that_leaves_tokens_out_is_found_out(
    encoder: TransformersEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = encoder.states
    monkeypatch.setattr(encoder, "states", lambda ids, first: real(ids[: first + 4], first))

    with pytest.raises(RuntimeError, match="4 states of"):
        states_of(encoder, [0, 1])


def test_no_pass_holds_more_than_the_context_and_the_preamble_at_most_half(
    encoder: TransformersEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = watch(encoder, monkeypatch)
    path = "deep/" * 60 + "a.py"
    list(read_lines(encoder, PLAN, path=path, text=TEXT, wanted=range(len(LINES))))
    before = encoder.tokenize(preamble(PLAN, path)).ids

    assert len(before) > 48
    assert len(seen) > 3
    assert all(48 < len(ids) <= 96 and ids[:48] == before[:48] for ids in seen)


def test_path_and_description_change_the_states_only_where_the_plan_says(
    encoder: TransformersEncoder,
) -> None:
    def read(plan: ReadingPlan, path: str, description: str) -> Array:
        (found,) = read_lines(
            encoder, plan, path=path, text="x = 1\n", wanted=[0], description=description
        )
        return found.hidden.values_TD

    described = ReadingPlan(description=True, context=256, overlap=64)
    bare = ReadingPlan(path=False, context=256, overlap=64)
    plain = read(tiny.PLAN, "a.py", "")

    assert np.array_equal(plain, read(tiny.PLAN, "a.py", "adds two"))
    for other in (
        read(tiny.PLAN, "b.py", ""),
        read(described, "a.py", "adds two"),
        read(bare, "a.py", ""),
    ):
        assert other.shape == plain.shape  # the preamble's tokens are no part of the states
        assert not np.allclose(other, plain, atol=1e-2)


def test_nothing_wanted_is_nothing_read(encoder: TransformersEncoder) -> None:
    assert states_of(encoder, []) == {}


@pytest.mark.parametrize("text", ["x = 1\ny\n", "x = 1\ny", "x = 1\ny\n\n\n", "\n\nx\n\n"])
def test_the_tokens_that_are_read_are_the_text_s_own(
    encoder: TransformersEncoder, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = watch(encoder, monkeypatch)
    bare = ReadingPlan(path=False, context=256, overlap=64)
    wanted = range(len(split_lines(text)))
    list(read_lines(encoder, bare, path="a.py", text=text, wanted=wanted))

    assert seen == [encoder.tokenize(text if text.endswith("\n") else text + "\n").ids]
