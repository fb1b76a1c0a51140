"""What became of findings, as far as git tells: the SZZ question, asked of single lines.

A finding is FIXED when, within so many days, a commit on the branch whose subject looks like a fix
changes or deletes one of its lines; FINE when all of its lines still stand there, unchanged, so
many days later. Neither is said before the days are over: a fix can come on any of them, FINE only
after the last, so the findings of the last weeks would all be right. Indenting is no change.
Everything else is unknown, and the reason is counted. A line is known by where `git blame` says
that it came into being, so it may move within its file.

"Now" is the newest commit of the branch that is not dated after a time the caller gives: one false
clock must not end every finding's days. Same repository and same such commits, same answer.

source  SZZ, Sliwerski, Zimmermann, Zeller 2005, doi:10.1145/1082983.1083147; what such labels are
        worth stands in docs/label-noise.md
"""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from reviewbot.core.cquote import encode_path
from reviewbot.core.errors import ReviewbotError
from reviewbot.core.history import Origin
from reviewbot.core.trend import Fate, Place
from reviewbot.forges.blame import NotTold, line_ranges, origins
from reviewbot.forges.git import git
from reviewbot.forges.times import parse_times

DAY = 86_400  # seconds
MOST_SECONDS = 120.0  # for all findings together
MOST_FINDINGS = 2_000
MOST_FIXES = 200  # looked at of one file
MOST_BRANCH = 200_000  # commits
MAX_OUTPUT = 64_000_000  # bytes

AWAY = "the report is about no commit of this repository"
YOUNG = "the branch does not reach far enough beyond it yet"
OTHER = "not on the branch, as after a squash"
CHANGED = "changed otherwise, moved to another file or deleted"
SILENT = "git does not tell where its lines came into being"
LEFT = "not looked for: too many findings, or too little time"

_FIX = re.compile(
    r"\b(?:fix(?:e[sd]|ing)?|bugs?|bug-?fix(?:es)?|hot-?fix(?:es)?|reverts?|reverted|regressions?)\b",
    re.IGNORECASE,
)
_NO_FIX = re.compile(r"(?:docs?|style|tests?|ci|build|chore)(?:\([^)]*\))?!?:", re.IGNORECASE)
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? ", re.MULTILINE)
_LITERAL = {"GIT_LITERAL_PATHSPECS": "1"}  # a path is a path, whatever signs it holds


def looks_like_a_fix(subject: str) -> bool:
    """Tell whether a commit's subject says that it mends something in the code.

    It holds one of the words fix, bug, bugfix, hotfix, revert or regression in one of their forms,
    and does not begin as Conventional Commits mark what is no code: docs, style, test, ci, build,
    chore.
    """
    return bool(_FIX.search(subject)) and not _NO_FIX.match(subject)


@dataclass(frozen=True, slots=True)
class Found:
    """The fates that git tells, and why it tells no others: reason -> findings."""

    fates: Mapping[Place, Fate]
    unknown: Mapping[str, int]
    ahead: int = 0  # commits of the branch that were passed over, being dated after `latest`


class _Commit(NamedTuple):
    hash: str
    parent: str
    time: int


@dataclass(slots=True)
class _Asked:
    """A finding on its way."""

    place: Place
    lines: frozenset[Origin]
    since: int  # committer time of its head
    until: int


def found_fates(
    root: Path,
    findings: Mapping[Place, Sequence[int]],
    times: Mapping[str, int],
    days: int,
    latest: int,
) -> Found:
    """Look for what became of findings.

    root      top of a repository; its HEAD is the branch that counts
    findings  with the numbers of their lines in the head file
    times     committer time of every head that the repository holds
    latest    seconds since 1970; a commit dated after it has a false clock
    raises    ReviewbotError if git cannot list the branch
    """
    known = {place: numbers for place, numbers in findings.items() if place.head in times}
    unknown = Counter({AWAY: len(findings) - len(known)})
    unknown[LEFT] += max(0, len(known) - MOST_FINDINGS)
    known = dict(list(known.items())[:MOST_FINDINGS])
    fates: dict[Place, Fate] = {}
    ahead = 0
    if known:
        oldest = min(times[place.head] for place in known)
        history = _History(root, oldest, latest, monotonic() + MOST_SECONDS)
        ahead = history.ahead
        asked = []
        wanted: dict[tuple[str, str], set[int]] = {}
        for place, numbers in known.items():
            wanted.setdefault((place.head, place.path), set()).update(numbers)
        for place, numbers in known.items():
            since = times[place.head]
            every = wanted[place.head, place.path]
            lines = history.origins_of(place, numbers, every)
            if isinstance(lines, str):
                unknown[lines] += 1
            else:
                asked.append(_Asked(place, lines, since, since + days * DAY))
        away = history.not_on_branch({line.commit for one in asked for line in one.lines})
        for one in asked:
            if any(line.commit in away for line in one.lines):
                unknown[OTHER] += 1
                continue
            fate = history.fate(one)
            if isinstance(fate, Fate):
                fates[one.place] = fate
            else:
                unknown[fate] += 1
    return Found(fates, {why: count for why, count in unknown.items() if count}, ahead)


