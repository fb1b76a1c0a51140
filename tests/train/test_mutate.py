"""Corrupted copies of snippets."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.train.mutate import mutate

LINES = st.lists(st.sampled_from(["", "  )", "a = 1", "  b = 2", "\tc()", "a = 1"]), max_size=25)
OTHERS = st.lists(st.sampled_from(["q = 9", "  r()"]), max_size=3)


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - no secret


@given(LINES, OTHERS, st.floats(0, 1), st.integers())
def test_each_place_names_a_line_that_differs_or_stands_behind_a_deletion(
    lines: list[str], others: list[str], share: float, seed: int
) -> None:
    corrupted = mutate(lines, others, share, seeded(seed))
    deleted = len(lines) - len(corrupted.lines)
    origin = 0
    blamed = 0
    for here, there in corrupted.places:
        assert corrupted.lines[here].strip()
        if corrupted.lines[here] == lines[there]:
            blamed += 1
        assert there - here >= origin  # lines only ever vanish
        origin = there - here

    assert 0 <= origin <= deleted
    assert blamed <= deleted
    assert [here for here, _ in corrupted.places] == sorted({here for here, _ in corrupted.places})


@given(LINES, OTHERS, st.integers())
def test_lines_without_a_letter_or_digit_are_never_touched(
    lines: list[str], others: list[str], seed: int
) -> None:
    corrupted = mutate(lines, others, 1.0, seeded(seed)).lines

    assert [x for x in corrupted if not any(map(str.isalnum, x))] == [
        x for x in lines if not any(map(str.isalnum, x))
    ]


def test_about_the_share_of_the_code_lines_is_corrupted() -> None:
    lines = [f"v{i} = {i}" for i in range(100)]
    corrupted = mutate(lines, ["q = 9"], 0.2, seeded(0))

    gone = set(lines) - set(corrupted.lines)

    assert 15 <= len(gone) <= 20  # a line may take the place of another that was chosen too


@pytest.mark.parametrize(
    ("lines", "others", "share", "copies"),
    [
        (["", "}"], ["q = 9"], 1.0, {("", "}")}),  # no code
        (["a = 1"], ["q = 9"], 0.01, {(), ("a = 1",), ("q = 9",)}),  # at least one line
        (["    a = 1"], ["q = 9"], 1.0, {(), ("    a = 1",), ("    q = 9",)}),  # its indentation
    ],
)
def test_what_a_line_can_become(
    lines: list[str], others: list[str], share: float, copies: set[tuple[str, ...]]
) -> None:
    assert {mutate(lines, others, share, seeded(seed)).lines for seed in range(30)} == copies
    assert mutate(lines, others, share, seeded(7)) == mutate(lines, others, share, seeded(7))
