"""The named changes: real code that every machine with Python has, as git repositories.

The code is the standard library of the running interpreter, so no network is needed; what it says
depends on Python's version, so every result names the version and a hash of the change.
"""

import hashlib
import os
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reviewbot.encoders.spans import split_lines

PIECE = 60  # lines that a file gains in one place, at most
SIZES = range(200, 801)  # lines of the files that are taken
MESSAGES = ("The code before", "Add what was missing", "Change what was said")
NOT_CODE = ("test", "tests", "idlelib", "lib2to3", "encodings", "site-packages", "dist-packages")
PUSHED = 20  # added lines that the second push changes
Texts = Mapping[str, Sequence[str]]  # path -> its text in each commit, the base first
# As git names them where `write_repository` wrote `with_push(...)`.
FIRST, SECOND = "HEAD~2..HEAD~1", "HEAD~2..HEAD"


@dataclass(frozen=True, slots=True)
class Size:
    """How much a change adds."""

    lines: int
    files: int


CHANGES = {"small": Size(50, 2), "medium": Size(500, 10), "large": Size(5_000, 60)}


def planned(files: Mapping[str, str], size: Size) -> dict[str, tuple[str, str]]:
    """Return a change that adds exactly `size.lines` lines to the first `size.files` by name.

    files   path -> text of the head; only a file at least twice as long as its share is taken
    raises  ValueError where the files are too few

    Each file gains its share in pieces of at most `PIECE` lines that are spread evenly over it.
    """
    least, more = divmod(size.lines, size.files)
    change: dict[str, tuple[str, str]] = {}
    for path, text in sorted(files.items()):
        share = least + (len(change) < more)
        if len(change) == size.files:
            break
        if len(split_lines(text)) >= 2 * share and text.endswith("\n"):
            change[path] = (_without(split_lines(text), share), text)
    if len(change) < size.files:
        raise ValueError(f"only {len(change)} files are long enough for a change of {size.files}")
    return change


def with_push(change: Texts) -> dict[str, tuple[str, str, str]]:
    """Add a third commit that changes `PUSHED` of the added lines, spread evenly over all.

    Each gets a comment at its end. Every file has some, so every window is read again in part.
    """
    added = [
        (path, at)
        for path, (base, head) in change.items()
        for at, line in _added(split_lines(base), split_lines(head))
        if line.strip()
    ]
    edited = {added[n * len(added) // PUSHED] for n in range(PUSHED)}
    return {
        path: (
            base,
            head,
            "".join(
                f"{line}  # again\n" if (path, at) in edited else f"{line}\n"
                for at, line in enumerate(split_lines(head))
            ),
        )
        for path, (base, head) in change.items()
    }


def _added(base: Sequence[str], head: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines of the head that the base, which only lacks lines, has not: index, text."""
    left = iter([*base, None])
    expected = next(left)
    for at, line in enumerate(head):
        if line == expected:
            expected = next(left)
        else:
            yield at, line


def _without(lines: list[str], share: int) -> str:
    pieces = -(-share // PIECE)
    gone: set[int] = set()
    for piece in range(pieces):
        length = share // pieces + (piece < share % pieces)
        start = (piece + 1) * len(lines) // (pieces + 1) - length // 2
        gone |= set(range(start, start + length))
    return "".join(f"{line}\n" for at, line in enumerate(lines) if at not in gone)


def standard_library(root: Path | None = None) -> dict[str, str]:
    """Read the modules of the standard library that are neither short nor long: path -> text."""
    where = root or Path(sysconfig.get_path("stdlib"))
    return dict(_modules(where))


def _modules(root: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root)
        if not set(NOT_CODE) & set(name.parts):
            try:
                text = path.read_bytes().decode("utf-8")
            except UnicodeDecodeError:  # a few files are in Latin-1
                continue
            if len(split_lines(text)) in SIZES:
                yield name.as_posix(), text


def content_hash(change: Texts) -> str:
    """Name a change by what it says, in hex digits."""
    digest = hashlib.sha256()
    for path, texts in sorted(change.items()):
        for part in (path, *texts):
            digest.update(f"{len(part)}\n{part}".encode())
    return digest.hexdigest()


def write_repository(where: Path, change: Texts) -> None:
    """Make a git repository with a commit per text; commits are named alike everywhere.

    raises  subprocess.CalledProcessError where git cannot
    """
    fixed = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for who in ("AUTHOR", "COMMITTER"):
        fixed |= {f"GIT_{who}_NAME": "benchmark", f"GIT_{who}_EMAIL": "benchmark@localhost"}
        fixed |= {f"GIT_{who}_DATE": "2024-01-01T00:00:00Z"}
    for message, *texts in zip(MESSAGES, *change.values(), strict=False):
        for path, text in zip(change, texts, strict=True):
            (where / path).parent.mkdir(parents=True, exist_ok=True)
            (where / path).write_bytes(text.encode())
        for args in (("init", "-q"), ("add", "-A"), ("commit", "-qm", message)):
            subprocess.run(["git", *args], cwd=where, check=True, env=os.environ | fixed)
