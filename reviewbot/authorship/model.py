"""Who wrote a line, and how we know. Pure: evidence in, one attribution out.

Whatever speaks of an author (a trailer, a note, a branch name) is text that the author of the
change can write or strip. So `resolve` keeps two answers apart: who probably wrote the line
(`kind`), and whether anything at all says that an AI may have (`may_be_ai`), which no other
evidence takes away.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import lru_cache

MAX_EVIDENCE = 8  # pieces of evidence that are kept of one line


class Author(StrEnum):
    """The kinds of author a line can have."""

    AI = "ai"
    HUMAN = "human"
    MIXED = "mixed"
    AUTOMATION = "automation"
    UNKNOWN = "unknown"


class Level(IntEnum):
    """What a piece of evidence speaks of; the higher one decides."""

    ASSUMED = 0  # the settings say so of every line
    CHANGE = 1  # the pull request as a whole
    COMMIT = 2
    LINE = 3


HIGH, MEDIUM, LOW = 0.9, 0.6, 0.3  # confidences; an order, not measured probabilities


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that says who wrote something."""

    kind: Author
    level: Level
    confidence: float  # HIGH, MEDIUM or LOW
    words: str  # for a reader; quotes strangers, so renderers escape it
    tool: str | None = None  # such as "claude": a name of `authorship.agents` where it is known
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Attribution:
    """An author with the evidence for it. Absence of a marker is `unknown`, never `human`."""

    kind: Author
    tool: str | None = None
    model: str | None = None
    confidence: float = 0.0  # in [0, 1]
    evidence: tuple[str, ...] = ()
    may_be_ai: bool = False  # something says so, or could not be read; for the policy


UNKNOWN = Attribution(Author.UNKNOWN)


@lru_cache(maxsize=4096)
def resolve(evidence: tuple[Evidence, ...], doubts: tuple[str, ...] = ()) -> Attribution:
    """Weigh the evidence for one line.

    The highest level decides; within it AI and human together are `mixed`. The tool is that of the
    surest deciding evidence, None where equally sure ones disagree.

    doubts  what could have spoken of this line and could not be read, in words
    """
    if not evidence:
        return Attribution(Author.UNKNOWN, evidence=doubts[:1], may_be_ai=bool(doubts))
    ordered = sorted(evidence, key=lambda e: (-e.level, -e.confidence))
    top = [e for e in ordered if e.level is ordered[0].level]
    kind = _kind({e.kind for e in top})
    deciding = [e for e in top if kind is Author.MIXED or e.kind is kind]
    words = tuple(dict.fromkeys(e.words for e in ordered))
    tool, model = _tool([e for e in deciding if e.kind is not Author.HUMAN])
    return Attribution(
        kind,
        tool,
        model,
        max(e.confidence for e in deciding),
        (*words[:MAX_EVIDENCE], *doubts[:1]),
        may_be_ai=bool(doubts) or any(e.kind in (Author.AI, Author.MIXED) for e in evidence),
    )


def _kind(kinds: set[Author]) -> Author:
    if Author.MIXED in kinds or {Author.AI, Author.HUMAN} <= kinds:
        return Author.MIXED
    for kind in (Author.AI, Author.HUMAN, Author.AUTOMATION):
        if kind in kinds:
            return kind
    return Author.UNKNOWN


def _tool(deciding: Sequence[Evidence]) -> tuple[str | None, str | None]:
    named = [e for e in deciding if e.tool]
    if not named:
        return None, next((e.model for e in deciding if e.model), None)
    best = max(e.confidence for e in named)
    tools = {e.tool for e in named if e.confidence == best}
    if len(tools) > 1:
        return None, None
    (tool,) = tools
    models = {e.model for e in named if e.tool == tool and e.model}
    return tool, models.pop() if len(models) == 1 else None


@dataclass(frozen=True, slots=True)
class Authors:
    """Who wrote each added line of a change."""

    of: Mapping[tuple[str, int], Attribution] = field(default_factory=dict)  # by path and number
    notes: tuple[str, ...] = ()  # what could not be read, for the reader
    sources: tuple[str, ...] = ()  # what was looked at and what was there, in words

    def get(self, path: str, number: int) -> Attribution:
        """Return who wrote a line; UNKNOWN where nothing is known of it."""
        return self.of.get((path, number), UNKNOWN)


def totals(attributions: Iterable[Attribution]) -> dict[Author, Counter[str]]:
    """Count lines per kind, and within a kind per tool ("" where none is known); no empty kind."""
    found: dict[Author, Counter[str]] = {}
    for attribution in attributions:
        found.setdefault(attribution.kind, Counter())[attribution.tool or ""] += 1
    return {kind: found[kind] for kind in Author if kind in found}
