"""What a line looks like, without any model: part of the score, and the baseline it must beat."""

import re
from collections.abc import Sequence

import numpy as np

from reviewbot.core.arrays import Array

_WORD = re.compile(r"[^\W\d]\w*")
_NUMBER = re.compile(r"\b\d[\w.]*")
_CALL = re.compile(r"[^\W\d]\w*\s*\(")
_STRING = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`")
_COMPARE = re.compile(r"[=!]==?|[<>]=?")
_ARITHMETIC = re.compile(r"[-+*/%]|<<|>>")
_COMMENT = re.compile(r"\s*(?:#|//|/\*|\*|--|\"\"\"|''')")
_KEYWORDS = {
    "branch": r"if|elif|else|switch|case|match|when|unless",
    "loop": r"for|while|foreach|until|do|loop|range",
    "leave": r"return|yield|break|continue|goto",
    "raise": r"raise|throw|throws|panic|assert|except|catch|try|finally",
    "define": r"def|function|fn|func|class|struct|interface|enum|impl|trait|lambda",
    "import": r"import|from|use|include|require|package|using",
    "logic": r"and|or|not|in|is|null|None|nil|undefined",
    "constant": r"true|false|True|False",
}
_KEYWORD = {name: re.compile(rf"\b(?:{words})\b") for name, words in _KEYWORDS.items()}

SURFACE_NAMES = (
    "line length",
    "indentation",
    "words",
    "distinct words",
    "longest word",
    "numbers",
    "calls",
    "text in quotes",
    "comparisons",
    "arithmetic signs",
    "assignment",
    "index or slice",
    "attribute access",
    "brackets opened more than closed",
    "deepest bracket",
    "commas",
    "ends with an opening sign",
    "comment",
    "capital letters",
    "logic signs",
    *(f"keyword: {name}" for name in _KEYWORD),
)


def surface(lines: Sequence[str]) -> Array:
    """Describe each line by itself; no neighbour, no position, no file is seen.

    lines    L lines without their line endings
    returns  (L, len(SURFACE_NAMES)), counts squeezed by log1p
    """
    if not lines:
        return np.zeros((0, len(SURFACE_NAMES)), np.float32)
    return np.log1p(np.array([_counts(line[:2_000]) for line in lines], np.float32))


def _counts(line: str) -> list[float]:
    code = line.strip()
    words = _WORD.findall(code)
    opened = sum(code.count(sign) for sign in "([{")
    closed = sum(code.count(sign) for sign in ")]}")
    return [
        len(code),
        len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip()),
        len(words),
        len(set(words)),
        max(map(len, words), default=0),
        len(_NUMBER.findall(code)),
        len(_CALL.findall(code)),
        sum(map(len, _STRING.findall(code))),
        len(_COMPARE.findall(code)),
        len(_ARITHMETIC.findall(code)),
        len(re.findall(r"(?<![=!<>])=(?!=)", code)),
        code.count("["),
        len(re.findall(r"\w\.\w|->|::", code)),
        max(opened - closed, 0),
        _depth(code),
        code.count(","),
        code.endswith((":", "{", "(", "[", ",")),
        bool(_COMMENT.match(line)),
        sum(map(str.isupper, code)),
        code.count("&") + code.count("|") + code.count("!"),
        *(len(pattern.findall(code)) for pattern in _KEYWORD.values()),
    ]


def _depth(code: str) -> int:
    depth = deepest = 0
    for sign in code:
        if sign in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in ")]}":
            depth -= 1
    return deepest
