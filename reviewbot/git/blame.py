"""Which commit of a change added each line, from the log and `git blame` inside base..head.

`-w -M` looks through re-indenting and moving within a file: a line keeps its author when somebody
moves it. A plain blame beside it tells which commit put the line where it is: the only answer where
the line is otherwise the base's, and a second one where the two differ.
"""

import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import monotonic
from types import MappingProxyType

from reviewbot.authorship.history import UNCOMMITTED, Origin
from reviewbot.diff.model import Change, Entry, FileKind
from reviewbot.diff.paths import encode_path, parse_path
from reviewbot.errors import ReviewbotError
from reviewbot.git.commits import LoggedCommit
from reviewbot.git.process import complaint, status
from reviewbot.git.repository import Repository
from reviewbot.git.request import INDEX, WORKTREE, ChangeRequest

MAX_OUTPUT = 64_000_000  # bytes, of one file
MAX_SECONDS = 60.0  # for all files together
MAX_RANGES = 200  # given to git for one file; above, it reads the whole file
_HEADER = re.compile(rb"([0-9a-f]{40,64}) (\d+) (\d+)(?: \d+)?")
# The change could write the file of commits to ignore; an empty name forgets earlier files.
# --root: a commit without parents is a commit of the change, not its boundary.
_MOVING = (FileKind.DELETED, FileKind.RENAMED, FileKind.COPIED)
_PLAIN = ("blame", "--root", "--line-porcelain", "--no-textconv", "--ignore-revs-file=")


@dataclass(frozen=True, slots=True)
class Blamed:
    """Which commit added each line of a change: path -> line number -> origin.

    Lines that are older than the change are left out.
    """

    origins: dict[str, dict[int, Origin]]
    placed: dict[str, dict[int, Origin]]  # who put it there, only where that is another commit
    lost: dict[str, str]  # path -> why git blame failed, in words


def blamed(
    request: ChangeRequest, change: Change, contents: Mapping[str, bytes] = MappingProxyType({})
) -> Blamed:
    """Return which commit added each line. A file gets a `git blame` only if the log is not enough.

    contents  head files of the working tree that blame must not look for there
    """
    blame = Blamed({}, {}, {})
    added = {
        file.path: [line.number for line in file.added]
        for file in change.files
        if file.added and file.entry is not Entry.SUBMODULE
    }
    known = _known_commits(request, change)
    for path in known.keys() & added.keys():
        blame.origins[path] = {n: Origin(known[path], path, n) for n in added.pop(path)}
    base, head = request.base, request.head
    if base is None:
        return blame
    revisions = [f"^{base}"] if head == WORKTREE else [f"{base}..{head}"]
    deadline = monotonic() + MAX_SECONDS

    def ask(path: str) -> tuple[dict[int, Origin], dict[int, Origin]] | str:
        numbers = added[path]
        given = ["--contents=-"] if path in contents else []
        try:
            through, plain = (
                _file(
                    request.root,
                    path,
                    [*options, *given, *line_ranges(numbers), *revisions],
                    deadline,
                    contents.get(path, b""),
                )
                for options in (("-w", "-M"), ())
            )
        except BlameFailure as exc:
            return str(exc)
        except ReviewbotError as exc:
            return exc.what.removeprefix("nothing was scored: ")
        through = {n: at for n, at in through.items() if n in set(numbers)}
        plain = {n: at for n, at in plain.items() if n in set(numbers)}
        placed = {n: plain[n] for n in plain.keys() & through.keys()}
        return plain | through, {
            n: at for n, at in placed.items() if at.commit != through[n].commit
        }

    with ThreadPoolExecutor(max_workers=2 * (os.cpu_count() or 1)) as pool:
        for path, answer in zip(added, pool.map(ask, added), strict=True):
            if isinstance(answer, str):
                blame.lost[path] = (
                    f"git blame of {path} failed, so its authors are not known: {answer}"
                )
            else:
                blame.origins[path], blame.placed[path] = answer
    return blame


