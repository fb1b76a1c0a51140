"""Agent Trace files: what a change adds to them, or what lies in the working tree.

For commits, the records that count are those that the change brings along: its diff holds them.
What is not committed yet has its records on disk, perhaps in files that git ignores.
"""

import os
import stat
from pathlib import Path

from filelock import FileLock, Timeout

from reviewbot.core.change import Change
from reviewbot.core.errors import EnvironmentFailure, UsageError
from reviewbot.core.history import TraceFile

FOLDER = ".agent-trace"
RECORDS = "traces.jsonl"  # where the reference writer puts them
SUFFIXES = (".jsonl", ".json")
MAX_BYTES = 16_000_000  # of all files together, newest records first
MOST_FILES = 1_000
LOCK_SECONDS = 10.0


def added_traces(change: Change) -> tuple[TraceFile, ...]:
    """Return the records that a change adds, by file; of too many the last."""
    found = []
    left = MAX_BYTES
    for file in change.files:
        if not file.path.startswith(f"{FOLDER}/") or not file.path.endswith(SUFFIXES):
            continue
        parts: list[bytes] = []
        whole = True
        for line in reversed(file.added):
            part = line.text.encode("utf-8", "surrogatepass")
            left -= len(part) + 1
            if left < 0:
                whole = False
                break
            parts.append(part)
        found.append(TraceFile(file.path, b"\n".join(reversed(parts)), whole))
    return tuple(found)


def traces_on_disk(root: Path) -> tuple[TraceFile, ...]:
    """Return the records below `root`; of a large file its end, where the newest stand.

    No link is followed, and nothing but a regular file is opened: a stranger may have laid them.
    """
    folder = root / FOLDER
    if folder.is_symlink() or not folder.is_dir():
        return ()
    found = []
    left = MAX_BYTES
    for path in _files(folder):
        content, whole = _tail(path, max(left, 0))
        left -= len(content)
        name = path.relative_to(root).as_posix()
        found.append(TraceFile(name.encode("utf-8", "replace").decode(), content, whole))
    return tuple(found)


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        found += [Path(place) / name for name in sorted(names) if name.endswith(SUFFIXES)]
        if len(found) >= MOST_FILES:
            break
    return found[:MOST_FILES]


def _tail(path: Path, limit: int) -> tuple[bytes, bool]:
    """Return the end of a file from a line's start on, and whether that is all of it."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except OSError:
        return b"", False
    with open(handle, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            return b"", False
        if facts.st_size <= limit:
            return file.read(limit), True
        file.seek(facts.st_size - limit)
        return file.read(limit).partition(b"\n")[2], False


def append_trace(root: Path, line: str) -> Path:
    """Append a record to `.agent-trace/traces.jsonl`; whole or not at all. Returns the file.

    raises  UsageError where a link stands in the way: a stranger's repository could send the record
            anywhere; EnvironmentFailure if it cannot be written
    """
    folder, path = root / FOLDER, root / FOLDER / RECORDS
    doing = f"nothing was recorded: {FOLDER}/{RECORDS}"
    if folder.is_symlink() or path.is_symlink() or (path.exists() and not path.is_file()):
        raise UsageError(f"{doing} is a link or no file", fix="remove it and try again")
    try:
        folder.mkdir(exist_ok=True)
        with FileLock(folder / ".lock", timeout=LOCK_SECONDS), path.open("ab+") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - 1, 0))
            gap = b"" if file.read(1) in (b"", b"\n") else b"\n"
            try:
                file.write(gap + line.encode() + b"\n")
                file.flush()
            except OSError:
                file.truncate(size)
                raise
        return path
    except Timeout as exc:
        raise EnvironmentFailure(f"{doing} is locked", fix="try again in a moment") from exc
    except OSError as exc:
        raise EnvironmentFailure(
            f"{doing}: {exc.strerror}", fix="make it writable, or free some space"
        ) from exc
