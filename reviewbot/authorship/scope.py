"""Whose lines are read, and whose lines the gate counts. Pure, and it fails closed.

Evidence may add scrutiny, never waive it: a line that anything calls AI stays in scope whatever
else is said of it, a source that could not be read counts like one that says AI, and a human's or a
bot's name, which anybody can write, counts as unknown unless the change is trusted.
"""

from enum import StrEnum

from reviewbot.authorship.model import Attribution, Author


class Scope(StrEnum):
    """Whose lines."""

    AI = "ai"
    AI_UNKNOWN = "ai+unknown"
    ALL = "all"


def in_scope(
    scope: Scope, attribution: Attribution, *, unknown_as_ai: bool = False, trusted: bool = False
) -> bool:
    """Return True if a line belongs to the scope.

    unknown_as_ai  on this path a line of unknown author counts as AI
    trusted        nobody who could forge evidence wrote this change: an attested human or a known
                   bot is taken at its word
    """
    if scope is Scope.ALL or attribution.may_be_ai:
        return True
    if attribution.kind in (Author.AI, Author.MIXED):
        return True
    known = trusted and attribution.kind in (Author.HUMAN, Author.AUTOMATION)
    return not known and (scope is Scope.AI_UNKNOWN or unknown_as_ai)
