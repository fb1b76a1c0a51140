"""What GitHub says of a pull request in the event that started a workflow; no call, no token."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reviewbot.authorship.history import PullRequest

MAX_BYTES = 25_000_000  # GitHub's own limit for a payload
MAX_TEXT = 65_536  # characters


def read_event(environ: Mapping[str, str]) -> tuple[object, str | None]:
    """Return the event that GITHUB_EVENT_PATH names, and why it could not be read, or None.

    No such variable: (None, None)
    """
    place = environ.get("GITHUB_EVENT_PATH")
    if not place:
        return None, None
    try:
        with Path(place).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            return None, "the event of the workflow was not read: it is too large"
        return json.loads(raw), None
    except (OSError, ValueError, RecursionError):
        return None, "the event of the workflow was not read: it is no JSON file"


def pull_request_of(environ: Mapping[str, str]) -> tuple[PullRequest | None, str | None]:
    """Return the pull request of the event, and what could not be read, or None.

    environ  GITHUB_EVENT_PATH names the event's file. No such variable, or an event without a pull
             request: (None, None)
    """
    event, unread = read_event(environ)
    found = event.get("pull_request") if isinstance(event, dict) else None
    return (_pull_request(found) if isinstance(found, dict) else None), unread


def _pull_request(value: Mapping[str, Any]) -> PullRequest:
    head, base, user = (_dict(value.get(name)) for name in ("head", "base", "user"))
    ours, theirs = _dict(base.get("repo")).get("full_name"), _dict(head.get("repo"))
    labels = value.get("labels")
    return PullRequest(
        branch=_text(head.get("ref")),
        author_login=_text(user.get("login")),
        author_is_bot=user.get("type") == "Bot",
        labels=tuple(
            _text(_dict(label).get("name"))
            for label in (labels[:100] if isinstance(labels, list) else ())
        ),
        body=_text(value.get("body")),
        # A fork that was deleted has no repository any more.
        from_fork=ours is None or theirs.get("full_name") != ours,
    )


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value[:MAX_TEXT] if isinstance(value, str) else ""
