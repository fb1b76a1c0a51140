"""Which commit of a change added each line, from the log and `git blame` inside base..head.

`-w -M` looks through re-indenting and moving within a file: a line keeps its author when somebody
moves it. A plain blame beside it tells which commit put the line where it is: the only answer where
the line is otherwise the base's, and a second one where the two differ.
"""

import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from time import monotonic

from reviewbot.authorship.model import UNCOMMITTED, Origin
from reviewbot.diff.paths import encode_path, parse_path
from reviewbot.errors import ReviewbotError
from reviewbot.git.log import Blamed
from reviewbot.git.process import complaint, status

MAX_OUTPUT = 64_000_000  # bytes, of one file
MAX_SECONDS = 60.0  # for all files together
MAX_RANGES = 200  # given to git for one file; above, it reads the whole file
_HEADER = re.compile(rb"([0-9a-f]{40,64}) (\d+) (\d+)(?: \d+)?")
# The change could write the file of commits to ignore; an empty name forgets earlier files.
# --root: a commit without parents is a commit of the change, not its boundary.
_PLAIN = ("blame", "--root", "--line-porcelain", "--no-textconv", "--ignore-revs-file=")


def blame(
    root: Path,
    added: Mapping[str, Sequence[int]],
    revisions: Sequence[str],
    contents: Mapping[str, bytes],
) -> Blamed:
    """Ask git which commits added these lines, by path.

    revisions  of git blame: lines of an excluded one are left out
    contents   head files of the working tree that blame must not look for there
    """
    deadline = monotonic() + MAX_SECONDS

    def ask(path: str) -> tuple[dict[int, Origin], dict[int, Origin]] | str:
        numbers = set(added[path])
        given = ["--contents=-"] if path in contents else []
        options = [*given, *line_ranges(added[path]), *revisions]
        stdin = contents.get(path, b"")
        try:
            through, plain = (
                {n: at for n, at in origins.items() if n in numbers}
                for origins in (
                    _file(root, path, ["-w", "-M", *options], deadline, stdin),
                    _file(root, path, options, deadline, stdin),
                )
            )
        except BlameFailure as exc:
            return str(exc)
        except ReviewbotError as exc:
            return exc.what.removeprefix("nothing was scored: ")
        both = plain.keys() & through.keys()
        placed = {n: plain[n] for n in both if plain[n].commit != through[n].commit}
        return plain | through, placed

    answers = Blamed({}, {}, {})
    with ThreadPoolExecutor(max_workers=2 * (os.cpu_count() or 1)) as pool:
        for path, answer in zip(added, pool.map(ask, added), strict=True):
            if isinstance(answer, str):
                answers.lost[path] = (
                    f"git blame of {path} failed, so its authors are not known: {answer}"
                )
            else:
                answers.origins[path], answers.placed[path] = answer
    return answers


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
