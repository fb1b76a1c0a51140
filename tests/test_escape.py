"""Strangers' text, made safe to look at."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.escape import valid, visible


def test_plain_text_stays_as_it_is() -> None:
    assert visible("naïve 変数 = 'x y'  # ok") == "naïve 変数 = 'x y'  # ok"


def test_controls_directions_and_blanks_are_shown_by_their_code() -> None:
    assert visible("\x1b[2J") == "<U+001B>[2J"
    assert visible("a\u202eb\u200bc") == "a<U+202E>b<U+200B>c"
    assert visible("\u00a0\u3164\ufe0f\u2800") == "<U+00A0><U+3164><U+FE0F><U+2800>"


def test_a_byte_that_was_not_utf8_is_shown_as_a_byte() -> None:
    assert visible(b"caf\xe9".decode("utf-8", "surrogateescape")) == "caf<0xE9>"


@given(st.text(st.characters(exclude_categories=()), max_size=20))
def test_nothing_that_acts_or_hides_is_left(text: str) -> None:
    for char in visible(text):
        assert char == " " or unicodedata.category(char)[0] not in "CZ"


@given(st.text(st.characters(exclude_categories=()), max_size=20))
def test_valid_text_can_be_written(text: str) -> None:
    assert len(valid(text)) == len(text)
    valid(text).encode("utf-8")
