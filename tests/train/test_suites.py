"""Which sets are what: by name, by words of a command line, or guessed and said."""

import numpy as np
import pytest

from reviewbot.core.errors import UsageError
from reviewbot.train.suites import chosen_suites, default_suites
from tests.train.tables_made import made, planted


def test_our_sets_are_found_by_name_and_nothing_is_inferred() -> None:
    suites = chosen_suites(planted())

    assert suites.hunks == default_suites().hunks
    assert suites.clean == default_suites().clean
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
