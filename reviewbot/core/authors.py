"""Who wrote a line, and how we know."""

from dataclasses import dataclass
from enum import StrEnum


class Author(StrEnum):
    """The kinds of author a line can have."""

    AI = "ai"
    HUMAN = "human"
    MIXED = "mixed"
    AUTOMATION = "automation"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Attribution:
    """An author with the evidence for it. Absence of a marker is `unknown`, never `human`."""

    kind: Author
    tool: str | None = None
    model: str | None = None
    confidence: float = 0.0  # in [0, 1]
    evidence: tuple[str, ...] = ()


UNKNOWN = Attribution(Author.UNKNOWN)
