"""What the model expected in place of a token: the strongest of a line, and their words.

Teacher forcing computes the distribution of every token anyway, so the likeliest token at a place
costs one argmax, and nothing is generated. What was found while a window was read is kept with its
line features (`strongest`) and put into words when the reasons are made (`expectations`).
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence, Set
from typing import NamedTuple

import numpy as np

from reviewbot.arrays import Array
from reviewbot.encoders.spans import Span
from reviewbot.encoders.states import SIGNALS
from reviewbot.scoring.comparable import is_comparable
from reviewbot.scoring.outcomes import Expectation

GROUP = "expected"  # feature group: `KEPT` times `COLUMNS`, zeros where there are fewer
COLUMNS = ("token of the line", "id of the expected token", "margin", "surprisal")
KEPT = 6  # candidates of a line
SIZE = KEPT * len(COLUMNS)
MOST = 2  # expectations of a line
LEAST = 1.0  # nats: a smaller margin is never kept
MAX_COLUMN = 2_000  # what stands behind it is not compared
MAX_CHARS = 80  # of a word with its rest; of a longer one only the token is shown

_MARGIN, _SURPRISAL = SIGNALS.index("margin"), SIGNALS.index("surprisal")
# A bracket, a comma, a quote or a line end in another place says nothing that a reader can check,
# nor does a word in place of one.
_TELLING = re.compile(r"[^\W_]|[-+*/%<>=!&|^~?]")
_OPERATOR = re.compile(r"\s*[-+*/%<>=!&|^~?]")
_NEVER = re.compile(r"#|//|/\*|--|<!--|<\|")  # a comment, or a special token of the model
WORD = re.compile(r"[\w$]+")
_WORD = re.compile(r"[\w$]")
_DIGIT = re.compile(r"\d")
_ALONE = " ;:(){}"  # what may stand behind the only word of a line
_BEFORE = re.compile(r"(?:[\w$]+(?:\?\.|\.|->|::))?[\w$]*$")  # a word, and whose attribute it is
_LEADING = (re.compile(r"[^\w$]+(?=[\w$])"), re.compile(r"\s+"))  # before a word, before anything
_AFTER = re.compile(r"[\w$]*")
_QUOTES = str.maketrans("'`", '""')


class Rule(NamedTuple):
    """Which expectations are shown."""

    margin: float = math.inf  # nats, at least
    likely: float = 0.0  # probability of what was expected, at least; below, several would do


class Change(NamedTuple):
    """A part of a line, and what it would be with the expected token."""

    chars: Span
    expected: str


def strongest(
    signals_TS: Array,
    likeliest_T: Array,
    token_spans: Sequence[Span],
    char_spans: Sequence[Sequence[Span]],
    texts: Sequence[str],
    token: Callable[[int], str],
) -> Array:
    """Find the places of each line where another token was far likelier.

    signals_TS   columns of `SIGNALS` of the window's tokens
    likeliest_T  number of the likeliest token at each place
    token_spans  L spans in tokens of the window
    char_spans   of each line's tokens: the characters of the line that it covers
    texts        L lines
    token        `Encoder.token`
    returns      (L, SIZE), the largest margin first
    """
    rows_LN = np.zeros((len(texts), SIZE), np.float32)
    for row_N, span, chars, text in zip(rows_LN, token_spans, char_spans, texts, strict=True):
        margin_T = signals_TS[slice(*span), _MARGIN]
        kept = 0
        for place in np.argsort(-margin_T, kind="stable"):
            if not margin_T[place] >= LEAST or kept == KEPT:
                break
            number = int(likeliest_T[span.start + place])
            if change_of(text, chars[place], token(number)):
                at = kept * len(COLUMNS)
                surprisal = signals_TS[span.start + place, _SURPRISAL]
                row_N[at : at + len(COLUMNS)] = place, number, margin_T[place], surprisal
                kept += 1
    return rows_LN


def expectations(
    row_N: Array,
    char_spans: Sequence[Span],
    text: str,
    token: Callable[[int], str],
    words: Callable[[], Set[str]],
    rule: Rule,
) -> Iterator[Expectation]:
    """Yield at most `MOST` expectations of a line.

    row_N       the line's row of `strongest`
    char_spans  of the line's tokens, as there
    words       returns the words of the file. A word that the file does not hold is not shown: the
                model was asked for one token, and how its word goes on is a guess
    """
    shown: list[Span] = []
    for place, number, margin, surprisal in row_N.reshape(KEPT, len(COLUMNS)).tolist():
        if not margin >= max(rule.margin, LEAST) or len(shown) == MOST or place >= len(char_spans):
            return
        likely = min(1.0, math.exp(margin - surprisal))
        change = change_of(text, char_spans[int(place)], token(int(number)))
        if (
            change is None
            or likely < rule.likely
            or any(_overlap(change.chars, other) for other in shown)
        ):
            continue
        start, end = change.chars
        new = set(WORD.findall(change.expected)).difference(WORD.findall(text[start:end]))
        if all(word in words() for word in new if not _DIGIT.fullmatch(word)):
            shown.append(change.chars)
            yield Expectation(
                start,
                end,
                text[start:end],
                change.expected,
                found_probability=math.exp(-surprisal),
                expected_probability=likely,
            )


def change_of(text: str, chars: Span, expected: str) -> Change | None:
    """Return what an expected token would change in a line; None if that says nothing.

    text      the line
    chars     of the token as it stands
    expected  the text of the likeliest token

    Whole words: the word that the token is part of, the name before its dot, and the rest of the
    word where the expected token is part of a word too. "job.Kind" with "ID" for "Kind" becomes
    "job.ID", "max_tokens" with "min" for "max" becomes "min_tokens". The first word of a longer
    line is passed over: a statement may begin with many others.
    """
    start, end = chars
    found = text[start:end]
    if end > MAX_COLUMN or _same(text[start:], expected):
        return None
    shared = next(filter(None, (_shared(signs, found, expected) for signs in _LEADING)), "")
    start, expected = start + len(shared), expected[len(shared) :]
    end = start + len(text[start:end].rstrip())
    expected = expected.rstrip()
    if not _is_telling(text[start:end], expected):
        return None
    if not text[:start].strip() and text[end:].strip(_ALONE):
        return None
    near = _BEFORE.search(text[max(0, start - MAX_CHARS) : start])
    before = near[0] if near else ""
    if not before:
        start += len(text[start:end]) - len(text[start:end].lstrip())
        expected = expected.lstrip()
    after = ""
    if _WORD.match(text[end - 1]) and (rest := _AFTER.match(text, end)):
        after = rest[0]
    goes_on = _WORD.match(expected[-1]) and not text.startswith(expected, start)
    whole = Change(
        Span(start - len(before), end + len(after)),
        f"{before}{expected}{after if goes_on else ''}",
    )
    if max(whole.chars.end - whole.chars.start, len(whole.expected)) > MAX_CHARS:
        return None
    return whole if is_comparable(text, whole.chars, whole.expected) else None


def _shared(signs: re.Pattern[str], found: str, expected: str) -> str:
    """Return the signs that both start with, or ""."""
    one, other = signs.match(found), signs.match(expected)
    return one[0] if one and other and one[0] == other[0] else ""


def _is_telling(found: str, expected: str) -> bool:
    if not _TELLING.search(expected) or _NEVER.match(expected.lstrip()):
        return False
    return bool(_TELLING.search(found) or (found.strip() and _OPERATOR.match(expected)))


def _same(text: str, expected: str) -> bool:
    """Return True if the line goes on as expected but for blanks and the kind of quotes.

    A word that goes on where the expected one ends is another word.
    """
    signs = "".join(expected.translate(_QUOTES).split())
    pattern = r"\s*" + r"\s*".join(map(re.escape, signs))
    found = re.match(pattern, text.translate(_QUOTES))
    return found is not None and not (_WORD.match(signs[-1:]) and _WORD.match(text, found.end()))


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
