"""Reading piece by piece: what the model is shown, with a real tokenizer and model."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from reviewbot.encoders.prompt import Pieces, ReadingPlan
from reviewbot.encoders.torch_encoder import TransformersEncoder
from reviewbot.errors import ArtifactError
from reviewbot.scoring.artifact import load_artifact
from reviewbot.scoring.plan import plan_reading, read_lines
from reviewbot.scoring.reading import Reading, TooLong
from tests import tiny
from tests.changes import Check, made, outcomes

MARKS = (300, 301, 302, 303)
LAYOUT = Pieces(marks=MARKS, lines=3, before=40, after=20, preamble=16, text=60)
PLAN = ReadingPlan(pieces=LAYOUT)
LINES = [f"value_{n} = other({n})" for n in range(20)]
TEXT = "".join(line + "\n" for line in LINES)


@pytest.fixture(scope="module")
def encoder(tiny_model: Path) -> TransformersEncoder:
    return tiny.encoder(tiny_model, full=True)


def plan(
    encoder: TransformersEncoder, wanted: list[int], added: list[int], text: str = TEXT
) -> list[Reading | TooLong]:
    return list(plan_reading(encoder, PLAN, path="a.py", text=text, wanted=wanted, added=added))


def parts(encoder: TransformersEncoder, reading: Reading) -> list[str]:
    """Return the text between the marks: preamble and code before, code behind, piece."""
    places = [reading.ids.index(mark) for mark in MARKS]
    assert places == sorted(places)
    assert (places[0], places[3]) == (0, len(reading.ids) - 1)
    assert reading.skipped == places[2] + 1
    return [
        "".join(map(encoder.token, reading.ids[start + 1 : stop]))
        for start, stop in pairwise(places)
    ]


def test_a_piece_stands_last_with_code_of_both_sides_before_it(
    encoder: TransformersEncoder,
) -> None:
    (reading,) = plan(encoder, [9, 10], [9, 10])
    assert isinstance(reading, Reading)

    before, after, piece = parts(encoder, reading)

    assert before.startswith("# a.py\n")
    assert TEXT[: TEXT.index(LINES[9])].endswith(before[-30:])
    assert after == TEXT[TEXT.index(LINES[10]) + len(LINES[10]) :][: len(after)]
    assert piece == f"{LINES[9]}\n{LINES[10]}"
    assert len(reading.ids) <= LAYOUT.before + LAYOUT.after + LAYOUT.preamble + LAYOUT.text + 4


def test_without_marks_a_piece_stands_behind_the_code_before_it(
    encoder: TransformersEncoder,
) -> None:
    pieces = replace(LAYOUT, marks=None, after=0)
    (reading,) = plan_reading(
        encoder, ReadingPlan(pieces=pieces), path="a.py", text=TEXT, wanted=[9], added=[9, 10]
    )
    assert isinstance(reading, Reading)
    shown = "".join(map(encoder.token, reading.ids[: reading.skipped]))

    assert shown.startswith("# a.py\n")
    assert TEXT[: TEXT.index(LINES[9])].endswith(shown[-30:])
    own = "".join(map(encoder.token, reading.ids[reading.skipped :]))
    assert own == f"{LINES[9]}\n{LINES[10]}"
    assert reading.block_spans == ((0, len(reading.ids) - reading.skipped),)


def test_the_spans_are_those_of_the_lines(encoder: TransformersEncoder) -> None:
    (reading,) = plan(encoder, [4, 6], [4, 5, 6])
    assert isinstance(reading, Reading)
    own = reading.ids[reading.skipped :]

    texts = ["".join(map(encoder.token, own[slice(*span)])) for span in reading.token_spans]

    assert reading.lines == (4, 6)
    assert [text.strip("\n") for text in texts] == [LINES[4], LINES[6]]


def test_a_line_is_read_the_same_whichever_lines_are_wanted(encoder: TransformersEncoder) -> None:
    added = list(range(3, 15))
    whole = {
        line: reading.ids
        for reading in plan(encoder, added, added)
        if isinstance(reading, Reading)
        for line in reading.lines
    }

    assert sorted(whole) == added
    for line in added:
        (reading,) = plan(encoder, [line], added)
        assert isinstance(reading, Reading)
        assert (reading.lines, reading.ids) == ((line,), whole[line])


def test_code_behind_a_line_changes_its_state(encoder: TransformersEncoder) -> None:
    def state(text: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        (read,) = read_lines(encoder, PLAN, path="a.py", text=text, wanted=[5])
        return read.hidden.values_TD[slice(*read.token_spans[0])]

    here = state(TEXT)

    assert np.array_equal(here, state(TEXT))
    assert not np.array_equal(here, state(TEXT.replace(LINES[6], "else:")))


def test_a_line_that_is_too_long_is_not_read_and_its_neighbours_are(
    encoder: TransformersEncoder,
) -> None:
    lines = [*LINES[:5], "x = " + "[1, 2]" * 40, *LINES[6:]]
    found = plan(encoder, [4, 5, 6], [4, 5, 6], "".join(line + "\n" for line in lines))

    assert [one.line for one in found if isinstance(one, TooLong)] == [5]
    assert [one.lines for one in found if isinstance(one, Reading)] == [(4,), (6,)]


@pytest.mark.parametrize("text", ["x = 1", "x = 1\n\n\n", "\n\nx = 1\n"])
def test_a_file_may_be_nothing_but_the_piece(encoder: TransformersEncoder, text: str) -> None:
    line = text.split("\n").index("x = 1")
    everything = list(range(len(text.rstrip("\n").split("\n"))))

    (reading,) = plan(encoder, [line], everything, text)

    assert isinstance(reading, Reading)
    assert reading.lines == (line,)


@pytest.mark.parametrize("marks", [MARKS, None])
def test_the_plan_comes_back_from_json(marks: tuple[int, int, int, int] | None) -> None:
    plan = ReadingPlan(pieces=replace(LAYOUT, marks=marks))

    assert ReadingPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


@pytest.mark.parametrize(
    "change", [{"marks": [1, 2, 3]}, {"lines": 1}, {"before": 0}, {"after": 10**6}, {"text": "5"}]
)
def test_a_layout_that_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    pieces = {**PLAN.to_json()["pieces"], "marks": list(MARKS), **change}

    with pytest.raises(ValueError, match="pieces"):
        ReadingPlan.from_json({"pieces": pieces})


def test_a_piece_with_too_many_tokens_is_halved_until_it_fits(encoder: TransformersEncoder) -> None:
    lines = [f"value = [{', '.join('abcdefg')}]"] * 3
    found = plan(encoder, [0, 1, 2], [0, 1, 2], "".join(line + "\n" for line in lines))

    assert all(isinstance(one, Reading) for one in found)
    assert [one.lines for one in found if isinstance(one, Reading)] == [(0,), (1, 2)]


@pytest.mark.parametrize(("last", "fine"), [(303, True), (10**6, False)])
def test_marks_that_the_model_does_not_have_are_refused_before_anything_is_read(
    encoder: TransformersEncoder, tmp_path: Path, last: int, *, fine: bool
) -> None:
    pieces = replace(LAYOUT, marks=(*MARKS[:3], last))
    where = tiny.tiny_artifact(tmp_path / "artifact", plan=ReadingPlan(pieces=pieces))
    change = made(tmp_path, {}, {"a.py": TEXT.encode()})
    check = Check(encoder, load_artifact(where))

    if fine:
        assert len(outcomes(check(change))) == len(LINES)
        return
    with pytest.raises(ArtifactError, match="names tokens that the model does not have"):
        check(change)
