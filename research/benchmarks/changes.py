"""The named changes: real code that every machine with Python has, as git repositories.

The code is the standard library of the running interpreter, so no network is needed; what it says
depends on Python's version, so every result names the version and a hash of the change.
"""

import hashlib
import os
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reviewbot.encoders.spans import split_lines

PIECE = 60  # lines that a file gains in one place, at most
SIZES = range(200, 801)  # lines of the files that are taken
NOT_CODE = ("test", "tests", "idlelib", "lib2to3", "encodings", "site-packages", "dist-packages")
Texts = Mapping[str, tuple[str, str]]  # path -> text of the base, text of the head


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
    """Make a git repository whose last commit is the change; commits are named alike everywhere.

    raises  subprocess.CalledProcessError where git cannot
    """
    fixed = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for who in ("AUTHOR", "COMMITTER"):
        fixed |= {f"GIT_{who}_NAME": "benchmark", f"GIT_{who}_EMAIL": "benchmark@localhost"}
        fixed |= {f"GIT_{who}_DATE": "2024-01-01T00:00:00Z"}
    for side, message in enumerate(("The code before", "Add what was missing")):
        for path, texts in change.items():
            (where / path).parent.mkdir(parents=True, exist_ok=True)
            (where / path).write_bytes(texts[side].encode())
        for args in (("init", "-q"), ("add", "-A"), ("commit", "-qm", message)):
            subprocess.run(["git", *args], cwd=where, check=True, env=os.environ | fixed)
