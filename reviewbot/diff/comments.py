"""Which lines of a file are prose: comments and docstrings, as far as plain signs tell.

Not a lexer: quotes and comment signs are followed from line to line, which is right for nearly
every line of real code and costs no dependency. A wrong guess moves one column of a line's
features; it never keeps a line from being scored.
"""

import re
from collections.abc import Sequence

from reviewbot.diff.languages import Language

_TRIPLE = re.compile(r'"""|\'\'\'')
_BLOCKS = {"//": ("/*", "*/"), "(*": ("(*", "*)")}  # by the sign that opens a one-line comment
_PYTHON = ("python", "starlark", "cython")
_LINE = 2_000  # characters looked at


def prose(lines: Sequence[str], language: Language) -> list[bool]:
    """Say of each line of a file whether it is nothing but comment or docstring.

    lines  from the start of the file; a text that begins inside a comment is told wrong until the
           comment ends

    A line that opens or closes a block and holds no code beside it is prose too. Blank lines are
    not, nor are lines with a carriage return inside, which ends a comment in most languages.
    """
    found = _python(lines) if language.name in _PYTHON else _other(lines, language)
    return [flag and "\r" not in line.strip() for flag, line in zip(found, lines, strict=True)]


def _other(lines: Sequence[str], language: Language) -> list[bool]:
    block = _BLOCKS.get(language.prefix)
    found, inside = [], False
    for line in lines:
        text = line.strip()[:_LINE]
        was_inside = inside
        rest = text
        if block is not None:
            rest, inside = _outside(text, block, inside)
        comment = rest.startswith(language.prefix) or (not rest and bool(text))
        found.append(bool(text) and (comment or (was_inside and not rest)))
    return found


def _outside(text: str, block: tuple[str, str], inside: bool) -> tuple[str, bool]:
    """Return what of a line stands outside block comments, and whether one is open at its end."""
    kept = ""
    while text:
        sign = block[1] if inside else block[0]
        before, found, text = text.partition(sign)
        if not inside:
            if "//" in before:  # a one-line comment hides what would open a block
                return (kept + before).strip(), False
            kept += before
        if found:
            inside = not inside
    return kept.strip(), inside


def _python(lines: Sequence[str]) -> list[bool]:
    found, fence = [], ""
    for line in lines:
        text = line.strip()[:_LINE]
        if fence:
            found.append(bool(text))
            if fence in text:
                fence = ""
            continue
        opens = re.match(r'[rRuUbB]{0,2}("""|\'\'\')', text)
        found.append(text.startswith("#") or bool(opens))
        signs = _TRIPLE.findall(text)
        if signs and not text.startswith("#") and len(signs) % 2:
            fence = signs[-1]
    return found
