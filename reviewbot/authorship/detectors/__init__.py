"""What a detector is: a function from the material to evidence about lines."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from reviewbot.authorship.history import Commit, Material, PlacedLine
from reviewbot.authorship.model import LOW, MAX_EVIDENCE, Evidence, Level


@dataclass(slots=True)
class Found:
    """What a detector found; lines are named by their place in what it was given."""

    evidence: dict[int, list[Evidence]] = field(default_factory=lambda: defaultdict(list))
    doubts: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    notes: list[str] = field(default_factory=list)  # what could not be read, for the reader
    source: str = ""  # what there was to look at, in words


class Detector(Protocol):
    """Looks at the material, and says what it knows of the lines. Pure; never fails on bad text."""

    def __call__(self, material: Material, lines: Sequence[PlacedLine]) -> Found: ...


def overruled(evidence: Evidence) -> Evidence:
    """Return evidence that no longer decides who wrote a line, but still counts for the policy."""
    words = f"{evidence.words} (overruled)"
    return replace(evidence, level=Level.ASSUMED, confidence=LOW, words=words)


def of_commits(judge: Callable[[Commit], Sequence[Evidence]]) -> Detector:
    """Make a detector of a function that judges a commit: all its lines share the verdict."""

    def detect(material: Material, lines: Sequence[PlacedLine]) -> Found:
        found, known = Found(), dict[str, Sequence[Evidence]]()
        for place, (_, origin) in enumerate(lines):
            if origin is None or (commit := material.commits.get(origin.commit)) is None:
                continue
            if commit.hash not in known:
                said = dict.fromkeys(judge(commit))
                known[commit.hash] = sorted(said, key=lambda e: -e.confidence)[:MAX_EVIDENCE]
            if known[commit.hash]:
                found.evidence[place].extend(known[commit.hash])
        return found

    return detect
