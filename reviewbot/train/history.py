"""Streams a repository's history from one `git log`: what each commit changed, fixed and undid."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import IO

from reviewbot.authorship.model import Attribution, Author
from reviewbot.authorship.resolve import author_of
from reviewbot.diff.model import FileChange, FileKind
from reviewbot.diff.paths import decode_path
from reviewbot.diff.skip_rules import why_skipped_file
from reviewbot.errors import EnvironmentFailure
from reviewbot.git.files import REGULAR
from reviewbot.git.log import commit_from
from reviewbot.git.process import explain, git, killed_after, start
from reviewbot.git.repository import Repository
from reviewbot.train.fix_words import fix_strength, reverted

MAX_COMMITS = 100_000  # the newest are read
MAX_FIELD = 16_000_000  # bytes of one message
MAX_TIME = 253_402_300_799  # the end of the year 9999; the author of a commit chooses its time
TIMEOUT = 1_800.0  # seconds for the whole log
_CHUNK = 1 << 20
_FORMAT = "%x00".join(("%m%H", "%P", "%an", "%ae", "%cn", "%ce", "%ct", "%B"))
_LOG = (
    *("-c", "log.showRoot=false", "log", "-z", "--no-color", "--no-notes", "--no-mailmap"),
    *(
        "--no-merges",
        "--topo-order",
        "--raw",
        "--no-abbrev",
        "--find-renames=100%",
        "--no-relative",
    ),
    *("-O/dev/null", f"--format={_FORMAT}"),
)
_MARKED = re.compile(rb">[0-9a-f]{40,64}")
_RAW = re.compile(rb"\n?:(\d+) (\d+) [0-9a-f]+ [0-9a-f]+ ([A-Z])\d*")
_TEST = re.compile(  # of a path in lower case
    r"(?:.*/)?(?:tests?|__tests__|specs?|testing|test[_-]?data|test-?utils|e2e|fixtures|__fixtures__"
    r"|__mocks__|mocks|androidtest|testfixtures|[\w.-]+[.-](?:tests?|specs?|e2e|functionaltests))/.*"
    r"|(?:.*/)?(?:test_[^/]*|conftest\.py|tests?\.\w+|[^/]*(?:_test|_tests|_spec|\.test|\.spec"
    r"|\.e2e|-test|-spec)\.\w+)",
    re.S,
)
_TEST_NAME = re.compile(
    r"(?:.*/)?\w*(?:Tests?|TestCase|TestBase|IT|Spec)\.(?:java|kt|cs|scala|groovy|swift|php)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCommit:
    """A commit of the history that is no merge."""

    hash: str
    parent: str | None  # None: a first commit
    time: int  # of the committer, seconds since 1970
    strength: int  # of the fix, 0 for none
    reverts: tuple[str, ...]  # hashes, maybe cut
    author: Attribution
    files: tuple[str, ...]  # code files that are no tests; of a renamed one both names
    renamed: tuple[tuple[str, str], ...]  # those that it only moves: old and new path


def read_history(
    repo: Repository, tip: str, progress: Callable[[int, int], None]
) -> list[PastCommit]:
    """Return the newest MAX_COMMITS commits that `tip` has, without merges, children first.

    progress  called with how many were read, and how many there are
    raises    EnvironmentFailure if git fails or takes too long
    """
    most = f"--max-count={MAX_COMMITS}"
    of = int(git(repo.top, "rev-list", "--count", "--no-merges", most, tip, "--"))
    past: list[PastCommit] = []
    with tempfile.TemporaryFile() as complaint:
        arguments = (*_LOG, most, tip, "--")
        process = start(repo.top, *arguments, stdin=subprocess.DEVNULL, stderr=complaint.fileno())
        with process, killed_after(process, TIMEOUT) as late:
            assert process.stdout is not None  # noqa: S101 - start() always opens it
            for commit in _commits(_fields(process.stdout)):
                past.append(commit)
                progress(len(past), of)
        complaint.seek(0)
        err = complaint.read(10_000).decode("utf-8", "replace")
    if late.is_set():
        raise EnvironmentFailure(
            f"nothing was scored: git log did not end within {TIMEOUT:.0f} seconds",
            fix="run `git log --raw` by hand to see what it waits for",
        )
    if process.returncode != 0:
        raise explain(repo.top, "log", process.returncode, err)
    return past


def _fields(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield what NULs separate, piece by piece."""
    rest = b""
    while chunk := stream.read(_CHUNK):
        *fields, rest = (rest + chunk).split(b"\0")
        yield from fields
        if len(rest) > MAX_FIELD:
            raise EnvironmentFailure(
                f"nothing was scored: a commit message has over {MAX_FIELD // 1_000_000} MB",
                fix="`git fsck` tells whether the repository is damaged",
            )
    if rest:
        yield rest


def _commits(fields: Iterator[bytes]) -> Iterator[PastCommit]:
    """Read the log. A message cannot hold a NUL, so it cannot forge a field."""
    field = next(fields, None)
    while field is not None:
        if not _MARKED.fullmatch(field):
            raise ValueError("not the output of git log in our format")
        row = [field, *(next(fields) for _ in range(5))]
        time, message = min(int(next(fields) or 0), MAX_TIME), next(fields)
        files, renamed, field = list[str](), list[tuple[str, str]](), next(fields, None)
        while field is not None and (match := _RAW.fullmatch(field)):
            # Only equal files are a renaming here: to compare others, git would read them all.
            count = 2 if match[3] in (b"R", b"C") else 1
            paths = [sys.intern(decode_path(next(fields))) for _ in range(count)]
            modes = {match[1], match[2]} - {b"000000"}
            if all(mode in REGULAR for mode in modes):
                files += filter(is_product_code, paths)
                renamed += [(paths[0], paths[1])] if match[3] == b"R" else []
            field = next(fields, None)
        commit = commit_from(row, message)
        yield PastCommit(
            hash=commit.hash,
            parent=commit.parents[0] if commit.parents else None,
            time=time,
            strength=fix_strength(commit.message),
            reverts=reverted(commit.message),
            author=author_of(commit),
            files=tuple(files),
            renamed=tuple(renamed),
        )


@lru_cache(maxsize=200_000)
def is_product_code(path: str) -> bool:
    """Return True if `check` would read the file, judged by its path, and it is no test."""
    if _TEST.fullmatch(path.lower()) or _TEST_NAME.fullmatch(path):
        return False
    return why_skipped_file(FileChange(path, FileKind.MODIFIED), head=None) is None


def by_ai(commit: PastCommit) -> bool:
    """Return True if the commit carries a mark of an AI author."""
    return commit.author.may_be_ai or commit.author.kind.is_ai


def by_anyone(commit: PastCommit) -> bool:
    """Return True unless a bot that is no coding agent made the commit."""
    return commit.author.kind is not Author.AUTOMATION
