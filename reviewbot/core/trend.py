"""What a trend is made of: reports without their code, and what became of their findings.

A report holds no time, so its day comes from elsewhere; `core.weeks` counts by it.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from reviewbot.core.authors import Attribution, Author
from reviewbot.core.findings import LineScore, Standing
from reviewbot.core.gate import Status
from reviewbot.core.report import Report
from reviewbot.core.review import finding_id

_DAY = re.compile(r"([0-9]{4})(?:-?)([0-9]{2})(?:-?)([0-9]{2})(?=T|[^0-9A-Za-z]|$)")


class Fate(StrEnum):
    """What became of a finding; of many nobody knows, and of young ones git does not say."""

    FIXED = "fixed"  # a later fix changed one of its lines
    FINE = "fine"  # nothing was wrong with it, as far as is known


class Place(NamedTuple):
    """A finding by what its report says of it."""

    head: str
    path: str
    fingerprint: str


Name = Place | str  # a finding by its place, or by the 20 digits of `review.finding_id`


@dataclass(frozen=True, slots=True)
class Records:
    """What people and programs have written down beside the reports."""

    days: Mapping[str, date]  # by the report's file name
    acks: tuple[Name, ...]
    fates: tuple[tuple[Name, Fate], ...]  # of several about a finding the last counts


class Ruler(NamedTuple):
    """What a report was measured with: figures by different rulers do not compare.

    Whether a block was informational is no part of it: it changes no verdict, only the exit code.
    """

    model: str
    layer: int
    artifact: str
    artifact_sha256: str
    max_risk: str  # in digits, so that "not finite" compares equal to itself
    limits: tuple[str, ...]  # other limits, by path or author
    show_above: str
    scope: str
    gate_scope: str
    max_lines_over: int
    min_lines: int
    min_coverage: str  # in digits


class Flagged(NamedTuple):
    """A finding without its code."""

    place: Place
    id: str
    numbers: tuple[int, ...]  # of its risky lines, in the head file


@dataclass(frozen=True, slots=True)
class Digest:
    """A report without its code: what is counted of it."""

    file: str  # its path below the directory of reports
    identity: str  # reports that have the same one are one report
    base: str | None
    head: str
    ruler: Ruler
    added: int
    scored: int
    unread: int  # lines that should have been read and were not
    over: int  # scored lines above the report's own limit, that the gate counted
    not_counted: int  # above it, too: acknowledged, or of authors outside the gate's scope
    authors: Mapping[Author, int]  # added lines
    status: Status
    findings: tuple[Flagged, ...]


def digest(
    report: Report, file: str, sha256: str, limit: Callable[[str, Attribution], float]
) -> Digest:
    """Count what a report says.

    file    its path, for the reader
    sha256  of its bytes: two files with the same bytes are one report, whatever their head
    limit   the risk above which a line counts, by path and author; asked only where an older report
            does not say where its lines stand: of these all above it count
    """
    lines = [(file.path, line) for file in report.files for line in file.lines]
    stand = Counter(
        line.standing or _standing(line.outcome, limit(path, line.author))
        for path, line in lines
        if isinstance(line.outcome, LineScore)
    )
    change, ledger = report.change, report.ledger
    return Digest(
        file=file,
        identity=change.head if is_commit(change.head) else sha256,
        base=change.base,
        head=change.head,
        ruler=Ruler(
            report.model.name,
            report.model.layer,
            report.artifact.name,
            report.artifact.sha256,
            f"{report.policy.max_risk:.6g}",
            report.policy.max_risk_for,
            f"{report.show_above:.6g}",
            report.policy.scope.value,
            report.policy.gate_scope.value,
            int(report.policy.max_lines_over),  # 1.0 is an integer in JSON
            int(report.policy.min_lines),
            f"{report.policy.min_coverage:.6g}",
        ),
        added=ledger.added,
        scored=ledger.scored,
        unread=ledger.failed + ledger.unread,
        over=stand[Standing.ABOVE],
        not_counted=stand[Standing.NOT_COUNTED],
        authors=Counter(line.author.kind for _, line in lines),
        status=report.verdict.status,
        findings=tuple(
            Flagged(
                Place(change.head, found.path, found.fingerprint),
                finding_id(change.head, found),
                tuple(score.line.number for score in found.lines),
            )
            for found in report.findings
        ),
    )


def _standing(score: LineScore, limit: float) -> Standing:
    return Standing.BELOW if score.risk <= limit else Standing.ABOVE  # NaN is above, as in the gate


def is_commit(head: str) -> bool:
    """Tell whether the head of a report is a commit: not "index", "worktree" or "files"."""
    return len(head) in (40, 64) and not set(head) - set("0123456789abcdef")


def day_in_name(file: str) -> date | None:
    """Return the day at the start of a file's name, else of its directory's: 2026-11-20-x.json.

    Also 20261120T101500Z.json. A hash that begins with eight digits is no day.
    """
    for part in reversed(file.split("/")[-2:]):
        found = _DAY.match(part)
        day = day_of("-".join(found.groups())) if found else None
        if day is not None:
            return day
    return None


def day_of(text: str) -> date | None:
    """Read YYYY-MM-DD; None for no day, or one that no report can be of."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None
