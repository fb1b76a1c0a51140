"""What git and a forge know of a change, as frozen values; every text in it is untrusted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from reviewbot.diff.model import ChangedLine

UNCOMMITTED = ""  # the commit of a line that is in the working tree or the index only


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
