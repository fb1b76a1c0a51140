"""Makes untrusted text safe to print.

A change may hold terminal escape sequences, bidirectional controls that reverse the reading order,
and invisible zero-width characters. All of them are shown as codes.
"""

import re
import unicodedata

# Letters and marks by category, but blank on the screen.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
_SURROGATES = re.compile("[\ud800-\udfff]")
_COMMAND = re.compile(r"##(\w*)\[")


def visible(text: str) -> str:
    r"""Replace invisible and control characters by their codes in angle brackets.

    "\x1b" becomes "<U+001B>"; a byte that was not UTF-8 (a surrogate escape) becomes "<0xFF>". Only
    the plain space stays a space. Line ends and tabs are controls too: expand or split them first.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def valid(text: str) -> str:
    """Replace lone surrogates by U+FFFD, so that the text can be written as UTF-8."""
    return _SURROGATES.sub("\ufffd", text)


def inert(line: str) -> str:
    """Break commands to a CI runner: "::..." at the start of a line, "##[...]" anywhere in it."""
    if line.lstrip().startswith("::"):
        line = line.replace("::", "<U+003A>:", 1)
    return _COMMAND.sub(r"##\1<U+005B>", line)


def _shown(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"<0x{code - 0xDC00:02X}>"
    hidden = char != " " and unicodedata.category(char) in _HIDDEN
    if hidden or char in _BLANK or _SELECTORS.match(char):
        return f"<U+{code:04X}>"
    return char
