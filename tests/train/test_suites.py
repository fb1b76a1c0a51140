"""Which sets are what: by name, by words of a command line, or guessed and said."""

import numpy as np
import pytest

from reviewbot.errors import UsageError
from reviewbot.train.suites import CLEAN, HUNKS, chosen_suites, without
from tests.train.tables_made import made, planted


def test_our_sets_are_found_by_name_and_nothing_is_inferred() -> None:
    suites = chosen_suites(planted())

    assert suites.hunks == HUNKS
    assert suites.clean == CLEAN
    assert set(suites.mixed) == {"ai hunks", "humaneval, wrong and passing"}
    assert suites.inferred == ()


def test_of_other_sets_those_without_a_risky_line_are_taken_for_clean_and_it_is_said() -> None:
    table = made(
        {"state": np.zeros((6, 1), np.float32)},
        [0, 1, 0, 0, 0, 0],
        list("aabbcc"),
        ["bugs", "bugs", "fine", "fine", "good", "good"],
    )

    suites = chosen_suites(table)

    assert suites.hunks == {"all sets": ("bugs", "fine", "good")}
    assert suites.clean == {"fine": ("fine",), "good": ("good",)}
    assert suites.mixed == {}
    assert suites.inferred == ("hunks", "clean")


def test_words_of_a_command_line_name_suites_and_only_what_is_left_out_is_inferred() -> None:
    suites = chosen_suites(
        planted(),
        clean=["passing programs = humaneval_pass"],
        hunks=["mine=szz_ai_hunks, clean_ai_hunks", "humaneval_llm"],
    )

    assert suites.hunks == {
        "mine": ("szz_ai_hunks", "clean_ai_hunks"),
        "humaneval_llm": ("humaneval_llm",),
    }
    assert suites.clean == {"passing programs": ("humaneval_pass",)}
    assert suites.inferred == ()


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["a=absent"], "'absent'"),
        (["a=szz_ai_hunks,"], "empty"),
        (["=szz_ai_hunks"], "empty"),
        (["a=szz_ai_hunks", "a=clean_ai_hunks"], "twice"),
    ],
)
def test_a_suite_that_cannot_be_meant_is_refused(words: list[str], what: str) -> None:
    with pytest.raises(UsageError, match=what):
        chosen_suites(planted(), hunks=words)


def test_a_set_held_out_leaves_what_is_calibrated_on_but_is_ranked_as_before() -> None:
    table = planted()
    known = set(table.set_L.tolist())
    found = chosen_suites(table, hunks=["mine=szz_ai_hunks,humaneval_llm"])

    kept = without(found, {"humaneval_llm"}, known)

    assert kept.hunks == {"mine, not held out": ("szz_ai_hunks",)}
    assert kept.clean == found.clean
    assert kept.mixed == {**found.mixed, "mine": ("szz_ai_hunks", "humaneval_llm")}
    assert without(found, (), known) == found


@pytest.mark.parametrize(
    ("held_out", "title"),
    [
        (["humaneval_pass"], "passing programs"),
        (["clean_ai_hunks"], "clean hunks"),  # the set of humans that it also names is not there
        (["szz_ai_hunks", "clean_ai_hunks"], "ai hunks"),
    ],
)
def test_sets_held_out_never_empty_a_kind_unseen(held_out: list[str], title: str) -> None:
    table = planted()

    with pytest.raises(UsageError, match=f"--held-out leaves no set of '{title}'"):
        without(chosen_suites(table), held_out, set(table.set_L.tolist()))


def test_what_is_guessed_is_guessed_without_the_sets_held_out() -> None:
    table = made(
        {"state": np.zeros((4, 1), np.float32)},
        [0, 1, 0, 0],
        list("aabb"),
        ["bugs", "bugs", "fine", "good"],
    )

    kept = without(chosen_suites(table), ["good"], ["bugs", "fine", "good"])

    assert kept.hunks == {"all sets, not held out": ("bugs", "fine")}
    assert kept.clean == {"fine": ("fine",)}
    assert kept.mixed == {}
