"""Commit messages and names, normalised for comparison and cut to a bound."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAX_MESSAGE = 65_536  # characters of a text that are read
MAX_LINE = 1_000  # characters of one of its lines
MAX_WORDS = 80  # characters of untrusted text that evidence quotes
_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_ADDRESS = re.compile(r"[^\s<>@]{1,100}@[^\s<>@:]{1,200}")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")


class Trailer(NamedTuple):
    """`Key: value`, anywhere in a message: squashing puts trailers in its middle."""

    key: str  # lower case
    value: str


def plain(text: str) -> str:
    """Return the text in NFKC and without zero-width characters, as a reader sees it."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text.translate(_ZERO_WIDTH)).translate(_ZERO_WIDTH)


def email(text: str) -> str:
    """Return an address in the form in which addresses are compared."""
    return plain(text).strip().lower()


def lines_of(message: str) -> list[str]:
    """Return the lines that the author of a message wrote, each cut to a bound.

    Not the quoted lines ("> ..."), and no line of a revert, which repeats what it undoes.
    """
    text = plain(message).replace("\r\n", "\n")
    if text.lstrip().startswith('Revert "'):
        return []
    return [line[:MAX_LINE] for line in text.split("\n") if not line.startswith(">")]


def trailers_of(lines: Iterable[str]) -> Iterator[Trailer]:
    """Yield the trailers among the lines of a message; a line with a leading blank continues one.

    A squash puts the messages of its commits into a list, so "* " may precede a key.
    """
    key, value = "", ""
    for line in (*lines, ""):
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


def names_and_emails(value: str) -> list[tuple[str, str]]:
    """Return each "Name <address>" in a trailer's value, or a bare address; [] without one."""
    addresses = []
    for part in value.split("<")[1:]:
        address, closing, _ = part.partition(">")
        if closing and " " not in address.strip():
            addresses.append(email(address))
    if not addresses:
        return [("", email(value))] if _ADDRESS.fullmatch(value.strip()) else []
    name = value.partition("<")[0].strip().strip('"')
    return [(name, addresses[0]), *(("", address) for address in addresses[1:])]


def short(text: str) -> str:
    """Cut untrusted text to what evidence quotes."""
    text = " ".join(text.split())
    return text if len(text) <= MAX_WORDS else text[:MAX_WORDS] + "..."
