"""Labelled changes: the one kind of row that training and evaluation read."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What is known of a line."""

    WRONG = "wrong"  # read: the line itself was at fault
    RELATED = "related"  # read: changed along with the fix
    UNCLEAR = "unclear"
    MASKED = "masked"  # nothing is known: the line takes part in nothing
    BLAMED = "blamed"  # not read


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLabel:
    """A line that a later fix changed, or that is masked."""

    path: str
    number: int  # 1-based, in the head file
    verdict: Verdict
    probability: float  # that the line was wrong
    becomes: str | None = None  # the line after the fix, if one line replaces it


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledFile:
    """A file of a labelled change. Texts have "\\n" as line ends."""

    path: str
    base_path: str | None  # another name in the base; None: the same
    base: str | None  # None: the change adds the file
    head: str
    corrected: str | None  # the head with its wrong lines corrected, where that is known


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledChange:
    """A change whose wrong lines are known."""

    id: str
    set: str
    group: str  # never split between training and testing: a repository or a problem
    message: str  # of the commit
    files: tuple[LabelledFile, ...]
    labels: tuple[LineLabel, ...]
    survived: bool  # no later fix changed a line of it
    visible: str = ""  # what one must see to notice the fault: "line", "file", "repo", "outside"

    @property
    def is_read(self) -> bool:
        """Whether every label is a reader's verdict."""
        return all(label.verdict is not Verdict.BLAMED for label in self.labels)


def corrected(head: str, path: str, labels: Sequence[LineLabel]) -> str | None:
    """Return a head file with its wrong lines replaced; None if no replacement is known."""
    lines = head.split("\n")
    places = {
        label.number - 1: label.becomes
        for label in labels
        if label.path == path and label.verdict is Verdict.WRONG and label.becomes is not None
    }
    if not places:
        return None
    return "\n".join(places.get(number, line) for number, line in enumerate(lines))
