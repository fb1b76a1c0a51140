r"""Does the diff belong to the head file? And the one rule by which both become text.

Diff and head file are decoded alike: UTF-8, U+FFFD for what is not, "\n" alone ends a line. An
invalid sequence never swallows the "\n" or the "+" before it, so equal bytes stay equal lines.
"""

import re
from collections.abc import Sequence

from reviewbot.diff.model import ChangedLine, FileChange

_SURROGATE = re.compile("[\ud800-\udfff]")


def readable(text: str) -> str:
    """Return `text` with surrogate escapes (bytes that were not UTF-8) turned into U+FFFD."""
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
    r"""Return the first added line that does not stand at its number in the head file, or None.

    lines  the head file as `head_lines` gives it

    A final "\r" does not count: a checkout with eol=crlf has it where the diff has not. A mismatch
    means that the patch does not apply to these head files; no line of the file may then be scored.
    """
    for line in file.added:
        if line.number > len(lines):
            return line
        if lines[line.number - 1].removesuffix("\r") != line.text.removesuffix("\r"):
            return line
    return None
