"""Addresses of places in a repository on GitHub."""

import re
from urllib.parse import quote

from reviewbot.diff.paths import encode_path
from reviewbot.escape import valid
from reviewbot.report.findings import Finding
from reviewbot.report.model import ChangeInfo

_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def uri(path: str) -> str:
    """Return a path as part of an address: percent-encoded, so no text can end the address."""
    return quote(encode_path(valid(path)))


def line_link(change: ChangeInfo, place: Finding) -> str:
    """Return the address of a finding's lines in the head commit.

    It is "" where the repository is not known, or where the head is no commit.
    """
    if not change.repository or not _COMMIT.fullmatch(change.head):
        return ""
    to = "" if place.start == place.end else f"-L{place.end}"
    return f"{change.repository}/blob/{change.head}/{uri(place.path)}#L{place.start}{to}"
