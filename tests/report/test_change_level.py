"""One figure for a whole change, as every format says it."""

import math

import pytest

from reviewbot.report.change_level import ChangeLevel, change_level, change_words
from reviewbot.scoring.artifact import PRESETS, load_artifact
from reviewbot.scoring.calibration import calibration_of
from tests.render.examples import CHANGES

OWN = calibration_of("c", "a", "b", [0.1], [0.5, 1.0, 2.0, 4.0])


def test_a_change_has_its_sum_and_its_place_among_changes() -> None:
    level = change_level([0.5, 0.62, 0.2], [0.5], CHANGES, None)

    assert level == ChangeLevel(1.32, 32, 12, None, 76, 62)
    assert change_words(level) == (
        "the change: about 1.3 wrong lines expected; riskier than 32 % of AI-authored changes that"
        " survived"
    )


def test_the_own_history_is_the_reference_if_there_is_one() -> None:
    level = change_level([0.5, 0.7], [0.5, 0.7], CHANGES, OWN)

    assert level == ChangeLevel(1.2, 50, 50, 4, 76, 62)
    assert change_words(level).endswith("; riskier than 50 % of this repository's last 4 changes")
    alone = change_level([5.0], [], None, OWN)
    assert alone == ChangeLevel(5.0, 99, 0, 4)  # never 100: the reference is finite


def test_without_a_reference_only_the_sum_is_known() -> None:
    level = change_level([0.3], [0.3], None, None)

    assert level == ChangeLevel(0.3)
    assert change_words(level) == "the change: about 0.30 wrong lines expected"
    assert change_level([], [], CHANGES, OWN) is None
    unknown = change_level([0.3, math.nan], [], CHANGES, OWN)
    assert unknown is not None
    assert change_words(unknown) == "the change: unknown how many wrong lines to expect"


@pytest.mark.parametrize(
    ("total", "words"),
    [
        (0.0, "fewer than 0.01 wrong"),
        (0.284, "about 0.28 wrong"),
        (0.99998, "about 1.0 wrong"),
        (9.96, "about 10 wrong"),
        (27.4, "about 27 wrong"),
        (4_321.0, "about 4,321 wrong"),
    ],
)
def test_a_sum_is_said_with_digits_that_mean_something(total: float, words: str) -> None:
    assert f": {words} lines expected" in change_words(ChangeLevel(total))


def test_quick_knows_changes_and_deep_does_not() -> None:
    quick = load_artifact(PRESETS["quick"]).changes

    assert quick is not None
    assert load_artifact(PRESETS["deep"]).changes is None
    assert (sum(row.changes for row in quick.labelled), sum(r.fixed for r in quick.labelled)) == (
        607,
        357,
    )
    rates = [row.fixed / row.changes for row in quick.labelled]
    assert rates[0] < 0.3 < 0.7 < min(rates[-3:])
    level = change_level([1.3], [1.3], quick, None)
    assert level == ChangeLevel(1.3, 91, 91, None, 76, 60)
