r"""Compares a diff with the head file, and decodes both by one rule.

UTF-8, with U+FFFD for other bytes; only "\n" ends a line. An invalid sequence never swallows the
"\n" or the "+" before it, so equal bytes stay equal lines.
"""

import re
from collections.abc import Sequence

from reviewbot.diff.model import ChangedLine, FileChange

_SURROGATE = re.compile("[\ud800-\udfff]")


def readable(text: str) -> str:
    """Return `text` with U+FFFD instead of surrogate escapes (bytes that were not UTF-8)."""
    if text.isascii() or not _SURROGATE.search(text):
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:  # surrogates that never were bytes
        return _SURROGATE.sub("\ufffd", text)


def head_lines(head: bytes) -> list[str]:
    r"""Return the lines of a head file, without their "\n"; a "\r" before it is kept."""
    lines = head.decode("utf-8", "replace").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def first_mismatch(file: FileChange, lines: Sequence[str]) -> ChangedLine | None:
    r"""Return the first added line that the head file does not have at its number, or None.

    lines  the head file as `head_lines` returns it

    A final "\r" does not count: a checkout with eol=crlf adds it. A mismatch means that the diff
    does not belong to these head files; then no line of the file may be scored.
    """
    for line in file.added:
        if line.number > len(lines):
            return line
        if lines[line.number - 1].removesuffix("\r") != line.text.removesuffix("\r"):
            return line
    return None
