"""What a repository says of its own past, as frozen values; everything in it is a stranger's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from reviewbot.diff.model import ChangedLine

UNCOMMITTED = ""  # the commit of a line that is in the working tree or the index only


class Identity(NamedTuple):
    """As git has it; either may be empty."""

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
    """Where a line came into being: the number is that of the file in that commit."""

    commit: str
    path: str
    number: int


class PlacedLine(NamedTuple):
    """An added line, and where it came into being; None where git does not say."""

    line: ChangedLine
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What a forge says of the change as a whole."""

    branch: str = ""
    author_login: str = ""
    author_is_bot: bool = False
    labels: tuple[str, ...] = ()
    body: str = ""
    from_fork: bool = True  # or nobody knows


class TraceFile(NamedTuple):
    """A file of Agent Trace records, or what could be read of it."""

    name: str
    content: bytes
    missing: str = ""  # what was not read of it, in words: "only its newest part was read"


def _no_lines(_path: str) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything that the detectors look at."""

    origins: Mapping[str, Mapping[int, Origin]] = field(default_factory=dict)  # path -> number
    # Who only put a line where it is, where that is another commit than its origin.
    placed: Mapping[str, Mapping[int, Origin]] = field(default_factory=dict)
    commits: Mapping[str, Commit] = field(default_factory=dict)
    # commit -> its git-ai notes; of several the first decides, as the most trusted one.
    notes: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    has_notes: bool = True  # the repository has a ref of git-ai notes, for whatever commits
    traces: tuple[TraceFile, ...] = ()
    head: str | None = None  # the commit that uncommitted lines stand on
    head_lines: Callable[[str], tuple[str, ...]] = _no_lines  # of a head file; read when asked for
    pull_request: PullRequest | None = None
    # What could not be read, in words: for the whole change, by commit, by path.
    lost: tuple[str, ...] = ()
    lost_commits: Mapping[str, str] = field(default_factory=dict)
    lost_paths: Mapping[str, str] = field(default_factory=dict)
