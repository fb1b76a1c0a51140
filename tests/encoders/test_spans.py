"""Characters to tokens to lines: on hand-made tokens, and on what tokenizers really give."""

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reviewbot.encoders.encoder import Tokens
from reviewbot.encoders.spans import Span, line_spans, split_lines
from reviewbot.encoders.tokenizer import load_tokenizer, tokenize
from tests import tiny

# What breaks line counting: line ends of every kind, marks that NFC joins, and what has no width.
ODD = ["\n", "\r", "\r\n", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x85", "\0", "\ufeff"]
ODD += ["\u200b", "\u200d", "e\u0301", "\u0301", "\u1100\u1161", "👩‍👩‍👧", "🙂", "\ufffd", "\ud800"]
ODD += [" ", "\t", "  ", "if x:", "return", "ﬁ", "İ", "<|endoftext|>", "<tool_call>", "漢字"]
TEXTS = st.lists(st.one_of(st.sampled_from(ODD), st.text(max_size=8)), max_size=30).map("".join)


def test_a_token_that_crosses_a_line_end_belongs_to_both_lines() -> None:
    offsets = [Span(0, 1), Span(1, 3), Span(3, 4)]

    assert line_spans(offsets, "a\nb\n") == [Span(0, 2), Span(1, 3)]


def test_a_line_that_no_token_touches_has_an_empty_span() -> None:
    spans = line_spans([Span(0, 2), Span(4, 5)], "a\n\n\nb")

    assert spans == [Span(0, 1), Span(1, 1), Span(1, 1), Span(1, 2)]


def test_only_a_newline_ends_a_line_and_the_last_line_may_lack_one() -> None:
    assert split_lines("a\x0cb\u2028c\r\nd\re\n") == ["a\x0cb\u2028c\r", "d\re"]
    assert (split_lines("a\nb"), split_lines("")) == (["a", "b"], [])


@pytest.mark.parametrize(
    "offsets",
    [[Span(1, 2), Span(0, 2)], [Span(0, 2), Span(1, 1)], [Span(0, 4)]],
    ids=["start descends", "end descends", "outside the text"],
)
def test_offsets_that_cannot_be_are_refused(offsets: list[Span]) -> None:
    with pytest.raises(ValueError, match="ascend"):
        line_spans(offsets, "a\nb")


def _tiny() -> Callable[[str], Tokens]:
    with tempfile.TemporaryDirectory() as name:
        tiny.tokenizer().save(str(Path(name) / "tokenizer.json"))
        loaded = load_tokenizer(Path(name))
    return lambda text: tokenize(loaded, text)


TINY = _tiny()


def check(split: Callable[[str], Tokens], text: str) -> None:
    lines = split_lines(text)
    tokens = split(text)
    spans = line_spans(tokens.offsets, text)
    assert len(tokens.ids) == len(tokens.offsets)
    assert len(spans) == len(lines)
    start = 0
    for line, span in zip(lines, spans, strict=True):
        end = start + len(line) + 1
        if line.strip():
            assert span.end > span.start, f"no token touches {line!r}"
        for token in tokens.offsets[slice(*span)]:
            assert token.start < end, f"{token} is no part of {line!r}"
            assert token.end > start, f"{token} is no part of {line!r}"
        start = end
    for number, token in enumerate(tokens.offsets):  # and none of the text's tokens is lost
        if token.end > token.start:
            assert any(span.start <= number < span.end for span in spans)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
@example("\ud800\ud83d\ude00 = 1\n")
@example("e\u0301\u0301\n\u0301x\r\n\r\n")
@example("x:\n\n\n    y\n")
def test_every_line_that_shows_something_has_tokens_and_they_lie_in_it(text: str) -> None:
    check(TINY, text)


@settings(max_examples=25, deadline=None)
@given(TEXTS.map(lambda text: text.replace("\0", "")))  # with a NUL git calls it binary
def test_git_counts_the_same_lines(text: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        old, new = Path(name) / "old", Path(name) / "new"
        old.write_bytes(b"")
        new.write_bytes(text.encode("utf-8", "replace"))
        done = subprocess.run(
            ["git", "diff", "--no-index", "--text", "--numstat", str(old), str(new)],
            capture_output=True,
            check=False,
        )
    counted = int(done.stdout.split()[0]) if done.stdout else 0

    assert len(split_lines(text)) == counted
