"""Corrupt lines of a snippet: weak, unlimited pairs for the contrastive term.

Source: PtTrust (arXiv:2504.14640): lines switched inside the snippet, switched with a line of
another snippet, or deleted.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutated:
    """A corrupted copy of a snippet and the places where it differs."""

    lines: tuple[str, ...]
    places: tuple[tuple[int, int], ...]  # (0-based line here, 0-based line in the original)


def mutate(
    lines: Sequence[str], others: Sequence[str], share: float, rng: random.Random
) -> Mutated:
    """Corrupt about `share` of the lines that hold code.

    lines   the original
    others  lines of other snippets of the same language; if empty, no line comes from there
    A deletion is blamed on the line that follows it. Lines that come out unchanged make no pair.
    """
    code = [i for i, line in enumerate(lines) if any(map(str.isalnum, line))]
    count = min(len(code), max(1, round(share * len(code))))
    chosen = set(rng.sample(code, count)) if code else set()
    out: list[str] = []
    places: list[tuple[int, int]] = []
    blamed = False  # the line before was deleted
    for i, line in enumerate(lines):
        text = line
        if i in chosen:
            how = rng.choice(("inside", "outside", "delete") if others else ("inside", "delete"))
            if how == "delete":
                blamed = True
                continue
            text = _same_indent(
                line, lines[rng.choice(code)] if how == "inside" else rng.choice(others)
            )
        if text != line or (blamed and text.strip()):
            places.append((len(out), i))
            blamed = False
        out.append(text)
    return Mutated(tuple(out), tuple(places))


def _same_indent(old: str, new: str) -> str:
    return old[: len(old) - len(old.lstrip())] + new.strip()
