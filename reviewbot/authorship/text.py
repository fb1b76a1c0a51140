"""Commit messages and names made comparable, and cut to a bound."""

import re
import unicodedata
from typing import NamedTuple

MOST_MESSAGE = 65_536  # characters of a message that are looked at
MOST_LINE = 1_000  # characters of one of its lines
MOST_WORDS = 80  # characters of a stranger that we quote as evidence
_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")


class Trailer(NamedTuple):
    """`Key: value`, anywhere in a message: squashing puts trailers in its middle."""

    key: str  # lower case
    value: str


def plain(text: str) -> str:
    """Return the text in NFKC, without zero-width characters: what a reader takes it for."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text.translate(_UNSEEN)).translate(_UNSEEN)


def email(text: str) -> str:
    """Return an address in the form in which addresses are compared."""
    return plain(text).strip().lower()


def lines_of(message: str) -> list[str]:
    """Return the lines that the author of a message says himself, each cut to a bound.

    Quoted lines ("> ...") are another's, and so may be all of a revert: it repeats what it undoes.
    """
    text = plain(message[:MOST_MESSAGE]).replace("\r\n", "\n")
    if text.lstrip().startswith('Revert "'):
        return []
    return [line[:MOST_LINE] for line in text.split("\n") if not line.startswith(">")]


def trailer_of(line: str) -> Trailer | None:
    """Return the trailer that a line is, None where it is none."""
    key, colon, value = line.strip(" \t").partition(":")
    key = key.rstrip(" \t")
    if not colon or not value.strip() or not _KEY.fullmatch(key):
        return None
    return Trailer(key.lower(), value.strip())


def name_and_email(value: str) -> tuple[str, str | None]:
    """Split "Name <address>"; None where there is no address, "" where the brackets hold none."""
    name, bracket, rest = value.partition("<")
    inside, closing, behind = rest.partition(">")
    if not bracket or not closing or behind.strip() or " " in inside.strip():
        return value.strip(), None
    return name.strip(), email(inside)


def short(text: str) -> str:
    """Cut a stranger's words to what we quote."""
    text = " ".join(text.split())
    return text if len(text) <= MOST_WORDS else text[:MOST_WORDS] + "..."