class _History:
    """Asks git, remembers the answers, and stops asking at the deadline."""

    def __init__(self, root: Path, oldest: int, latest: int, deadline: float) -> None:
        self.root = root
        self.oldest = oldest  # committer time; nothing before it matters
        self.deadline = deadline
        out = git(
            root,
            *("log", "--first-parent", "--no-color", "--format=%H %ct"),
            *(f"--max-count={MOST_BRANCH}", "HEAD", "--"),
        )
        every = parse_times(out)
        self.branch = [(name, time) for name, time in every if time <= latest]  # newest first
        self.ahead = len(every) - len(self.branch)
        self.now = max((time for _, time in self.branch), default=0)
        self._born: dict[tuple[str, str], Mapping[int, Origin]] = {}
        self._fixes: dict[str, list[_Commit]] = {}
        self._deleted: dict[tuple[str, str], frozenset[Origin]] = {}
        self._standing: dict[tuple[str, str, str], frozenset[Origin]] = {}

    def fate(self, one: _Asked) -> Fate | str:
        """Return what became of a finding, or why nobody can tell."""
        path = one.place.path
        if self.now < one.until:
            return YOUNG
        try:
            fixes = self._fixes_of(path)
            for fix in fixes[:MOST_FIXES]:
                if one.since < fix.time <= one.until and one.lines & self._taken(fix, path):
                    return Fate.FIXED
            then = next((name for name, time in self.branch if time <= one.until), None)
            if then and one.lines <= self._there(then, path, {line.commit for line in one.lines}):
                return Fate.FINE
        except _Late:
            return LEFT
        except ReviewbotError:
            return SILENT
        return CHANGED if len(fixes) <= MOST_FIXES else LEFT

    def origins_of(
        self, place: Place, numbers: Sequence[int], every: Collection[int]
    ) -> frozenset[Origin] | str:
        """Return where the lines of a finding came into being, or why that is not known.

        every  the numbers of all findings in this file of this head: git is asked once for them
        """
        key = (place.head, place.path)
        try:
            if key not in self._born:
                self._born[key] = {}  # also where git fails
                options = [*line_ranges(sorted(every)), place.head]
                if "\0" not in place.path:  # git has no such path
                    self._born[key] = self._lines(place.path, options) or self._lines(
                        place.path,
                        [place.head],  # one of the numbers may lie beyond the end
                    )
        except _Late:
            del self._born[key]
            return LEFT
        except (ReviewbotError, UnicodeError):
            return SILENT
        found = self._born[key]
        lines = frozenset(found[number] for number in numbers if number in found)
        return lines if len(lines) == len(set(numbers)) else SILENT

    def not_on_branch(self, commits: set[str]) -> frozenset[str]:
        """Return those commits that are no ancestors of HEAD."""
        given = "".join(f"{name}\n" for name in sorted(commits)) + "^HEAD\n"
        out = git(self.root, "rev-list", "--stdin", stdin=given.encode(), limit=MAX_OUTPUT)
        return frozenset(out.decode("ascii").split()) & commits

    def _fixes_of(self, path: str) -> list[_Commit]:
        """Return the commits that touch a file and look like a fix, newest first."""
        if path not in self._fixes:
            out = self._git(
                *(
                    "-c",
                    "log.follow=false",
                    "log",
                    "--no-merges",
                    "-z",
                    "--no-color",
                    "--no-show-signature",
                ),
                *("--format=%H%x00%P%x00%ct%x00%s", f"--max-age={self.oldest}", "HEAD", "--"),
                path,
            )
            fields = out.decode("utf-8", "replace").split("\0")
            rows = zip(fields[0::4], fields[1::4], fields[2::4], fields[3::4], strict=False)
            self._fixes[path] = [
                _Commit(name, parents.split()[0], int(time))
                for name, parents, time, subject in rows
                if parents and time and looks_like_a_fix(subject)
            ]
        return self._fixes[path]

    def _taken(self, fix: _Commit, path: str) -> frozenset[Origin]:
        """Return the lines that a commit deletes or changes, by where they came into being."""
        if (fix.hash, path) not in self._deleted:
            diff = self._git(
                *("diff", "-w", "-U0", "--no-renames", "--no-color", "--no-ext-diff"),
                *("--diff-algorithm=myers", "--indent-heuristic", "--inter-hunk-context=0"),
                *("--no-textconv", fix.parent, fix.hash, "--", path),
            )
            gone = set(_deleted(diff))
            found = self._lines(path, [*line_ranges(sorted(gone)), fix.parent]) if gone else {}
            taken = frozenset(at for number, at in found.items() if number in gone)
            self._deleted[fix.hash, path] = taken
        return self._deleted[fix.hash, path]

    def _there(self, commit: str, path: str, born: set[str]) -> frozenset[Origin]:
        """Return the lines of a file in a commit, at least those that came into being in `born`."""
        only = next(iter(born)) if len(born) == 1 else ""
        if (commit, path, only) not in self._standing:
            older = [f"^{only}^@"] if only else []  # git need not look at what was there before
            found = self._lines(path, [commit, *older])
            self._standing[commit, path, only] = frozenset(found.values())
        return self._standing[commit, path, only]

    def _lines(self, path: str, options: Sequence[str]) -> Mapping[int, Origin]:
        """As `_blame`; nothing where git fails, as of a file that is not there."""
        try:
            return self._blame(path, options)
        except NotTold:
            return {}

    def _blame(self, path: str, options: Sequence[str]) -> dict[int, Origin]:
        return origins(self.root, path, ["-w", *options], self._left())

    def _git(self, *args: str) -> bytes:
        path = os.fsdecode(encode_path(args[-1]))
        return git(
            self.root, *args[:-1], path, env=_LITERAL, limit=MAX_OUTPUT, timeout=self._left()
        )

    def _left(self) -> float:
        seconds = self.deadline - monotonic()
        if seconds <= 0:
            raise _Late
        return seconds


class _Late(Exception):
    """The time is used up."""


def _deleted(diff: bytes) -> Iterator[int]:
    """Yield the line numbers that a diff without context takes from the old file."""
    for match in _HUNK.finditer(diff):
        first, count = int(match[1]), int(match[2] or 1)
        yield from range(first, first + count)
