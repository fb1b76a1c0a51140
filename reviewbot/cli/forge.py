"""Reaching GitHub: the token, the address and the event come from the environment only."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.core.errors import UsageError
from reviewbot.core.target import Target, target_of
from reviewbot.settings import Settings

if TYPE_CHECKING:
    from reviewbot.forges.github.api import GitHubApi

MAX_EVENT = 25_000_000  # bytes; GitHub's own limit for a payload


def connect(settings: Settings, environ: Mapping[str, str], repository: str) -> "GitHubApi":
    """Return a repository on GitHub, or on the GitHub server that GITHUB_API_URL names.

    raises  UsageError without a token
    """
    from reviewbot.forges.github.api import API, GitHubApi
    from reviewbot.forges.github.calls import Calls

    token = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN")
    if not token:
        raise UsageError(
            "nothing was reviewed: there is no token", fix="set GITHUB_TOKEN in the environment"
        )
    url = environ.get("GITHUB_API_URL") or API
    return GitHubApi(token, repository, url=url, login=settings.bot_login, calls=Calls())


def asked_target(
    environ: Mapping[str, str], *, repository: str | None, number: int | None
) -> Target:
    """Return what the workflow's event is about, or the pull request that the user names.

    raises  UsageError where neither names anything
    """
    event: object = None
    place = environ.get("GITHUB_EVENT_PATH")
    if place and number is None:
        try:
            with Path(place).open("rb") as file:
                raw = file.read(MAX_EVENT + 1)
            event = json.loads(raw) if len(raw) <= MAX_EVENT else None
        except (OSError, ValueError, RecursionError) as exc:
            raise UsageError(
                "nothing was reviewed: the event of the workflow cannot be read",
                fix="run it in a workflow, or give --repository and --pr",
            ) from exc
    name = environ.get("GITHUB_EVENT_NAME", "")
    return target_of(name, event, repository or environ.get("GITHUB_REPOSITORY", ""), number)
