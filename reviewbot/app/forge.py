"""GitHub as the environment names it: token, address and event come from nowhere else."""

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

    token = _token(environ)
    if not token:
        raise UsageError(
            "nothing was reviewed: there is no token", fix="set GITHUB_TOKEN in the environment"
        )
    url = environ.get("GITHUB_API_URL") or API
    if not _URL.fullmatch(url):
        raise UsageError(
            f"nothing was reviewed: GITHUB_API_URL {url[:100]!r} is not a URL",
            fix="set it to https://HOST/api/v3, or unset it",
        )
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise UsageError(
            "nothing was reviewed: GITHUB_TOKEN contains whitespace or non-ASCII characters",
            fix="set GITHUB_TOKEN to the token alone",
        )
    return GitHubApi(token, repository, url=url, login=settings.bot_login, calls=Calls())


def has_token(environ: Mapping[str, str]) -> bool:
    """Return True if there is a token to reach GitHub with."""
    return bool(_token(environ))


def _token(environ: Mapping[str, str]) -> str | None:
    return environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN")


def target_in(environ: Mapping[str, str], *, repository: str | None, number: int | None) -> Target:
    """Return what the workflow's event is about, or the pull request that the user names.

    raises  UsageError if neither names anything
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


def number_of(api: "GitHubApi", target: Target) -> int:
    """Return the number of the pull request that a target means; the API confirms it."""
    if target.number is not None:
        return target.number
    if not (target.head_owner and target.head_branch and target.head):
        raise UsageError("nothing was reviewed: the event names no pull request", fix="give --pr")
    return api.pull_of(target.head_owner, target.head_branch, target.head)
