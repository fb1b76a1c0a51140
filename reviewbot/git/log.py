"""Reads commits with `git log`: who made them, what they say, which files they touch."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from reviewbot.authorship.model import Commit, Identity, Origin
from reviewbot.diff.paths import decode_path
from reviewbot.errors import ReviewbotError, UsageError
from reviewbot.git.process import git
from reviewbot.git.repository import Repository, merge_bases

MAX_OUTPUT = 64_000_000  # bytes, all messages together
MAX_MESSAGE = 65_536  # characters of a message
HALF = MAX_MESSAGE // 2
CUT = "\n\n[reviewbot left the middle of this message out]\n\n"
MAX_NAME = 500  # characters of a name or an address
MAX_COMMITS = 100  # of a change, the newest
# As committed, without .mailmap: the change could use it to rename an agent to a person.
_FIELDS = ("%m%H", "%P", "%an", "%ae", "%cn", "%ce", "%cs", "%s", "%B")
_LOG = (
    *("-c", "log.showRoot=false", "log", "-z", "--no-color", "--no-notes", "--no-mailmap"),
    f"--format={'%x00'.join(_FIELDS)}",
)
_HASH = re.compile("[0-9a-f]{40,64}")
_DAY = re.compile(rb"\d{4}-\d\d-\d\d")
_MARKED = re.compile(rb".[0-9a-f]{40,64}")
_TOUCHED = re.compile(rb"\n?:\d+ \d+ [0-9a-f]+ ([0-9a-f]+) ([A-Z])\d*")


@dataclass(frozen=True, slots=True)
class LoggedCommit:
    """A commit as `git log` shows it."""

    commit: Commit
    date: str  # of the commit, in its own time zone: "2026-11-30"; "" if git cannot say it
    subject: str  # bytes that are not UTF-8 as surrogate escapes
    # path -> status letter and blob afterwards; empty for a merge and a first commit
    touched: Mapping[str, tuple[str, str]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Log:
    """The commits of a change, newest first."""

    commits: tuple[LoggedCommit, ...] = ()
    is_complete: bool = True  # False: there are more than MAX_COMMITS, or they could not be read

    @property
    def is_linear(self) -> bool:
        """True if these are all commits, and each has one parent."""
        return self.is_complete and all(len(one.commit.parents) == 1 for one in self.commits)


@dataclass(frozen=True, slots=True)
class Blamed:
    """Which commit added each line of a change: path -> line number -> origin.

    Lines that are older than the change are left out.
    """

    origins: dict[str, dict[int, Origin]]
    placed: dict[str, dict[int, Origin]]  # who put it there, only where that is another commit
    lost: dict[str, str]  # path -> why git blame failed, in words


def read_log(repo: Repository, head: str, base: str | None) -> Log:
    """Return the commits that `head` has and `base` lacks; base None: all of them.

    raises  EnvironmentFailure if git fails
    """
    if head == base:
        return Log()
    options = ("--raw", "--no-abbrev", "--no-renames", "--no-relative", "-O/dev/null")
    without = [f"^{base}"] if base else []
    count = f"--max-count={MAX_COMMITS + 1}"
    try:
        out = git(repo.top, *_LOG, *options, count, head, *without, "--", limit=MAX_OUTPUT)
    except UsageError:  # too large
        return Log(is_complete=False)
    commits = parse_log(out)
    return Log(tuple(commits[:MAX_COMMITS]), len(commits) <= MAX_COMMITS)


def fork_points(repo: Repository, tip: str, head: str) -> tuple[tuple[str, ...], Log]:
    """Return the merge bases of two commits, and the commits from the first base to `head`.

    One `git log` tells both, unless there are merges or more than MAX_COMMITS.
    raises  as `merge_bases`
    """
    if tip == head:
        return (head,), Log()
    log = read_log(repo, head, tip)
    if log.is_linear:
        return (log.commits[-1].commit.parents[0] if log.commits else head,), log
    bases = merge_bases(repo, tip, head)
    return bases, read_log(repo, head, bases[0])


def commits(repo: Repository, hashes: Iterable[str]) -> tuple[dict[str, Commit], str | None]:
    """Return the commits by hash, and why they could not be read, or None.

    CUT replaces the middle of a message that is too long.
    """
    wanted = sorted({name for name in hashes if _HASH.fullmatch(name)})
    if not wanted:
        return {}, None
    stdin = "".join(f"{name}\n" for name in wanted).encode()
    command = (*_LOG, "--no-walk=unsorted", "--stdin")
    try:
        out = git(repo.top, *command, stdin=stdin, limit=MAX_OUTPUT)
    except ReviewbotError as exc:
        return {}, f"commit messages were not read: {exc.what.removeprefix('nothing was scored: ')}"
    return {one.commit.hash: one.commit for one in parse_log(out)}, None


def parse_log(raw: bytes) -> list[LoggedCommit]:
    """Read the log. raises ValueError if it is not of our format.

    A message cannot hold a NUL, so it cannot forge a field.
    """
    logged, fields, at = [], raw.split(b"\0"), 0
    if fields[-1] == b"":
        fields.pop()
    while at < len(fields):
        record = fields[at : at + len(_FIELDS)]
        if len(record) < len(_FIELDS) or not _MARKED.fullmatch(record[0]):
            raise ValueError("not the output of git log in our format")
        *row, date, subject, message = record
        at += len(_FIELDS)
        touched = {}
        while at + 1 < len(fields) and (match := _TOUCHED.fullmatch(fields[at])):
            status, blob = match[2].decode("ascii"), match[1].decode("ascii")
            touched[decode_path(fields[at + 1])] = (status, blob)
            at += 2
        commit = commit_from(row, message)
        day = date.decode("ascii") if _DAY.fullmatch(date) else ""
        words = subject.decode("utf-8", "surrogateescape")
        logged.append(LoggedCommit(commit, day, words, touched))
    return logged


def commit_from(row: Sequence[bytes], message: bytes) -> Commit:
    """Return a commit, its texts cut to a bound.

    row  one character and the hash; parents; name and address of author, then of committer
    """
    name, parents, *people = (text.decode("utf-8", "replace") for text in row)
    author, author_mail, committer, committer_mail = (text[:MAX_NAME] for text in people)
    text = message.decode("utf-8", "replace")
    return Commit(
        name[1:],
        tuple(parents.split()),
        Identity(author, author_mail),
        Identity(committer, committer_mail),
        text if len(text) <= MAX_MESSAGE else f"{text[:HALF]}{CUT}{text[-HALF:]}",
    )
