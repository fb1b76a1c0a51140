"""Who wrote a line, by what evidence, and whose lines count.

The author of a change can write or strip every mark of an author: a trailer, a note, a branch name.
So an attribution has two answers: who probably wrote the line (`kind`), and whether any evidence
names an AI (`may_be_ai`). Evidence can add scrutiny, but never waive it: such a line is in every
scope, whatever else is known of it. A source that could not be read counts as naming an AI. A
human's or another bot's mark counts as unknown, unless the change is trusted.

`Material` is what git and a forge know of a change; every text in it is untrusted. A detector is a
function from the material to evidence about lines.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import NamedTuple, Protocol

from reviewbot.diff.model import ChangedLine

MAX_EVIDENCE = 8  # pieces of evidence that are kept of one line
UNCOMMITTED = ""  # the commit of a line that is in the working tree or the index only
RULES_FILE = ".reviewbot-authors.toml"  # of a repository


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


class Identity(NamedTuple):
    """An author or committer; either field may be empty."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of the change."""

    hash: str
    parents: tuple[str, ...]
    author: Identity
    committer: Identity
    message: str  # cut to a bound; bytes that were not UTF-8 as U+FFFD


class Origin(NamedTuple):
    """The commit that wrote a line, and its place in the file of that commit."""

    commit: str
    path: str
    number: int


class PlacedLine(NamedTuple):
    """An added line with its origin; None if git does not know it."""

    line: ChangedLine
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class PullRequest:
    """The change as a whole, as the forge describes it."""

    branch: str = ""
    author_login: str = ""
    author_is_bot: bool = False
    labels: tuple[str, ...] = ()
    body: str = ""
    from_fork: bool = True  # also if unknown


class TraceFile(NamedTuple):
    """A file of Agent Trace records, or the part that could be read."""

    name: str
    content: bytes
    missing: str = ""  # what was not read: "only its newest part was read"


def _no_lines(_path: str) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything that the detectors read."""

    origins: Mapping[str, Mapping[int, Origin]] = field(default_factory=dict)  # path -> number
    # path -> number -> the commit that moved the line, if that is not its origin.
    moved: Mapping[str, Mapping[int, Origin]] = field(default_factory=dict)
    commits: Mapping[str, Commit] = field(default_factory=dict)
    # commit -> its git-ai notes; the first one decides, as the most trusted.
    notes: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    has_notes: bool = True  # the repository has a ref of git-ai notes
    traces: tuple[TraceFile, ...] = ()
    head: str | None = None  # the commit that uncommitted lines are based on
    head_lines: Callable[[str], tuple[str, ...]] = _no_lines  # of a head file; read on demand
    pull_request: PullRequest | None = None
    # What could not be read, for the reader: of the whole change, by commit, by path.
    lost: tuple[str, ...] = ()
    lost_commits: Mapping[str, str] = field(default_factory=dict)
    lost_paths: Mapping[str, str] = field(default_factory=dict)


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