def _known_commits(request: ChangeRequest, change: Change) -> dict[str, str]:
    """Return the commit that added all lines of a file, where the log alone says so.

    That is a commit that is the only one to touch the file, or none (UNCOMMITTED) where only the
    working tree touches it. Where a file may have been renamed, blame has to look.
    """
    log, commits = request.log, dict[str, str]()
    if request.head == INDEX or (request.head == WORKTREE and request.base == request.commit):
        return {file.path: UNCOMMITTED for file in change.files}
    if not log.is_linear or request.base is None or request.repo.is_merging:
        return {}
    touching: dict[str, list[LoggedCommit]] = {}
    for one in log.commits:
        for path in one.touched:
            touching.setdefault(path, []).append(one)
    if len(log.commits) == 1 and request.head != WORKTREE:
        return {file.path: log.commits[0].commit.hash for file in change.files}
    kinds = {file.path: file.kind for file in change.files}
    moved = touching.keys() - kinds or any(file.kind in _MOVING for file in change.files)
    for path, kind in kinds.items():
        logged = touching.get(path, [])
        if not logged and (kind is FileKind.MODIFIED or (kind is FileKind.ADDED and not moved)):
            commits[path] = UNCOMMITTED
        elif len(logged) == 1:
            status, blob = logged[0].touched[path]
            removed = any(letter == "D" for letter, _ in logged[0].touched.values())
            unedited = request.head != WORKTREE or request.blobs.get(path) == blob
            if unedited and (status == "M" or (status == "A" and not removed)):
                commits[path] = logged[0].commit.hash
    return commits


class BlameFailure(Exception):
    """git blame failed; why, in words."""


def _file(
    root: Path, path: str, options: Sequence[str], deadline: float, stdin: bytes
) -> dict[int, Origin]:
    """Return where the lines of a file came from: line number -> origin.

    options  of git blame, and revisions; lines of an excluded one are left out
    raises   BlameFailure, UsageError and EnvironmentFailure where git fails
    """
    seconds = deadline - monotonic()
    if seconds <= 0:
        raise BlameFailure(f"all files together took more than {MAX_SECONDS:.0f} seconds")
    code, out, err = status(
        root,
        *_PLAIN,
        *options,
        "--",
        os.fsdecode(encode_path(path)),
        stdin=stdin,
        limit=MAX_OUTPUT,
        timeout=seconds,
    )
    if code != 0:
        raise BlameFailure(complaint(err))
    return parse_blame(out)


def grafts(repo: Repository) -> frozenset[str]:
    """Return the commits at which a shallow clone ends; older lines look like theirs."""
    if not repo.is_shallow:
        return frozenset()
    try:
        return frozenset((repo.common_dir / "shallow").read_text("ascii").split())
    except (OSError, ValueError):
        return frozenset()


def line_ranges(numbers: Sequence[int]) -> list[str]:
    """Return `-L` options that cover the lines; none, for the whole file, where there are many."""
    starts = [b for a, b in pairwise([-1, *numbers]) if b != a + 1]
    ends = [a for a, b in pairwise([*numbers, -1]) if b != a + 1]
    if len(starts) > MAX_RANGES:
        return []
    return [f"-L{first},{last}" for first, last in zip(starts, ends, strict=True)]


def parse_blame(raw: bytes) -> dict[int, Origin]:
    """Read `git blame --line-porcelain`: line number in the head -> origin.

    Lines of the boundary (the base's) are left out; a line that is not committed has the commit
    UNCOMMITTED and its number in the working tree.
    """
    origins: dict[int, Origin] = {}
    commit, number, final, boundary, path = "", 0, 0, False, ""
    for line in raw.split(b"\n"):
        if line.startswith(b"\t"):  # the line itself ends its record
            if not boundary and final:
                origins[final] = Origin(commit, path, number)
            commit, number, final, boundary, path = "", 0, 0, False, ""
        elif not final and (header := _HEADER.fullmatch(line)):
            commit = header[1].decode("ascii")
            number, final = int(header[2]), int(header[3])
            if not commit.strip("0"):
                commit, number = UNCOMMITTED, final
        elif line == b"boundary":
            boundary = True
        elif line.startswith(b"filename "):
            path = parse_path(line[len(b"filename ") :].decode("utf-8", "surrogateescape"))
    return origins
