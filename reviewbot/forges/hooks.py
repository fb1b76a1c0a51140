"""The hook files of a repository: where they lie, whose they are, writing and removing ours.

A file of somebody else is never touched, nor one of ours that somebody has edited: the second line
holds the hash of all that follows.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from reviewbot.core.errors import EnvironmentFailure, UsageError
from reviewbot.forges.git import explain, git, status

KINDS = ("pre-push", "pre-commit")
MOST_BYTES = 1_000_000  # of a hook that is looked at; a larger one is not ours
_SHEBANG = b"#!/bin/sh\n"
_MARK = b"# reviewbot hook 1, "


class Owner(Enum):
    """Whose the file at a hook's place is."""

    NOBODY = "nobody"  # there is none
    OURS = "ours"
    EDITED = "edited"  # ours, and changed since
    OTHER = "other"  # also a link, a directory, and what cannot be read


@dataclass(frozen=True, slots=True)
class Folder:
    """Where git looks for hooks."""

    path: Path
    shared: bool = False  # it is in the user's or the system's configuration: for all repositories


def folder_of_hooks(top: Path) -> Folder:
    """Return where git looks for the hooks of a repository, by its own rules.

    raises  UsageError where core.hooksPath is empty, or there is no repository
    """
    command = ("config", "--show-scope", "-z", "--type=path", "--get-all", "core.hooksPath")
    code, out, err = status(top, *command)
    if code not in (0, 1):
        raise explain(top, "config", code, err)
    fields = out.split(b"\0")
    # Every git command of ours runs with an own core.hooksPath: that is the scope "command".
    given = [
        pair for pair in zip(fields[0::2], fields[1::2], strict=False) if pair[0] != b"command"
    ]
    if given:
        scope, place = given[-1]
        if not place:
            raise UsageError(
                "no hook was touched: core.hooksPath is empty",
                fix="git config --unset core.hooksPath",
            )
        return Folder(top / os.fsdecode(place), scope in (b"system", b"global"))
    common = git(top, "rev-parse", "--git-common-dir").removesuffix(b"\n")
    return Folder(top / os.fsdecode(common) / "hooks")


def sealed(body: str) -> bytes:
    """Return the whole file for the lines of a script: a shell, our mark, the lines."""
    data = os.fsencode(body)
    return _SHEBANG + _MARK + hashlib.sha256(data).hexdigest().encode() + b"\n" + data


def owner(path: Path) -> Owner:
    """Say whose the file is."""
    try:
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            return Owner.OTHER
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return Owner.NOBODY
    except OSError:
        return Owner.OTHER
    head, _, body = data.removeprefix(_SHEBANG).partition(b"\n")
    if not data.startswith(_SHEBANG + _MARK) or len(data) > MOST_BYTES:
        return Owner.OTHER
    whole = head.removeprefix(_MARK) == hashlib.sha256(body).hexdigest().encode()
    return Owner.OURS if whole else Owner.EDITED


def write_hook(path: Path, data: bytes) -> None:
    """Write an executable file, whole or not at all, in the place of nobody's or of ours.

    raises  EnvironmentFailure if it cannot be written; FileExistsError where one came in between
    """
    if path.parent.exists() and not path.parent.is_dir():
        raise EnvironmentFailure(
            f"{path} was not written: {path.parent} is no directory, so that git runs no hooks",
            fix="`git config --show-origin core.hooksPath` tells where that is set; unset it there",
        )
    with _explained(path, "was not written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o755)
            if owner(path) is Owner.OURS:
                temporary.replace(path)
            else:
                _move(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def remove_hook(path: Path) -> None:
    """Remove our file. raises EnvironmentFailure if it cannot be removed"""
    with _explained(path, "was not removed"):
        path.unlink()


def _move(source: Path, target: Path) -> None:
    """Give a file its name, unless that is taken: a rename would overwrite."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(target):
            raise FileExistsError(target) from None
        source.replace(target)


@contextlib.contextmanager
def _explained(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        if isinstance(exc, FileExistsError) and exc.filename2 == str(path):
            raise
        raise EnvironmentFailure(
            f"{path} {what}: {exc.strerror or exc}", fix="give yourself write access to its folder"
        ) from exc
