"""Addresses of places in a repository on a forge. A path is untrusted: its address is ASCII."""

import re
from urllib.parse import quote

from reviewbot.diff.paths import encode_path
from reviewbot.escape import valid
from reviewbot.report.findings import Finding
from reviewbot.report.model import ChangeInfo

MAX_CHARS = 1_000  # of an address
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
    return line_url(change.repository, change.head, place.path, place.start, place.end)


def line_url(web: str, commit: str, path: str, start: int, end: int) -> str:
    """Return the address of lines in a commit, such as "https://host/o/r/blob/COMMIT/a.py#L12-L15".

    web      the repository's page, or "" if it is not known
    start    1-based, as `end`; both included
    returns  "" without a page, and for a path that a browser would read as another one
    """
    if not web or any(part in ("", ".", "..") for part in path.split("/")):
        return ""
    lines = f"L{start}" if start == end else f"L{start}-L{end}"
    url = f"{web}/blob/{commit}/{uri(path)}#{lines}"
    return url if len(url) <= MAX_CHARS else ""
