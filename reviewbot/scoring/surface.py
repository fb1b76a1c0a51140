"""Text features of a line, without any model: part of the score, and the baseline to beat."""

import re
from collections.abc import Sequence

import numpy as np

from reviewbot.arrays import Array

_WORD = re.compile(r"[^\W\d]\w*")
_NUMBER = re.compile(r"\b\d[\w.]*")
_CALL = re.compile(r"[^\W\d]\w*\s*\(")
_STRING = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`")
_COMPARE = re.compile(r"[=!]==?|[<>]=?")
_ARITHMETIC = re.compile(r"[-+*/%]|<<|>>")
_ASSIGN = re.compile(r"(?<![=!<>])=(?!=)")
_ATTRIBUTE = re.compile(r"\w\.\w|->|::")
_COMMENT = re.compile(r"\s*(?:#|//|/\*|\*|--|\"\"\"|''')")
_KEYWORD = {
    name: re.compile(rf"\b(?:{words})\b")
    for name, words in {
        "branch": r"if|elif|else|switch|case|match|when|unless",
        "loop": r"for|while|foreach|until|do|loop|range",
        "leave": r"return|yield|break|continue|goto",
        "raise": r"raise|throw|throws|panic|assert|except|catch|try|finally",
        "define": r"def|function|fn|func|class|struct|interface|enum|impl|trait|lambda",
        "import": r"import|from|use|include|require|package|using",
        "logic": r"and|or|not|in|is|null|None|nil|undefined",
        "constant": r"true|false|True|False",
    }.items()
}
MAX_CHARS = 2_000  # of a line
_PROSE = {"line length", "indentation", "words", "comment or docstring"}  # counted in prose


def surface(lines: Sequence[str], prose: Sequence[bool]) -> Array:
    """Describe each line by itself; of its file only whether it is prose is known.

    lines    L lines without their line endings
    prose    whether each is nothing but comment or docstring (`diff.languages.prose`)
    returns  (L, len(SURFACE_NAMES)), counts squeezed by log1p; in prose only length, indentation
             and words are counted, because signs and keywords mean nothing there
    """
    if not lines:
        return np.zeros((0, len(SURFACE_NAMES)), np.float32)
    rows = [
        list(_counts(line[:MAX_CHARS], in_prose).values())
        for line, in_prose in zip(lines, prose, strict=True)
    ]
    return np.log1p(np.array(rows, np.float32))


def _counts(line: str, in_prose: bool) -> dict[str, float]:
    code, expanded = line.strip(), line.expandtabs(4)
    words = _WORD.findall(code)
    opened = sum(map(code.count, "([{"))
    closed = sum(map(code.count, ")]}"))
    counts: dict[str, float] = {
        "line length": len(code),
        "indentation": len(expanded) - len(expanded.lstrip()),
        "words": len(words),
        "distinct words": len(set(words)),
        "longest word": max(map(len, words), default=0),
        "numbers": len(_NUMBER.findall(code)),
        "calls": len(_CALL.findall(code)),
        "text in quotes": sum(map(len, _STRING.findall(code))),
        "comparisons": len(_COMPARE.findall(code)),
        "arithmetic signs": len(_ARITHMETIC.findall(code)),
        "assignment": len(_ASSIGN.findall(code)),
        "index or slice": code.count("["),
        "attribute access": len(_ATTRIBUTE.findall(code)),
        "brackets opened more than closed": max(opened - closed, 0),
        "deepest bracket": _depth(code),
        "commas": code.count(","),
        "ends with an opening sign": code.endswith((":", "{", "(", "[", ",")),
        "comment": bool(_COMMENT.match(line)),
        "capital letters": sum(map(str.isupper, code)),
        "logic signs": sum(map(code.count, "&|!")),
        "comment or docstring": in_prose,
        **{f"keyword: {name}": len(pattern.findall(code)) for name, pattern in _KEYWORD.items()},
    }
    if in_prose:
        return {name: count * (name in _PROSE) for name, count in counts.items()}
    return counts


def _depth(code: str) -> int:
    depth = deepest = 0
    for sign in code:
        if sign in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in ")]}":
            depth -= 1
    return deepest


SURFACE_NAMES = tuple(_counts("", in_prose=False))
