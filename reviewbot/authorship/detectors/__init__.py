"""A detector is a function from the material to evidence about lines; each has its module here."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from reviewbot.authorship.history import Commit, Material, PlacedLine
from reviewbot.authorship.model import LOW, MAX_EVIDENCE, Evidence, Level


@dataclass(slots=True)
class Detected:
    """The result of a detector; lines are named by their index in what it was given."""

    evidence: dict[int, list[Evidence]] = field(default_factory=lambda: defaultdict(list))
    doubts: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    notes: list[str] = field(default_factory=list)  # what could not be read, for the reader
    source: str = ""  # where evidence was looked for, for the reader


class Detector(Protocol):
    """Looks for evidence about lines in the material. Pure; never fails on bad text."""

    def __call__(self, material: Material, lines: Sequence[PlacedLine]) -> Detected: ...


def overruled(evidence: Evidence) -> Evidence:
    """Return evidence that no longer decides who wrote a line, but still counts for the policy."""
    words = f"{evidence.words} (overruled)"
    return replace(evidence, level=Level.ASSUMED, confidence=LOW, words=words)


def of_commits(judge: Callable[[Commit], Sequence[Evidence]]) -> Detector:
    """Make a detector of a function that judges a commit: all its lines share the evidence."""

    def detect(material: Material, lines: Sequence[PlacedLine]) -> Detected:
        detected, by_commit = Detected(), dict[str, list[Evidence]]()
        for index, (_, origin) in enumerate(lines):
            if origin is None or (commit := material.commits.get(origin.commit)) is None:
                continue
            if commit.hash not in by_commit:
                unique = sorted(dict.fromkeys(judge(commit)), key=lambda e: -e.confidence)
                by_commit[commit.hash] = unique[:MAX_EVIDENCE]
            if by_commit[commit.hash]:
                detected.evidence[index].extend(by_commit[commit.hash])
        return detected

    return detect
