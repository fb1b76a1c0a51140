"""Expectations against corrections, with a model that expects "*" at every "+"."""

import csv

import pytest

from research.csv_figures import csv_text
from research.expectations import (
    MARGINS,
    ReadLine,
    differ_in_one_token,
    examples,
    margin_of,
    measure,
    read_all,
)
from reviewbot.encoders.prompt import ReadingPlan
from reviewbot.scoring.feature_cache import NullCache
from reviewbot.scoring.line_features import FeatureReader
from tests.cli.small import ByteEncoder
from tests.research.versions import replayed

HEADS = ("set", "lines", "count", "groups", "margin", "with one")


@pytest.mark.parametrize(
    ("wrong", "corrected", "is_one"),
    [
        ("a = b + c", "a = b * c", True),
        ("a = max_tokens", "  a=min_tokens", True),
        ("a = b + c", "a = b + c + d", False),
        ("a = b + c", "a = c + b", False),
        ("a = b", "a  = b", False),
    ],
)
def test_two_lines_differ_in_one_word_or_run_of_signs(
    wrong: str, corrected: str, is_one: bool
) -> None:
    assert differ_in_one_token(wrong, corrected) == is_one


def read_lines() -> list[ReadLine]:
    """Four wrong lines, two with an expectation, one of them right; a change that survived."""
    changes = [
        replayed("right", ["x = 1", "y = a + b"], ["x = 1", "y = a * b"]),
        replayed("wrong", ["x = 1", "y = a + b"], ["x = 1", "y = c + b"]),
        replayed("silent", ["x = 1", "y = a - b"], ["x = 1", "y = a * b"]),
        replayed("two tokens", ["x = 1", "y = a + b"], ["x = 1", "y = c * d"]),
        replayed("sound", ["x = 1 + 2", "y = 3", "z = 4 + 5 + 6", "w = 7"], risky=()),
    ]
    reader = FeatureReader(
        encoder=ByteEncoder(head=True),
        plan=ReadingPlan(),
        coder=None,
        groups={},
        cache=NullCache(),
    )
    return list(read_all(changes, reader))


def test_only_lines_that_one_token_corrects_and_lines_that_survived_are_read() -> None:
    lines = read_lines()

    assert [(one.group, one.text, one.corrected) for one in lines[:3]] == [
        ("right", "y = a + b", "y = a * b"),
        ("wrong", "y = a + b", "y = c + b"),
        ("silent", "y = a - b", "y = a * b"),
    ]
    assert [(one.group, len(one.expected)) for one in lines[3:]] == [
        ("sound", 1),
        ("sound", 0),
        ("sound", 2),
        ("sound", 0),
    ]


def test_precision_counts_corrections_and_the_false_rate_counts_all_on_sound_lines() -> None:
    rows = list(csv.DictReader(csv_text(HEADS, measure(read_lines())).splitlines()))
    by_place = {(row["lines"], float(row["margin"])): row for row in rows}

    assert len(rows) == 2 * len(MARGINS)
    for margin, with_one, shown, precision, false in (
        (5.0, "2", "0.667", "0.500", "75.0"),
        (6.0, "0", "0.000", "", "0.000"),  # the model's margin is 5.99 nats
    ):
        pairs, sound = by_place["pairs", margin], by_place["survived", margin]
        found = (pairs["with one"], pairs["shown"], pairs["precision"], sound["false"])
        assert found == (with_one, shown, precision, false)


def test_examples_show_the_strongest_good_and_bad_ones_with_their_lines() -> None:
    lines = read_lines()
    text = list(examples(lines, 1))

    assert margin_of(lines[0].expected[0]) == pytest.approx(5.99, abs=0.01)
    assert text[0] == "right, 6.0 nats: `+`: the model expected `*` (0.8 against 0.002)"
    assert text[1] == "  right code.py:2  y = a + b  -> y = a * b"
    assert text[2].startswith("not right, 6.0 nats: ")
    assert text[3].endswith("survived")
    assert len(text) == 4
