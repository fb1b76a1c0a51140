"""Where our own templates lie: in the base branch, never in the working tree."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.app.inputs import settings_root
from reviewbot.config.schema import Settings
from reviewbot.errors import UsageError

if TYPE_CHECKING:
    from reviewbot.github.client import GitHubApi

MAX_TEMPLATE = 65_536  # bytes
ReadTemplate = Callable[[str], bytes | None] | None  # by file name; None: our own are not asked for


def _templates_place(settings: Settings, root: Path) -> str | None:
    """Return the directory of our own templates as the repository names it; None for none.

    By its name alone: the working tree may be a stranger's, and may hold links.
    raises  UsageError where it lies outside
    """
    if settings.templates is None:
        return None
    whole = os.path.normpath(root.absolute() / settings.templates)
    place = os.path.relpath(whole, os.path.normpath(root.absolute())).replace(os.sep, "/")
    if place == ".." or place.startswith("../"):
        raise UsageError(
            f"nothing was posted: templates: {settings.templates} is not in the repository",
            fix="name a directory of it",
        )
    return place


def committed_templates(folder: Path, settings: Settings, base: str) -> ReadTemplate:
    """Return what reads our own templates of the base branch; None where none are asked for."""
    from reviewbot.git.files import CommitFiles
    from reviewbot.git.repository import open_repository

    root = settings_root(folder, has_git=True)
    place = _templates_place(settings, root)

    def read(name: str) -> bytes | None:
        repo = open_repository(root, needs_worktree=False)
        return CommitFiles(repo.objects, base, MAX_TEMPLATE).read(f"{place}/{name}")

    return read if place else None


def remote_templates(api: "GitHubApi", folder: Path, settings: Settings, base: str) -> ReadTemplate:
    """Return the same, asked of GitHub."""
    place = _templates_place(settings, folder)
    return (lambda name: api.content(f"{place}/{name}", base, MAX_TEMPLATE)) if place else None
