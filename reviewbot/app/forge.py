"""Reaching GitHub: the token, the address and the event come from the environment only."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reviewbot.config.schema import Settings
from reviewbot.errors import UsageError
from reviewbot.github.events import Target, target_of

_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?(?:/[A-Za-z0-9._/-]*)?")

if TYPE_CHECKING:
    from reviewbot.github.client import GitHubApi


def connect(settings: Settings, environ: Mapping[str, str], repository: str) -> "GitHubApi":
    """Return a repository on GitHub, or on the GitHub server that GITHUB_API_URL names.

    raises  UsageError without a token
    """
    from reviewbot.github.client import API, GitHubApi
    from reviewbot.github.retry import Calls

    token = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN")
    if not token:
        raise UsageError(
            "nothing was reviewed: there is no token", fix="set GITHUB_TOKEN in the environment"
        )
    url = environ.get("GITHUB_API_URL") or API
    if not _URL.fullmatch(url):
        raise UsageError(
            f"nothing was reviewed: GITHUB_API_URL {url[:100]!r} is no address",
            fix="set it to https://HOST/api/v3, or leave it out",
        )
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise UsageError(
            "nothing was reviewed: the token holds what no token holds", fix="set GITHUB_TOKEN"
        )
    return GitHubApi(token, repository, url=url, login=settings.bot_login, calls=Calls())


def has_token(environ: Mapping[str, str]) -> bool:
    """Return True if there is a token to reach GitHub with."""
    return bool(environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN"))


def asked_target(
    environ: Mapping[str, str], *, repository: str | None, number: int | None
) -> Target:
    """Return what the workflow's event is about, or the pull request that the user names.

    raises  UsageError where neither names anything
    """
    from reviewbot.github.events import read_event

    event, unread = read_event(environ) if number is None else (None, None)
    if unread:
        raise UsageError(
            f"nothing was reviewed: {unread}",
            fix="run it in a workflow, or give --repository and --pr",
        )
    name = environ.get("GITHUB_EVENT_NAME", "")
    return target_of(name, event, repository or environ.get("GITHUB_REPOSITORY", ""), number)
