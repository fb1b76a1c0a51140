"""Corrupted copies of snippets."""

import random

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


def test_at_least_one_line_is_chosen_and_nothing_happens_to_a_text_without_code() -> None:
    one = mutate(["a = 1", "b = 2"], ["q = 9"], 0.01, seeded(0))
    none = mutate(["", "}"], ["q = 9"], 1.0, seeded(0))

    assert one.lines != ("a = 1", "b = 2")
    assert (none.lines, none.places) == (("", "}"), ())


def test_a_line_in_another_s_place_takes_its_indentation() -> None:
    found = {mutate(["    a = 1"], ["q = 9"], 1, seeded(s)).lines for s in range(30)}

    assert found == {(), ("    a = 1",), ("    q = 9",)}


def test_the_same_seed_corrupts_alike() -> None:
    lines = [f"v{i} = {i}" for i in range(30)]

    assert mutate(lines, ["q"], 0.3, seeded(7)) == mutate(lines, ["q"], 0.3, seeded(7))
