"""Finds the lines of a file that are prose: comments and docstrings.

This is no lexer. It follows quotes and comment signs from line to line, which is right for nearly
all real code and needs no dependency. A wrong guess changes one feature of a line; it never keeps
a line from being scored.
"""

import re
from collections.abc import Sequence

from reviewbot.diff.languages import Language

_TRIPLE = re.compile(r'"""|\'\'\'')
_BLOCKS = {"//": ("/*", "*/"), "(*": ("(*", "*)")}  # by the sign that opens a one-line comment
_PYTHON = ("python", "starlark", "cython")
MAX_LINE = 2_000  # characters of a line that are read


def prose(lines: Sequence[str], language: Language) -> list[bool]:
    """Return for each line of a file True if it contains only a comment or docstring.

    lines  from the start of the file; if they start inside a comment, its lines count as code

    A line that opens or closes a block without code beside it is prose too. Blank lines are not,
    nor are lines with a carriage return inside, which ends a comment in most languages.
    """
    flags = _python(lines) if language.name in _PYTHON else _other(lines, language)
    return [flag and "\r" not in line.strip() for flag, line in zip(flags, lines, strict=True)]


def _other(lines: Sequence[str], language: Language) -> list[bool]:
    block = _BLOCKS.get(language.prefix)
    flags, inside = [], False
    for line in lines:
        text = code = line.strip()[:MAX_LINE]
        if block is not None:
            code, inside = _outside(text, block, inside)
        flags.append(bool(text) and (not code or code.startswith(language.prefix)))
    return flags


def _outside(text: str, block: tuple[str, str], inside: bool) -> tuple[str, bool]:
    """Return the text outside block comments, and True if one is open at the end of the line."""
    outside = ""
    while text:
        sign = block[1] if inside else block[0]
        before, sign, text = text.partition(sign)
        if not inside:
            if "//" in before:  # a one-line comment hides what would open a block
                return (outside + before).strip(), False
            outside += before
        if sign:
            inside = not inside
    return outside.strip(), inside


def _python(lines: Sequence[str]) -> list[bool]:
    flags, fence = [], ""
    for line in lines:
        text = line.strip()[:MAX_LINE]
        if fence:
            flags.append(bool(text))
            if fence in text:
                fence = ""
            continue
        opens = re.match(r'[rRuUbB]{0,2}("""|\'\'\')', text)
        flags.append(text.startswith("#") or bool(opens))
        signs = _TRIPLE.findall(text)
        if signs and not text.startswith("#") and len(signs) % 2:
            fence = signs[-1]
    return flags
