"""Which findings were addressed: what a report says its lines were, against what was merged.

The merge of a report is the first commit on the first-parent history of HEAD, after the report's
base, that brings at least half of the report's added lines to their files: a merge, a squash, or a
rebase of one commit. A finding is ADDRESSED if one of its lines is neither among the lines that the
merge brings nor at the tip of the branch; UNCHANGED if all are. White space does not count.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from time import monotonic

from reviewbot.diff.paths import encode_path
from reviewbot.errors import ReviewbotError
from reviewbot.git.files import MAX_BYTES, CommitFiles
from reviewbot.git.process import git
from reviewbot.git.repository import Repository
from reviewbot.report.model import Report, lines_by_path
from reviewbot.report.stats import Outcome, is_commit

MAX_SECONDS = 120.0  # for all reports together
MAX_FILES = 200  # of a report
MAX_PATH = 1_000  # characters
MAX_CANDIDATES = 20  # commits that are looked at for a report
MAX_BRANCH = 200_000  # commits
MAX_CHARS = 10_000  # of a line: a report holds no more
ENV = {"GIT_LITERAL_PATHSPECS": "1", "GIT_NO_LAZY_FETCH": "1"}
Lines = dict[str, Counter[str]]  # path -> its lines that are not blank
NONE: Counter[str] = Counter()


class History:
    """Asks a repository about reports, until the time is used up."""

    def __init__(self, repo: Repository) -> None:
        self.repo = repo
        self._deadline = monotonic() + MAX_SECONDS
        args = ("rev-list", "--first-parent", f"--max-count={MAX_BRANCH}", "HEAD", "--")
        self._branch = frozenset(self._git(*args).split())

    def times(self, heads: Iterable[str]) -> dict[str, int]:
        """Return the committer times, in seconds since 1970, of the commits that it holds."""
        names = "".join(f"{head}\n" for head in heads if is_commit(head))
        args = ("log", "--no-walk=unsorted", "--ignore-missing", "--format=%H %ct", "--stdin")
        rows = (row.split() for row in self._git(*args, stdin=names).splitlines())
        return {row[0]: int(row[1]) for row in rows if len(row) == 2}

    def outcomes(self, report: Report) -> Sequence[Outcome]:
        """Return what became of each finding of a report, in their order."""
        if not report.findings:
            return []
        try:
            found = self._merge(report)
        except ReviewbotError:
            found = Outcome.LIMIT if monotonic() > self._deadline else Outcome.NOT_HELD
        if isinstance(found, Outcome):
            return [found] * len(report.findings)
        return [
            _outcome(found.get(one.path), _keys(score.line.text for score in one.lines))
            for one in report.findings
        ]

    def _merge(self, report: Report) -> Lines | Outcome:
        """Return the lines that the merge of a report brings, or why it is not found."""
        base, head = report.change.base, report.change.head
        if not (is_commit(base) and is_commit(head)):
            return Outcome.NO_COMMIT
        if head in self._branch:
            return Outcome.AFTER_MERGE
        lines = lines_by_path(report).items()
        added = {path: _keys(one.outcome.line.text for one in rows) for path, rows in lines}
        added = {path: keys for path, keys in added.items() if keys}
        if len(added) > MAX_FILES or not all(map(_is_plain, added)):
            return Outcome.LIMIT
        paths = [os.fsdecode(encode_path(path)) for path in added]
        args = ("rev-list", "--first-parent", "--reverse", f"{base}..HEAD", "--", *paths)
        for place, commit in enumerate(self._git(*args).split() if added else ()):
            if place >= MAX_CANDIDATES or monotonic() > self._deadline:
                return Outcome.LIMIT
            before, after = (self._lines(name, added) for name in (f"{commit}^1", commit))
            brought = {path: after[path] - before.get(path, NONE) for path in after}
            both = (added[path] & brought[path] for path in brought)
            if 2 * sum(map(Counter.total, both)) >= sum(map(Counter.total, added.values())):
                tip = self._lines("HEAD", added)
                return {p: brought[p] | (tip.get(p, NONE) - before.get(p, NONE)) for p in brought}
        return Outcome.NOT_MERGED

    def _lines(self, commit: str, wanted: Iterable[str]) -> Lines:
        files = CommitFiles(self.repo.objects, commit)
        read = ((path, files.read(path)) for path in wanted)
        texts = {p: _text(raw) for p, raw in read if raw is not None and len(raw) <= MAX_BYTES}
        return {path: _keys(text.split("\n")) for path, text in texts.items()}

    def _git(self, *args: str, stdin: str = "") -> str:
        left = max(10.0, self._deadline - monotonic())
        raw = git(self.repo.top, *args, stdin=stdin.encode(), env=ENV, timeout=left)
        return raw.decode("ascii", "replace")


def _outcome(remaining: Counter[str] | None, lines: Counter[str]) -> Outcome:
    if remaining is None:
        return Outcome.GONE
    return Outcome.UNCHANGED if all(line in remaining for line in lines) else Outcome.ADDRESSED


def _keys(lines: Iterable[str]) -> Counter[str]:
    keys = (" ".join(line[:MAX_CHARS].split()) for line in lines)
    return Counter(key for key in keys if key)


def _is_plain(path: str) -> bool:
    """Return True if git takes a path as it is: short, below the top, no NUL, no surrogate."""
    odd = len(path) > MAX_PATH or re.search("[\0\ud800-\udfff]", path)
    return not odd and not {"", ".", ".."} & set(path.split("/"))


def _text(raw: bytes) -> str:
    """Decode as a report does: bytes that are not UTF-8 are U+FFFD, one each."""
    return re.sub("[\udc80-\udcff]", "\ufffd", raw.decode("utf-8", "surrogateescape"))
