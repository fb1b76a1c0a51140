"""Risks of the repository's own recent lines: where they are stored, and how they are read."""

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.app.files import read_regular
from reviewbot.app.progress import say
from reviewbot.config.schema import Settings
from reviewbot.errors import ReviewbotError, UsageError, did_you_mean
from reviewbot.scoring.recent_risks import Recent, recent_from_json

if TYPE_CHECKING:
    from reviewbot.git.changes import ChangeRequest
    from reviewbot.git.repository import Repository
    from reviewbot.scoring.artifact import Artifact

MAX_BYTES = 1_000_000


def recent_path(settings: Settings, repo: "Repository", artifact: "Artifact") -> Path:
    """Return where the risks of a repository's recent lines, by this artifact, are stored."""
    from reviewbot.git.recent_commits import repository_id

    name = hashlib.sha256(f"{repository_id(repo)} {artifact.info.sha256}".encode()).hexdigest()
    return _folder(settings) / f"{name}.json"


def recent_for(
    settings: Settings, request: "ChangeRequest | None", artifact: "Artifact"
) -> Recent | None:
    """Return the recent lines to compare a change with; None without any.

    request  the change, if it is in a repository
    raises   UsageError if the setting names a file that cannot be used
    """
    if settings.recent == "off":
        return None
    if settings.recent != "auto":
        if not Path(settings.recent).exists():
            raise UsageError(
                f"nothing was scored: there is no file {settings.recent[:200]!r} of recent lines",
                fix=f"{did_you_mean(settings.recent, ('auto', 'off'))}give auto, off, or a file"
                " that `reviewbot recent --output FILE` has written",
            )
        raw = read_regular(settings.recent, MAX_BYTES, doing="nothing was scored", what="risks")
        return _checked(raw, settings.recent, artifact)
    if request is None or not _folder(settings).is_dir():
        return None
    try:
        path = recent_path(settings, request.repo, artifact)
        return _checked(path.read_bytes(), path.name, artifact) if path.is_file() else None
    except (ReviewbotError, OSError) as exc:  # a comparison must not stop a check
        say(f"not compared with recent lines of this repository: {str(exc).splitlines()[0]}")
        return None


def _checked(raw: bytes, name: str, artifact: "Artifact") -> Recent:
    try:
        recent = recent_from_json(raw[: MAX_BYTES + 1])
        if recent.artifact != artifact.info.sha256:
            raise ValueError(
                f"it was made by another artifact than {artifact.info.name!r} of this version"
            )
    except ValueError as exc:
        raise UsageError(
            f"nothing was scored: {name} cannot be used: {exc}",
            fix="make it again: reviewbot recent",
        ) from exc
    return recent


def _folder(settings: Settings) -> Path:
    from reviewbot.models.cache import cache_dir

    given = Path(settings.cache_dir) if settings.cache_dir else None
    return cache_dir(given, os.environ) / "recent"
