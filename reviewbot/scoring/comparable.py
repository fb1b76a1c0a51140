"""Can a reader check what the model expected? Only like for like, never in text."""

import re

from reviewbot.encoders.spans import Span

_STRING = re.compile(r'"(?:\\.|[^"\\])*(?:"|$)|`[^`]*(?:`|$)|' + r"'(?:\\.|[^'\\])*'")
_NAME = re.compile(r"[^\W\d][\w$]*(?:(?:\?\.|\.|->|::)[^\W\d][\w$]*)*")
_KINDS = {
    "number": re.compile(r"-?\d[\w.]*"),
    "comparison": re.compile(r"[=!]==?|[<>]=?"),
    "arithmetic": re.compile(r"[-+*/%]=?|\*\*|//|<<|>>|\+\+|--"),
    "logic": re.compile(r"&&|\|\||and|or|[&|^]"),
    "constant": re.compile(r"[Tt]rue|[Ff]alse|None|null|nil|undefined"),
    "leaving": re.compile(r"break|continue|return|raise|throw"),
}
_CALLED = re.compile(r"\s*(?:\(|!\(|::)")  # other functions fit in most places
_SIGNATURE = re.compile(r"\s*(?:[\w()]+\s+)*(?:def|func|fn|function|class|struct|enum|interface)\b")
# What follows a name, or stands before it, where the name is made.
_MADE_BEHIND = re.compile(
    r"\s*(?::=|=(?![=>])|:(?!:)|,[^()]*\)?\s*(?::=|=(?![=>]))|\(.*\)\s*(?:\{|->|:))"
)
_MADE_BEFORE = re.compile(
    r"\b(?:def|fn|func|function|class|struct|enum|interface|type|trait|impl|mod|namespace|package"
    r"|let|var|val|const|mut|for|import|from|use|using|as|static|void|public|private)\s+$"
)


def is_comparable(text: str, chars: Span, expected: str) -> bool:
    """Return True if both are of one kind: two numbers, two comparisons, two names, ...

    text      the line
    chars     of what stands there; not in quotes, and no name that is made here, or called
    expected  what would stand there instead
    """
    found = text[slice(*chars)]
    quoted = _STRING.finditer(text)
    if any(place.start() < chars.end and chars.start < place.end() for place in quoted):
        return False
    for kind in _KINDS.values():
        if kind.fullmatch(found) or kind.fullmatch(expected):
            return bool(kind.fullmatch(found) and kind.fullmatch(expected))
    if not (_NAME.fullmatch(found) and _NAME.fullmatch(expected)):
        return False
    if _SIGNATURE.match(text) or _CALLED.match(text, chars.end):
        return False
    is_made = _MADE_BEHIND.match(text, chars.end) or _MADE_BEFORE.search(text[: chars.start])
    return not is_made
