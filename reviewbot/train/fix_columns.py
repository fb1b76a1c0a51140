"""Columns of one line: what it is, and what the fix made of it."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from reviewbot.train.fix_edits import CHARS, Edit, kind

_COMPARE = {"==", "!=", "<", ">", "<=", ">=", "&&", "||", "!", "and", "or", "not", "is", "in"}
_NULLISH = {"None", "null", "nil", "undefined", "?.", "??"}
_JOINS = {"&&", "||", "and", "or"}
_BOOLEANS = {"true", "false", "True", "False"}
_CONDITION = re.compile(
    r"(?:\}\s*)?(?:if|else|elif|while|for|foreach|switch|case|match|catch|except|when|unless)\b"
)
_LOG = re.compile(r"\b(?:log\w*|print\w*|warn\w*|debug|info|trace|console|fmt|help)\b", re.I)


def edit_columns(text: str, becomes: str, edit: Edit) -> dict[str, float]:
    """Describe the replacement: how much changed, where, and of what sort.

    text, becomes  stripped; becomes is empty where the line is gone
    """
    text, becomes = text[:CHARS], becomes[:CHARS]
    old, new, replaced = edit.old, edit.new, not edit.gone
    left, left_after = _assigned(old), _assigned(new)
    condition = bool(_CONDITION.match(text))
    touched = (*edit.deleted, *edit.inserted)
    prefix = _common(old, new)
    suffix = _common(old[prefix:][::-1], new[prefix:][::-1])
    out: dict[str, float] = {
        "gone": edit.gone,
        "ratio": edit.ratio,
        "blocks": len(edit.blocks) if replaced else 0,
        "deleted": math.log1p(len(edit.deleted)),
        "inserted": math.log1p(len(edit.inserted)),
        "edit_grows": math.log((1 + len(edit.inserted)) / (1 + len(edit.deleted))),
        "text_grows": math.log((len(becomes) + 5) / (len(text) + 5)) if replaced else 0,
        "one_token": len(edit.deleted) == len(edit.inserted) == 1,
        "one_block": replaced and len(edit.blocks) == 1,
        "only_inserted": replaced and not edit.deleted and bool(edit.inserted),
        "only_deleted": replaced and not edit.inserted and bool(edit.deleted),
        "only_strings": replaced and {kind(token) for token in touched} == {"string"},
        "compare_changed": replaced and not _COMPARE.isdisjoint(touched),
        "null_inserted": not _NULLISH.isdisjoint(edit.inserted),
        "number_changed": replaced and any(kind(token) == "number" for token in edit.deleted),
        "condition_grows": condition
        and not _JOINS.isdisjoint(edit.inserted)
        and len(edit.deleted) <= 2,
        "grows_at_end": replaced
        and len(edit.blocks) == 1
        and not edit.deleted
        and edit.blocks[0].old_start >= len(old) - 2,
        "argument_added": "(" in text and becomes.count(",") > text.count(","),
        "wrapped": not edit.deleted and len(edit.blocks) == 2 and {"(", ")"} <= set(edit.inserted),
        "embedded": replaced and text != becomes and text.rstrip(";,{ ") in becomes,
        "prefix": prefix / max(1, len(old)),
        "suffix": suffix / max(1, len(old)),
        "starts_same": prefix > 0,
        "starts_same_twice": old[:2] == new[:2],
        "sort_same": replaced and bool(_CONDITION.match(becomes)) == condition,
        "left_same": bool(left) and left == left_after,
        "left_gone": bool(left) and replaced and not left_after,
        "becomes_comment": becomes.startswith(("//", "#", "*", "/*")),
    }
    for name, some in (("deleted", edit.deleted), ("inserted", edit.inserted)):
        count = Counter(kind(token) for token in some)
        for sort in ("number", "string", "keyword"):
            out[f"{sort}s_{name}"] = math.log1p(count[sort])
    return out


def _assigned(some: Sequence[str]) -> Sequence[str]:
    """Return the tokens left of a plain assignment; none where there is none."""
    place = some.index("=") if "=" in some else 0
    return () if "(" in some[:place] else some[:place]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    for place, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return place
    return min(len(one), len(other))


def line_columns(text: str, edit: Edit) -> dict[str, float]:
    """Say what sort of line it is, from its stripped text."""
    text, old = text[:CHARS], edit.old
    strings = [token for token in old if kind(token) == "string"]
    some_words = text.split()
    plain = sum(word.strip(".,`").isalpha() for word in some_words)
    return {
        "length": math.log1p(len(text)),
        "condition": bool(_CONDITION.match(text)),
        "return": text.startswith(("return", "yield")),
        "assignment": bool(_assigned(old)),
        "call": bool(re.search(r"\w\(", text)),
        "compare": not _COMPARE.isdisjoint(old),
        "nullish": not _NULLISH.isdisjoint(old),
        "boolean": not _BOOLEANS.isdisjoint(old),
        "number": any(kind(token) == "number" for token in old),
        "strings": bool(strings),
        "string_share": sum(len(token) for token in strings) / max(1, len(text)),
        "prose": plain / len(some_words) if len(some_words) > 5 else 0,
        "log": bool(strings) and bool(_LOG.search(text)),
        "opens": text.endswith(("(", "[")),
        "block": text.endswith(("{", ":")),
        "argument": text.endswith(","),
        "closes": text.endswith((")", ");", "))")),
        "index": "[" in text,
        "dots": math.log1p(text.count(".")),
        "parentheses": math.log1p(text.count("(")),
        "markup": text.startswith("<") or "className" in text,
    }
