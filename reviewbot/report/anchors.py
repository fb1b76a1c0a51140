"""Where a comment can go: GitHub accepts lines of the 3-context diff only, a range in one hunk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reviewbot.diff.model import Change
from reviewbot.report.findings import Finding


class Shown(NamedTuple):
    """Lines of the head file that one hunk shows, added and context; both ends inclusive."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Anchor:
    """Lines of the head version (side RIGHT) that a comment is attached to."""

    path: str
    line: int  # the last one
    start_line: int | None  # the first one; None for a single line


def shown(change: Change) -> dict[str, tuple[Shown, ...]]:
    """Return for each path the head lines that the hunks of a diff show."""
    return {
        file.path: tuple(
            Shown(hunk.head_start, hunk.head_start + hunk.head_count - 1)
            for hunk in file.hunks
            if hunk.head_count
        )
        for file in change.files
    }


def anchor(finding: Finding, hunks: Mapping[str, Sequence[Shown]]) -> Anchor | None:
    """Return where the comment on a finding goes; None if the diff does not show its riskiest line.

    The range is cut to the hunk of that line.
    """
    worst = finding.worst.line.number
    hunk = next((h for h in hunks.get(finding.path, ()) if h.first <= worst <= h.last), None)
    if hunk is None:
        return None
    first, last = max(finding.start, hunk.first), min(finding.end, hunk.last)
    return Anchor(finding.path, last, first if first < last else None)
