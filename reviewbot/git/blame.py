"""Which commit of a change each added line came from: `git blame` inside base..head.

`-w -M` looks through re-indenting and moving within a file, so that an author keeps his lines when
another only shifts them. A plain blame beside it says which commit put the line where it is: the
only answer where the line is otherwise the base's, and a second one where the two differ.
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
from reviewbot.diff.paths import encode_path, parse_path
from reviewbot.errors import ReviewbotError
from reviewbot.git.process import complaint, git, status

MAX_OUTPUT = 64_000_000  # bytes, of one file
MAX_SECONDS = 60.0  # for all files together
MAX_RANGES = 200  # given to git for one file; above, it reads the whole file
_HEADER = re.compile(rb"([0-9a-f]{40,64}) (\d+) (\d+)(?: \d+)?")
# The file that says which commits to pass over lies in the tree, where the change could write it.
# An empty name forgets the files named before; in the configuration it would sort before them.
# --root: a commit without parents is a commit of the change like others, not its border.
_PLAIN = ("blame", "--root", "--line-porcelain", "--no-textconv", "--ignore-revs-file=")


@dataclass(frozen=True, slots=True)
class Blamed:
    """Where the added lines of a change came into being: path -> line number -> origin.

    Lines that are older than the change are left out.
    """

    origins: dict[str, dict[int, Origin]]
    placed: dict[str, dict[int, Origin]]  # who put it there, only where that is another commit
    lost: dict[str, str]  # path -> why nothing is known of it, in words


def blamed(
    root: Path,
    base: str,
    head: str | None,
    added: Mapping[str, Sequence[int]],
    contents: Mapping[str, bytes] = MappingProxyType({}),
) -> Blamed:
    """Return where each added line came into being.

    base      commit; what it holds is not part of the change
    head      commit, or None for the working tree
    added     path -> line numbers in the head file, ascending
    contents  head files of the working tree that are not to be looked for there
    """
    found = Blamed({}, {}, {})
    if head is not None and (only := _only_commit(root, base, head)):
        for path, numbers in added.items():
            found.origins[path] = {number: Origin(only, path, number) for number in numbers}
        return found
    deadline = monotonic() + MAX_SECONDS

    def ask(path: str) -> tuple[dict[int, Origin], dict[int, Origin]] | str:
        try:
            through, plain = (
                _file(root, base, head, path, added[path], deadline, options, contents.get(path))
                for options in (("-w", "-M"), ())
            )
        except NotTold as exc:
            return str(exc)
        except ReviewbotError as exc:
            return exc.what.removeprefix("nothing was scored: ")
        other = {n: at for n, at in plain.items() if n in through}
        return plain | through, {n: at for n, at in other.items() if at.commit != through[n].commit}

    paths = [path for path, numbers in added.items() if numbers]
    with ThreadPoolExecutor(max_workers=2 * (os.cpu_count() or 1)) as pool:
        for path, answer in zip(paths, pool.map(ask, paths), strict=True):
            if isinstance(answer, str):
                found.lost[path] = (
                    f"git blame of {path} failed, so its authors are not known: {answer}"
                )
            else:
                found.origins[path], found.placed[path] = answer
    return found


def _only_commit(root: Path, base: str, head: str) -> str | None:
    """Return the commit of a change that has no other: all its lines are that one's."""
    out = git(root, "rev-list", "--parents", "--max-count=2", f"{base}..{head}")
    lines = [line.split() for line in out.decode("ascii").splitlines()]
    return lines[0][0] if len(lines) == 1 and lines[0][1:] == [base] else None


class NotTold(Exception):
    """git has no answer; why, in words."""


def _file(
    root: Path,
    base: str,
    head: str | None,
    path: str,
    numbers: Sequence[int],
    deadline: float,
    options: Sequence[str],
    content: bytes | None,
) -> dict[int, Origin]:
    seconds = deadline - monotonic()
    if seconds <= 0:
        raise NotTold(f"all files together took more than {MAX_SECONDS:.0f} seconds")
    revisions = [f"^{base}"] if head is None else [f"{base}..{head}"]
    wanted = set(numbers)
    given = [] if content is None else ["--contents=-"]
    options = [*options, *given, *line_ranges(numbers), *revisions]
    found = origins(root, path, options, seconds, content or b"")
    return {number: at for number, at in found.items() if number in wanted}


def origins(
    root: Path, path: str, options: Sequence[str], seconds: float, stdin: bytes = b""
) -> dict[int, Origin]:
    """Return where the lines of a file came into being: line number -> origin.

    options  of git blame, and revisions; lines of an excluded one are left out
    raises   NotTold where git fails; UsageError and EnvironmentFailure as `git.status`
    """
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
        raise NotTold(complaint(err))
    return parse_blame(out)


def grafts(root: Path) -> frozenset[str]:
    """Return the commits at which a shallow clone ends; lines older than them look like theirs."""
    if git(root, "rev-parse", "--is-shallow-repository").strip() != b"true":
        return frozenset()
    place = git(root, "rev-parse", "--git-path", "shallow").decode("utf-8", "surrogateescape")
    try:
        return frozenset((root / place.removesuffix("\n")).read_text("ascii").split())
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
    found: dict[int, Origin] = {}
    commit, number, final, boundary, path = "", 0, 0, False, ""
    for line in raw.split(b"\n"):
        if line.startswith(b"\t"):  # the line itself ends its record
            if not boundary and final:
                found[final] = Origin(commit, path, number)
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
    return found
