"""Writes several files into a repository: all of them, or none.

No file is overwritten, and no link is followed out of the repository. Each file appears whole,
because it is written under another name first.
"""

import contextlib
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reviewbot.errors import EnvironmentFailure, UsageError, os_fix


@dataclass(frozen=True, slots=True)
class FileWrite:
    """A file to write."""

    path: str  # below the top of the checkout, '/' separators
    data: bytes
    before: bytes | None = None  # what an edited file holds now; None: there must be no file


def require_place(top: Path, path: str) -> None:
    """Refuse a path that is taken, or leads out of the checkout.

    raises  UsageError
    """
    _require_inside(top, path)
    if os.path.lexists(top / path):
        raise UsageError(
            f"nothing was written: {path} exists already",
            fix="edit it by hand, or move it away first",
        )


def _require_inside(top: Path, path: str) -> None:
    at = top
    for part in path.split("/")[:-1]:
        at = at / part
        if not os.path.lexists(at):
            return
        if not at.resolve().is_relative_to(top.resolve()) or not at.is_dir():
            why = "is a link that leaves the repository" if at.is_symlink() else "is no directory"
            where = at.relative_to(top).as_posix()
            raise UsageError(f"nothing was written: {where} {why}", fix=f"make {where} a directory")


def write_together(top: Path, files: Sequence[FileWrite]) -> None:
    """Write all files, or none.

    raises  UsageError if a place is taken, or an edited file changed in the meantime;
            EnvironmentFailure if one cannot be written. Then the checkout is as it was
    """
    undo = contextlib.ExitStack()
    with undo, contextlib.ExitStack() as temporaries:  # a folder is removed when it is empty
        ready = []
        for file in files:
            target = top / file.path
            if file.before is None:
                require_place(top, file.path)
            try:
                _make_folders(target.parent, undo)
                ready.append((file, target, _written(target, file, temporaries)))
            except OSError as exc:
                raise _failed(file.path, exc) from exc
        # An edit comes last: a new file can be removed again, an old one not brought back.
        for file, target, temporary in sorted(ready, key=lambda item: item[0].before is not None):
            try:
                _put(file, target, temporary, undo)
            except OSError as exc:
                raise _failed(file.path, exc) from exc
        undo.pop_all()


def _make_folders(folder: Path, undo: contextlib.ExitStack) -> None:
    missing: Iterable[Path] = (at for at in (folder, *folder.parents) if not at.exists())
    for at in reversed(list(missing)):
        at.mkdir()
        undo.callback(_remove_empty, at)


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):  # another program has put a file there
        folder.rmdir()


def _written(target: Path, file: FileWrite, temporaries: contextlib.ExitStack) -> Path:
    """Write the bytes beside their place; the stack removes that file."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    with temporary.open("xb") as handle:
        temporaries.callback(temporary.unlink, missing_ok=True)
        handle.write(file.data)
        handle.flush()
        os.fsync(handle.fileno())
    if file.before is not None:
        shutil.copymode(target, temporary)
    return temporary


def _put(file: FileWrite, target: Path, temporary: Path, undo: contextlib.ExitStack) -> None:
    if file.before is None:
        os.link(temporary, target)  # a rename would overwrite
        undo.callback(target.unlink, missing_ok=True)
    elif target.is_symlink() or target.read_bytes() != file.before:
        raise UsageError(
            f"nothing was written: {file.path} was changed in the meantime", fix="run it again"
        )
    else:
        temporary.replace(target)


def _failed(path: str, exc: OSError) -> EnvironmentFailure:
    what = f"nothing was written: {path}: {exc.strerror or exc}"
    return EnvironmentFailure(what, fix=os_fix(exc, "give yourself write access to its directory"))
