"""Columns that say where in its file a fixed line stands, and which lines around it were blamed."""

import math
import re
from collections.abc import Sequence

from reviewbot.train.fix_edits import CHARS, words

LINES_ABOVE = 300  # read at most, to find the enclosing function

_BRANCH = re.compile(
    r"(?:\}\s*)?(?:if|else|elif|while|for|foreach|switch|case|match|catch|except)\b"
)
_COMMENT = ("//", "#", "*", "/*")
_BESIDE = re.compile(r"\S\s(?://|#)\s")
_LOOP = re.compile(r"(?:\}\s*)?(?:for|while|foreach|loop)\b")
_GUARD = re.compile(r"(?:\}\s*)?(?:try|catch|except|defer|finally)\b")
_OTHERWISE = re.compile(r"(?:\}\s*)?(?:else|elif|case|default|match|switch)\b")
_LEAVES = ("return", "throw", "raise", "continue", "break")
_FUNCTION = re.compile(r"\b(?:def|func|fn|function|class|struct|impl|interface|enum)\b")
_MEMBER = re.compile(r"(?:public|private|protected|internal|static|async|export)\b[^(]*\(")


def place_columns(
    head: Sequence[str], line: int, said: frozenset[str], blamed: Sequence[int]
) -> dict[str, float]:
    """Describe the line's surroundings.

    line    1-based in `head`; a line outside is described as if its surroundings were empty
    said    words of the fix's subject
    blamed  the fix's other lines in this file, 1-based
    """
    index = line - 1
    before, after = _at(head, index - 1), _at(head, index + 1)
    out: dict[str, float] = {
        "place": min(1.0, index / max(1, len(head))),
        "file_length": math.log1p(len(head)),
        "before_opens": before.endswith(("(", "[", ",", "=", "&&", "||", "+")),
        "before_branches": bool(_BRANCH.match(before)),
        "before_blank": index > 0 and not before,
        "before_comments": before.startswith(_COMMENT),
        "comments_before": _comments_above(head, index),
        "comments_near": sum(
            _at(head, above).startswith(_COMMENT) for above in range(index - 3, index)
        ),
        "comment_beside": bool(_BESIDE.search(_at(head, index))),
        "after_comments": after.startswith(_COMMENT),
        "after_continues": after.startswith((".", "&&", "||", "?", ":", "+", "and ", "or ")),
        "after_leaves": after.startswith(_LEAVES),
        "after_blank": not after,
        "after_closes": after[:1] in ("}", ")", "]"),
    }
    return out | _enclosing(head, index, said) | _neighbours(line, blamed)


def _at(head: Sequence[str], index: int) -> str:
    return head[index][:CHARS].strip() if 0 <= index < len(head) else ""


def _comments_above(head: Sequence[str], index: int) -> int:
    """Count the comment lines that end right above the line, ten at most."""
    count = 0
    while count < 10 and _at(head, index - 1 - count).startswith(_COMMENT):
        count += 1
    return count


def _enclosing(head: Sequence[str], index: int, said: frozenset[str]) -> dict[str, float]:
    """Climb from the line to the function that holds it, by indentation."""
    own = head[index][:CHARS] if 0 <= index < len(head) else ""
    indent = _indent(own)
    depth, loop, guard, otherwise, function, distance = 0, False, False, False, "", LINES_ABOVE
    for above in range(min(index, len(head)) - 1, max(-1, index - LINES_ABOVE), -1):
        text = _at(head, above)
        width = _indent(head[above][:CHARS])
        if not text or width >= indent:
            continue
        indent, depth = width, depth + 1
        loop = loop or bool(_LOOP.match(text))
        guard = guard or bool(_GUARD.match(text))
        otherwise = otherwise or bool(_OTHERWISE.match(text))
        if _FUNCTION.search(text) or _MEMBER.match(text):
            function, distance = text, index - above
            break
    return {
        "indent": math.log1p(_indent(own)),
        "depth": depth,
        "in_loop": loop,
        "in_guard": guard,
        "in_otherwise": otherwise,
        "in_function": bool(function),
        "function_far": math.log(distance),
        "said_function": len(words(function) & said),
    }


def _indent(text: str) -> int:
    """Return the width of the indentation; a tab is four columns."""
    blank = text[: len(text) - len(text.lstrip())]
    return len(blank) + 3 * blank.count("\t")


def _neighbours(line: int, blamed: Sequence[int]) -> dict[str, float]:
    lines = set(blamed) - {line}
    first = last = line
    while first - 1 in lines:
        first -= 1
    while last + 1 in lines:
        last += 1
    return {
        "before_blamed": first < line,
        "after_blamed": last > line,
        "run": math.log(last - first + 1),
        "run_first": first == line < last,
        "nearest": math.log(min((abs(other - line) for other in lines), default=200)),
        "within_five": sum(abs(other - line) <= 5 for other in lines),
        "first_in_file": all(line < other for other in lines),
        "last_in_file": all(line > other for other in lines),
    }
