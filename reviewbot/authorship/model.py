"""Who wrote a line, by what evidence, and whose lines count.

The author of a change can write or strip every mark of an author: a trailer, a note, a branch name.
So an attribution has two answers: who probably wrote the line (`kind`), and whether any evidence
names an AI (`may_be_ai`). Evidence can add scrutiny, but never waive it: such a line is in every
scope, whatever else is known of it. A source that could not be read counts as naming an AI. A
human's or another bot's mark counts as unknown, unless the change is trusted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

MAX_EVIDENCE = 8  # pieces of evidence that are kept of one line


class Author(StrEnum):
    """The kinds of author a line can have."""

    AI = "ai"
    HUMAN = "human"
    MIXED = "mixed"
    AUTOMATION = "automation"
    UNKNOWN = "unknown"

    @property
    def is_ai(self) -> bool:
        """Return True if an AI wrote at least part of it."""
        return self in (Author.AI, Author.MIXED)


class Level(IntEnum):
    """What a piece of evidence is about; the highest level decides."""

    ASSUMED = 0  # every line, by the settings
    CHANGE = 1  # the pull request as a whole
    COMMIT = 2
    LINE = 3


HIGH, MEDIUM, LOW = 0.9, 0.6, 0.3  # confidences; an order, not measured probabilities


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that names an author."""

    kind: Author
    level: Level
    confidence: float  # HIGH, MEDIUM or LOW
    words: str  # for a reader; quotes untrusted text, so renderers escape it
    tool: str | None = None  # such as "claude": an agent's name in `agent_tables`, if known
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Attribution:
    """An author with the evidence for it. Without a mark the author is unknown, never human."""

    kind: Author
    tool: str | None = None
    model: str | None = None
    confidence: float = 0.0  # in [0, 1]
    evidence: tuple[str, ...] = ()
    may_be_ai: bool = False  # evidence names an AI, or could not be read; for the policy


UNKNOWN = Attribution(Author.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Authors:
    """Who wrote each added line of a change."""

    of: Mapping[tuple[str, int], Attribution] = field(default_factory=dict)  # by path and number
    notes: tuple[str, ...] = ()  # what could not be read, for the reader
    sources: tuple[str, ...] = ()  # where evidence was looked for, for the reader

    def get(self, path: str, number: int) -> Attribution:
        """Return who wrote a line; UNKNOWN without evidence."""
        return self.of.get((path, number), UNKNOWN)


def totals(attributions: Iterable[Attribution]) -> dict[Author, Counter[str]]:
    """Count lines per kind, and within a kind per tool ("" if unknown); no empty kind."""
    counts: dict[Author, Counter[str]] = {}
    for attribution in attributions:
        counts.setdefault(attribution.kind, Counter())[attribution.tool or ""] += 1
    return {kind: counts[kind] for kind in Author if kind in counts}


class Scope(StrEnum):
    """Whose lines are read, or can block."""

    AI = "ai"
    AI_UNKNOWN = "ai+unknown"
    ALL = "all"


def in_scope(
    scope: Scope, attribution: Attribution, *, unknown_as_ai: bool = False, trusted: bool = False
) -> bool:
    """Return True if a line belongs to the scope.

    unknown_as_ai  on this path a line of unknown author counts as AI
    trusted        nobody outside the team wrote this change, so marks of humans and bots count
    """
    if scope is Scope.ALL or attribution.may_be_ai or attribution.kind.is_ai:
        return True
    known = trusted and attribution.kind in (Author.HUMAN, Author.AUTOMATION)
    return not known and (scope is Scope.AI_UNKNOWN or unknown_as_ai)
