"""What a fix did to one line: the tokens it took out and put in, and the part that names play.

Text comes from a repository: a line is cut at CHARS characters and TOKENS tokens, so that no
expression below and no comparison can take long.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

CHARS = 600
TOKENS = 100

_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_TOKEN = re.compile(
    r"[A-Za-z_$][\w$]*|\d[\w.]*"
    r"|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`"
    r"|==|!=|<=|>=|&&|\|\||=>|->|::|\?\.|\?\?|[^\w\s]"
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_DECLARED = re.compile(
    r"\b(?:let|const|var|mut|val|auto|final|def|fn|func|function)\s+(?:mut\s+)?\(?([A-Za-z_$][\w$]*)"
    r"|([A-Za-z_$][\w$]*)\s*(?::=|=(?![=>])|:\s)"
)
_KEYWORD = re.compile(  # of all languages
    r"if|else|elif|for|foreach|while|return|not|and|or|is|in|None|null|nil|undefined|true|false"
    r"|True|False|await|async|try|catch|except|throws?|raise|new|let|const|var|mut|self|this|match"
    r"|case|switch|break|continue|yield|defer|go|func|fn|def|with|unsafe|static|public|private"
    r"|protected|final"
)


class Block(NamedTuple):
    """Replaced tokens, half-open: [start, end) of the line and of its replacement."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A line and what the fix made of it. A line that is gone counts as deleted whole."""

    old: tuple[str, ...]  # tokens
    new: tuple[str, ...]
    gone: bool  # no single line replaces it
    ratio: float  # of equal tokens, 0 to 1 (difflib)
    blocks: tuple[Block, ...]
    deleted: tuple[str, ...]
    inserted: tuple[str, ...]
    dropped: frozenset[str]  # names that the replacement no longer has
    brought: frozenset[str]  # names that only the replacement has
    swaps: frozenset[tuple[str, str]]  # each block as text: (from, to)
    made: frozenset[str]  # names that the line declares or assigns
    makes: frozenset[str]  # names that the replacement does


def edit_of(text: str, becomes: str | None) -> Edit:
    """Compare a line with its replacement, token by token."""
    old, new = tokens(text), tokens(becomes or "")
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    blocks = [Block(*places) for tag, *places in matcher.get_opcodes() if tag != "equal"]
    return Edit(
        old=old,
        new=new,
        gone=becomes is None,
        ratio=0.0 if becomes is None else matcher.ratio(),
        blocks=tuple(blocks),
        deleted=tuple(token for block in blocks for token in old[block.old_start : block.old_end]),
        inserted=tuple(token for block in blocks for token in new[block.new_start : block.new_end]),
        dropped=_names(old) - _names(new),
        brought=_names(new) - _names(old),
        swaps=frozenset()
        if becomes is None
        else frozenset(
            (
                " ".join(old[block.old_start : block.old_end]),
                " ".join(new[block.new_start : block.new_end]),
            )
            for block in blocks
        ),
        made=declared(text),
        makes=declared(becomes or ""),
    )


def tokens(text: str) -> tuple[str, ...]:
    """Split the start of a line into names, numbers, strings and signs."""
    return tuple(_TOKEN.findall(text[:CHARS])[:TOKENS])


def kind(token: str) -> str:
    """Return keyword, name, number, string or sign."""
    if _KEYWORD.fullmatch(token):
        return "keyword"
    if _NAME.match(token):
        return "name"
    return "number" if token[0].isdigit() else "string" if token[0] in "\"'`" else "sign"


def _names(some: Sequence[str]) -> frozenset[str]:
    return frozenset(token for token in some if kind(token) == "name")


def declared(text: str) -> frozenset[str]:
    """Return the names that a line seems to declare or assign, in any language."""
    return frozenset(a or b for a, b in _DECLARED.findall(text[:CHARS]))


def words(text: str) -> frozenset[str]:
    """Return the words of three letters or more inside names and prose, in lower case."""
    return frozenset(word.lower() for word in _WORD.findall(text[:CHARS]) if len(word) > 2)
