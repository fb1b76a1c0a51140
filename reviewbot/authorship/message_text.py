"""Commit messages and names made comparable, and cut to a bound."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAX_MESSAGE = 65_536  # characters of a text that are looked at
MAX_LINE = 1_000  # characters of one of its lines
MAX_WORDS = 80  # characters of a stranger that we quote as evidence
_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_ADDRESS = re.compile(r"[^\s<>@]{1,100}@[^\s<>@:]{1,200}")
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
    text = plain(message).replace("\r\n", "\n")
    if text.lstrip().startswith('Revert "'):
        return []
    return [line[:MAX_LINE] for line in text.split("\n") if not line.startswith(">")]


def trailers_of(lines: Iterable[str]) -> Iterator[Trailer]:
    """Yield the trailers among the lines of a message; a value may go on behind a blank.

    A squash puts the messages of its commits into a list, so "* " may stand before a key.
    """
    key, value = "", ""
    for line in lines:
        if key and line[:1] in (" ", "\t") and ":" not in line.partition("<")[0]:
            value = f"{value} {line.strip()}".strip()[:MAX_LINE]
            continue
        if key and value:
            yield Trailer(key, value)
        key, colon, value = line.strip(" \t").partition(":")
        key = key.removeprefix("* ").removeprefix("- ").strip(" \t").lower()
        value = value.strip()
        if not colon or not _KEY.fullmatch(key):
            key = ""
    if key and value:
        yield Trailer(key, value)


def names_and_emails(value: str) -> list[tuple[str, str]]:
    """Return each "Name <address>" in a trailer's value, or a bare address; [] without one."""
    found = []
    for part in value.split("<")[1:]:
        address, closing, _ = part.partition(">")
        if closing and " " not in address.strip():
            found.append(email(address))
    if not found:
        return [("", email(value))] if _ADDRESS.fullmatch(value.strip()) else []
    name = value.partition("<")[0].strip().strip('"')
    return [(name if at == 0 else "", address) for at, address in enumerate(found)]


def short(text: str) -> str:
    """Cut a stranger's words to what we quote."""
    text = " ".join(text.split())
    return text if len(text) <= MAX_WORDS else text[:MAX_WORDS] + "..."
