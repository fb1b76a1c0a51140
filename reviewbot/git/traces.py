"""Agent Trace files: records that a change adds, or those in the working tree.

For commits, the records that count are those that the change brings along: its diff holds them.
What is not committed yet has its records on disk, perhaps in files that git ignores.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path

from reviewbot.authorship.model import TraceFile
from reviewbot.diff.model import Change, Entry, FileChange, FileKind

FOLDER = ".agent-trace"
SUFFIXES = (".jsonl", ".json")
MAX_BYTES = 16_000_000  # of all files together, newest records first
MAX_FILES = 1_000
NEWEST = "too large, only its newest part was read"
NOT_A_FILE = "not read, because it is no regular file, or a link"


def added_traces(change: Change, read: Callable[[str], bytes | None]) -> tuple[TraceFile, ...]:
    """Return the records that a change adds, by file; of too many the last.

    read  gives a head file: what is no list of lines, or what git shows no lines of, is read whole
    """
    traces = []
    left = MAX_BYTES
    for file in change.files:
        named = file.path.startswith(f"{FOLDER}/") and file.path.endswith(SUFFIXES)
        if file.kind is FileKind.DELETED or not (named or file.path == FOLDER):
            continue
        if not named or file.entry in (Entry.SYMLINK, Entry.SUBMODULE):
            traces.append(TraceFile(file.path, b"", NOT_A_FILE))
            continue
        if file.entry is Entry.TEXT and file.path.endswith(".jsonl"):
            content, whole = _added(file, left)
        else:
            content = read(file.path) or b""
            whole = 0 < len(content) <= left
            content = content[:left]
        left -= len(content)
        traces.append(TraceFile(file.path, content, "" if whole else NEWEST))
    return tuple(traces)


def _added(file: FileChange, limit: int) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    for line in reversed(file.added):
        part = line.text.encode("utf-8", "surrogatepass")
        limit -= len(part) + 1
        if limit < 0:
            return b"\n".join(reversed(parts)), False
        parts.append(part)
    return b"\n".join(reversed(parts)), True


def traces_on_disk(root: Path) -> tuple[TraceFile, ...]:
    """Return the records below `root`; of a large file its end, with the newest.

    No link is followed, and only regular files are opened: the folder is untrusted.
    """
    folder = root / FOLDER
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        return (TraceFile(FOLDER, b"", NOT_A_FILE),)
    if not folder.is_dir():
        return ()
    traces = []
    left = MAX_BYTES
    paths = _files(folder)
    for path in paths[:MAX_FILES]:
        content, missing = _tail(path, max(left, 0))
        left -= len(content)
        name = path.relative_to(root).as_posix()
        traces.append(TraceFile(name.encode("utf-8", "replace").decode(), content, missing))
    if len(paths) > MAX_FILES:
        traces.append(TraceFile(FOLDER, b"", f"only {MAX_FILES} of its files were read"))
    return tuple(traces)


def _files(folder: Path) -> list[Path]:
    paths: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        paths += [Path(place) / name for name in sorted(names) if name.endswith(SUFFIXES)]
        if len(paths) > MAX_FILES:
            break
    return paths


def _tail(path: Path, limit: int) -> tuple[bytes, str]:
    """Return the end of a file from a line's start on, and what is missing, in words."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except OSError:
        return b"", NOT_A_FILE
    with open(handle, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            return b"", NOT_A_FILE
        if facts.st_size <= limit:
            return file.read(limit), ""
        file.seek(facts.st_size - limit)
        return file.read(limit).partition(b"\n")[2], NEWEST
