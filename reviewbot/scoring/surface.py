"""What a line looks like, without any model: part of the score, and the baseline it must beat."""

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
    "comment or docstring",
    *(f"keyword: {name}" for name in _KEYWORD),
)


def surface(lines: Sequence[str], prose: Sequence[bool]) -> Array:
    """Describe each line by itself; of its file only whether it stands in prose is known.

    lines    L lines without their line endings
    prose    whether each is nothing but comment or docstring (`diff.comments.prose`)
    returns  (L, len(SURFACE_NAMES)), counts squeezed by log1p; in prose, signs and keywords mean
             nothing, so that only length, indentation and words are counted there
    """
    if not lines:
        return np.zeros((0, len(SURFACE_NAMES)), np.float32)
    rows = [_counts(line[:2_000], inside) for line, inside in zip(lines, prose, strict=True)]
    return np.log1p(np.array(rows, np.float32))


def _counts(line: str, inside: bool) -> list[float]:
    code = line.strip()
    if inside:
        return _counts_prose(line, code)
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
        False,
        *(len(pattern.findall(code)) for pattern in _KEYWORD.values()),
    ]


def _counts_prose(line: str, code: str) -> list[float]:
    counts = dict.fromkeys(SURFACE_NAMES, 0.0)
    counts["line length"] = len(code)
    counts["indentation"] = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
    counts["words"] = len(_WORD.findall(code))
    counts["comment or docstring"] = 1
    return list(counts.values())


def _depth(code: str) -> int:
    depth = deepest = 0
    for sign in code:
        if sign in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in ")]}":
            depth -= 1
    return deepest
