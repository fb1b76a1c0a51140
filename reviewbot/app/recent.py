"""How risky this repository's own recent lines are: where that is kept, and how it is found."""

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
    from reviewbot.git.repository import Repository
    from reviewbot.git.request import ChangeRequest
    from reviewbot.scoring.artifact import Artifact

MAX_BYTES = 1_000_000
MAKE = "make it again: reviewbot recent"


def kept_recent(settings: Settings, repo: "Repository", artifact: "Artifact") -> Path:
    """Return where the risks of a repository's recent lines are kept, by this artifact."""
    from reviewbot.git.recent_commits import repository_id

    name = hashlib.sha256(f"{repository_id(repo)} {artifact.info.sha256}".encode()).hexdigest()
    return _folder(settings) / f"{name}.json"


def recent_for(
    settings: Settings, request: "ChangeRequest | None", artifact: "Artifact"
) -> Recent | None:
    """Return what the lines of a change are compared with at home; None where nothing is kept.

    request  the change, in its repository; None where there is none
    raises  UsageError where the setting names a file that cannot be used
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
        path = kept_recent(settings, request.repo, artifact)
        return _checked(path.read_bytes(), path.name, artifact) if path.is_file() else None
    except (ReviewbotError, OSError) as exc:  # what is only shown must not stop a check
        say(f"recent lines of this repository are not compared with: {str(exc).splitlines()[0]}")
        return None


def _checked(raw: bytes, name: str, artifact: "Artifact") -> Recent:
    try:
        recent = recent_from_json(raw[: MAX_BYTES + 1])
    except ValueError as exc:
        raise UsageError(f"nothing was scored: {name} cannot be used: {exc}", fix=MAKE) from exc
    if recent.artifact != artifact.info.sha256:
        raise UsageError(
            f"nothing was scored: {name} was made by another artifact than "
            f"{artifact.info.name!r} of this version",
            fix=MAKE,
        )
    return recent


def _folder(settings: Settings) -> Path:
    from reviewbot.models.cache import cache_dir

    given = Path(settings.cache_dir).expanduser() if settings.cache_dir else None
    return cache_dir(given, os.environ) / "recent"
