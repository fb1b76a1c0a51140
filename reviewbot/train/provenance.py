"""Where a line of the corpus comes from: a commit of one's own code."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reviewbot.diff.languages import language_of
from reviewbot.errors import UsageError
from reviewbot.git.files import REGULAR, entries_of
from reviewbot.git.process import status


@dataclass(frozen=True, slots=True)
class Origin:
    """The source that an exemplar names."""

    source: str
    revision: str
    licence: str  # "" for one's own code
    path: str


Origins = Callable[[str], Origin]  # of a path below the corpus directory


@dataclass(frozen=True, slots=True)
class Provenance:
    """The files of a directory that may be shown, and where they come from."""

    origin: Origins  # raises UsageError for a file of unknown origin
    names: frozenset[str] | None  # files that may be shown; None: all
    left_out: int  # source files that differ from the commit


def provenance(directory: Path) -> Provenance:
    """Return the origins of a git checkout's files.

    Only files that equal the commit byte for byte count: ignored or untracked files may be secret
    or from others, and an edited file is not in the commit.

    raises  UsageError where it is no checkout: code of unknown origin is not shown;
            EnvironmentFailure where git fails
    """
    code, out, _ = status(directory, "rev-parse", "--show-prefix", "HEAD")
    if code != 0:
        raise UsageError(
            f"{str(directory)!r} is no git checkout, nothing was read: an example needs path and "
            "commit",
            fix="name the top of a checkout as --corpus",
        )
    prefix, _, commit = os.fsdecode(out).removesuffix("\n").rpartition("\n")
    blobs = _blobs(directory, commit)
    present = [path for path in directory.rglob("*") if path.is_file() and not path.is_symlink()]
    sources = {name: path for path in present if language_of(name := _below(directory, path))}
    held = frozenset(name for name, path in sources.items() if _holds(blobs.get(name), path))
    source = directory.resolve().name
    return Provenance(
        lambda path: Origin(source, commit, "", prefix + path), held, len(sources) - len(held)
    )


def _below(directory: Path, path: Path) -> str:
    return path.relative_to(directory).as_posix()


def _blobs(directory: Path, commit: str) -> dict[str, str]:
    """Return the object of each regular file of a commit, by its path below a directory."""
    entries = entries_of(directory, commit)
    return {os.fsdecode(name): one.oid for name, one in entries.items() if one.mode in REGULAR}


def _holds(blob: str | None, path: Path) -> bool:
    """Return True if a file is the object `blob`. Computed here, because git would run filters."""
    if blob is None:
        return False
    data = path.read_bytes()
    # An object's name is its hash, SHA-256 in repositories that chose it.
    digest = hashlib.sha1 if len(blob) == 40 else hashlib.sha256
    return digest(b"blob %d\0" % len(data) + data).hexdigest() == blob
