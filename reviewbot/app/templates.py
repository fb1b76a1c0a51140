"""The user's own comment templates: from the base branch, never from the working tree."""

import os
from collections.abc import Callable
from pathlib import Path

from reviewbot.config.schema import Settings
from reviewbot.errors import UsageError

MAX_TEMPLATE = 65_536  # bytes
ReadTemplate = Callable[[str], bytes | None]  # by file name


def own_templates(settings: Settings, root: Path, read: ReadTemplate) -> ReadTemplate | None:
    """Return a function that reads a template of the user's; None without such a setting.

    root    of the repository. Only names count: its working tree may be untrusted and hold links
    read    reads a file of the base branch by its path in the repository
    raises  UsageError if the directory is outside the repository
    """
    if settings.templates is None:
        return None
    top = os.path.normpath(root.absolute())
    folder = os.path.relpath(os.path.normpath(Path(top) / settings.templates), top)
    folder = folder.replace(os.sep, "/")
    if folder == ".." or folder.startswith("../"):
        raise UsageError(
            f"nothing was posted: templates: {settings.templates} is not in the repository",
            fix="name a directory of it",
        )
    return lambda name: read(f"{folder}/{name}")


def committed_file(root: Path, commit: str, path: str) -> bytes | None:
    """Return a file of a commit, up to the bound of a template; None if there is none."""
    from reviewbot.git.files import CommitFiles
    from reviewbot.git.repository import open_repository

    repo = open_repository(root, needs_worktree=False)
    return CommitFiles(repo.objects, commit, MAX_TEMPLATE).read(path)


def template_in(folder: Path, name: str) -> bytes | None:
    """Return a template from a directory on disk; None if there is none."""
    path = folder / name
    return path.read_bytes()[:MAX_TEMPLATE] if path.is_file() else None
