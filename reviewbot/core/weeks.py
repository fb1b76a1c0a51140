"""Reports, their days and the fates of their findings -> what each ISO week held. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from types import MappingProxyType
from typing import NamedTuple

from reviewbot.core.authors import Author
from reviewbot.core.gate import Status
from reviewbot.core.share import Share, share
from reviewbot.core.trend import Digest, Fate, Flagged, Place, Records, Ruler

WEEK = timedelta(days=7)


class Dated(NamedTuple):
    """A report with its day, in UTC."""

    day: date
    digest: Digest


@dataclass(slots=True)
class _Sum:
    reports: int = 0
    added: int = 0
    scored: int = 0
    unread: int = 0
    over: int = 0
    not_counted: int = 0
    findings: int = 0
    blocked: int = 0
    incomplete: int = 0
    acks: int = 0
    authors: Counter[Author] = field(default_factory=Counter)
    fates: Counter[Fate | None] = field(default_factory=Counter)  # of findings seen first here
    rulers: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Week:
    """What the reports of a week say together; also of all weeks together."""

    monday: date
    reports: int
    added: int  # lines
    scored: int
    unread: int  # lines that should have been read and were not
    over: int  # lines above their report's limit, that its gate counted
    not_counted: int  # lines above it that its gate did not count
    findings: int
    blocked: int  # verdicts, also where they were informational
    incomplete: int  # verdicts
    acks: int  # findings that somebody took on himself
    authors: Mapping[Author, int]  # added lines
    fixed: int  # of the findings that were seen first in this week
    fine: int
    unknown: int  # nobody knows yet
    rulers: tuple[int, ...]  # what measured them: indices into `Trend.rulers`
    changed: bool = False  # by other rulers than the last week with reports

    @property
    def coverage(self) -> Share | None:
        """The lines that were read of those that should have been."""
        return share(self.scored, self.scored + self.unread)

    @property
    def per_thousand(self) -> float | None:
        """Findings per 1,000 scored lines."""
        return 1000 * self.findings / self.scored if self.scored else None

    @property
    def precision(self) -> Share | None:
        """The findings that were fixed of those whose fate is known."""
        return share(self.fixed, self.fixed + self.fine)

    def written_by(self, author: Author) -> Share | None:
        """The added lines that a kind of author has."""
        return share(self.authors.get(author, 0), self.added)

    @property
    def known_ai(self) -> Share | None:
        """The added lines known to be AI's; None where of no line anything is known.

        Of such lines "0 %" would say that no AI wrote any.
        """
        nobody = self.authors.get(Author.UNKNOWN, 0) == self.added
        return None if nobody else self.written_by(Author.AI)


@dataclass(frozen=True, slots=True)
class Trend:
    """Everything that a page of trends shows."""

    weeks: tuple[Week, ...]  # one after the other, also those without reports
    total: Week
    rulers: tuple[Ruler, ...]  # in the order in which they came into use
    days: int  # within which a finding is fixed, or fine
    repeated: int  # files that are another report of the same head, or the same report
    same_base: int  # reports that compare with the same base as an earlier one
    older: int  # reports before the first week
    unmatched: int  # records about findings that no report here holds
    undated: tuple[str, ...] = ()  # files
    broken: tuple[tuple[str, str], ...] = ()  # files, and why they could not be used
    unknown: tuple[tuple[str, int], ...] = ()  # why the fate of findings was not found in git
    notes: tuple[str, ...] = ()


def once(reports: Iterable[Dated]) -> tuple[list[Dated], int, list[str]]:
    """Keep one report of each head, and count the others.

    It is the last, by day and then by name, of those that found most: a forged one must not hide
    what a real one has found. No verdict weighs more: the report after an acknowledgement finds the
    same and passes, and that is what held in the end.

    returns  in the order of their days; how many are left out; files of those kept whose others
             disagree with them
    """
    ordered = sorted(reports, key=lambda r: (r.day, r.digest.file))
    best: dict[str, Dated] = {}
    unlike: set[str] = set()
    for report in ordered:
        name = report.digest.identity
        before = best.get(name, report)
        if _said(before) != _said(report):
            unlike.add(name)
        best[name] = report if _weight(report) >= _weight(before) else before
    kept = [report for report in ordered if best[report.digest.identity] is report]
    disputed = [report.digest.file for report in kept if report.digest.identity in unlike]
    return kept, len(ordered) - len(kept), disputed


def _said(report: Dated) -> tuple[Status, frozenset[Flagged]]:
    return report.digest.status, frozenset(report.digest.findings)


def _weight(report: Dated) -> tuple[int, int, int]:
    one = report.digest
    return len(set(one.findings)), one.over + one.not_counted, one.scored


def newest(reports: Sequence[Dated], most: int) -> list[Dated]:
    """Return the reports of the last `most` weeks up to the newest report.

    reports  in the order of their days
    """
    if not reports:
        return []
    first = _monday(reports[-1].day) - (most - 1) * WEEK
    return [report for report in reports if report.day >= first]


def trend(
    reports: Sequence[Dated],
    records: Records,
    found: Mapping[Place, Fate],
    *,
    days: int,
    repeated: int = 0,
    older: Sequence[Dated] = (),
    undated: Sequence[str] = (),
    broken: Sequence[tuple[str, str]] = (),
    unknown: Mapping[str, int] = MappingProxyType({}),
    notes: Sequence[str] = (),
) -> Trend:
    """Count by week.

    reports  at least one, in the order of their days, each head once
    found    fates that git tells; what was recorded goes before
    older    reports from before the first week: a finding that one of them holds is not new here

    The others are as in `Trend`.
    """
    rulers: dict[Ruler, int] = {}
    fates = _fates(reports, records, found)
    acked = set(records.acks)
    sums: dict[date, _Sum] = {}
    seen = {_same(flagged) for _, one in older for flagged in one.findings}
    for day, one in reports:
        into = sums.setdefault(_monday(day), _Sum())
        into.reports += 1
        into.added += one.added
        into.scored += one.scored
        into.unread += one.unread
        into.over += one.over
        into.not_counted += one.not_counted
        into.findings += len(one.findings)
        into.blocked += one.status is Status.BLOCK
        into.incomplete += one.status is Status.INCOMPLETE
        into.acks += sum(flagged.place in acked or flagged.id in acked for flagged in one.findings)
        into.authors.update(one.authors)
        into.rulers.add(rulers.setdefault(one.ruler, len(rulers)))
        for flagged in one.findings:
            if (key := _same(flagged)) not in seen:  # it comes back with every push
                seen.add(key)
                into.fates[fates.get(key)] += 1
    every = (f for _, one in (*older, *reports) for f in one.findings)
    names = {name for f in every for name in (f.id, f.place)}
    bases = [one.base for _, one in reports if one.base]
    return Trend(
        weeks=_axis(sums),
        total=_week(min(sums), _all(sums.values())),
        rulers=tuple(rulers),
        days=days,
        repeated=repeated,
        same_base=len(bases) - len(set(bases)),
        older=len(older),
        unmatched=len({*acked, *(name for name, _ in records.fates)} - names),
        undated=tuple(undated),
        broken=tuple(broken),
        unknown=tuple(sorted(unknown.items())),
        notes=tuple(notes),
    )


def _fates(
    reports: Sequence[Dated], records: Records, found: Mapping[Place, Fate]
) -> dict[tuple[str, str], Fate]:
    """Return what is known of findings, by path and fingerprint: FIXED goes before FINE."""
    every = [flagged for _, one in reports for flagged in one.findings]
    keys = {name: _same(flagged) for flagged in every for name in (flagged.id, flagged.place)}
    told: dict[tuple[str, str], Fate] = {}
    for flagged in every:
        fate = found.get(flagged.place)
        if fate is not None and told.get(_same(flagged)) is not Fate.FIXED:
            told[_same(flagged)] = fate
    recorded = {keys[name]: fate for name, fate in records.fates if name in keys}
    return told | recorded


def _same(flagged: Flagged) -> tuple[str, str]:
    return flagged.place.path, flagged.place.fingerprint


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _axis(sums: Mapping[date, _Sum]) -> tuple[Week, ...]:
    found, before = [], None
    monday = min(sums)
    while monday <= max(sums):
        one = sums.get(monday, _Sum())
        changed = bool(one.reports) and before is not None and one.rulers != before
        before = one.rulers if one.reports else before
        found.append(_week(monday, one, changed=changed))
        monday += WEEK
    return tuple(found)


def _all(sums: Iterable[_Sum]) -> _Sum:
    total = _Sum()
    for one in sums:
        for part in fields(_Sum):
            old, new = getattr(total, part.name), getattr(one, part.name)
            setattr(total, part.name, old | new if isinstance(old, set) else old + new)
    return total


def _week(monday: date, one: _Sum, *, changed: bool = False) -> Week:
    return Week(
        monday=monday,
        reports=one.reports,
        added=one.added,
        scored=one.scored,
        unread=one.unread,
        over=one.over,
        not_counted=one.not_counted,
        findings=one.findings,
        blocked=one.blocked,
        incomplete=one.incomplete,
        acks=one.acks,
        authors=dict(one.authors),
        fixed=one.fates[Fate.FIXED],
        fine=one.fates[Fate.FINE],
        unknown=one.fates[None],
        rulers=tuple(sorted(one.rulers)),
        changed=changed,
    )
