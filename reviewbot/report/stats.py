"""Past reports -> counts: what became of findings, and risky lines by week. Pure."""

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from reviewbot.report.comment_sync import finding_id
from reviewbot.report.gate import GateStatus
from reviewbot.report.model import Report
from reviewbot.scoring.outcomes import LineScore

Z = 1.959964  # 97.5 % point of the normal distribution: two-sided 95 %
_DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?![0-9A-SU-Za-z])")  # T: a time follows


class Share(NamedTuple):
    """`hits` of `of`, where `of` is at least 1."""

    hits: int
    of: int


def wilson(hits: float, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, in [0, 1]; `of` is at least 1.

    source  Wilson 1927, J. Am. Stat. Assoc. 22:209; takes the counted things as independent.
    """
    centre = hits + Z * Z / 2
    half = Z * math.sqrt(hits * (of - hits) / of + Z * Z / 4)
    low, high = (centre - half) / (of + Z * Z), (centre + half) / (of + Z * Z)
    return max(0.0, low), min(1.0, high)


class Outcome(StrEnum):
    """What happened to a finding between its report and the merge, or why that is unknown."""

    ADDRESSED = "addressed"
    UNCHANGED = "unchanged"
    NO_REPOSITORY = "no git repository was found"
    NO_COMMIT = "the report names no base and head commit"
    AFTER_MERGE = "its head is already on the branch"
    NOT_MERGED = "no commit of the branch brings half of the report's added lines"
    NOT_HELD = "the repository lacks the commits or files"
    GONE = "its file was renamed, deleted or is too large"
    LIMIT = "not looked for: too many files or too little time"


KNOWN = (Outcome.ADDRESSED, Outcome.UNCHANGED)


class MeasurementConfig(NamedTuple):
    """What a report was measured with; counts of different configurations are never added."""

    artifact: str  # of `auto` "quick + deep, at most 40000 tokens"
    artifact_sha256: str  # of `auto` both, with " + " between them
    model: str
    layer: int
    show: str  # as in the report, like all that follow
    fail_on: str
    fail_on_for: tuple[str, ...]
    max_risk: str  # six digits; "" where it is not set
    ack_top: int
    scope: str


class Counts(NamedTuple):
    """Lines of some reports."""

    reports: int
    scored: int
    unread: int  # should have been scored and were not
    risky: int  # scored lines whose level is shown, or above the gate's limit, as the report says


class ReportSummary(NamedTuple):
    """A report without its code."""

    file: str  # path below the directory of reports
    head: str
    config: MeasurementConfig
    counts: Counts
    findings: tuple[tuple[str, str], ...]  # path and fingerprint: the same after the next push
    ids: tuple[str, ...]  # of the findings, as acknowledgements name them
    outcomes: tuple[Outcome, ...]  # of the findings
    recorded: bool  # acknowledgements are recorded beside it, if there were any


@dataclass(frozen=True, slots=True)
class Group:
    """All reports that were measured with the same configuration."""

    config: MeasurementConfig
    findings: int  # each counts once, however many pushes repeat it
    addressed: Share | None  # of the findings whose outcome is known
    unknown: Mapping[Outcome, int]
    acknowledged: Share | None  # of the findings beside which acknowledgements are recorded
    weeks: Mapping[str, Counts]  # by ISO week, "2026-W47", oldest first; "no date" is last
    total: Counts


@dataclass(frozen=True, slots=True)
class Stats:
    """Everything that `reviewbot stats` shows."""

    groups: tuple[Group, ...]
    repeated: int = 0  # further reports of the same head
    not_read: int = 0  # files beyond the bounds
    broken: tuple[tuple[str, str], ...] = ()  # files, and why they could not be used
    notes: tuple[str, ...] = ()


def summarize(
    report: Report, file: str, outcomes: Sequence[Outcome], *, recorded: bool
) -> ReportSummary:
    """Summarise a report; `outcomes` are those of its findings, in their order."""
    lines = [
        (line.outcome.level, line.gate_status)
        for file in report.files
        for line in file.lines
        if isinstance(line.outcome, LineScore)
    ]
    show, below = report.policy.show, GateStatus.BELOW
    risky = sum(level >= show or status is not below for level, status in lines)
    model, policy, ledger = report.model, report.policy, report.ledger
    deep = report.deep
    artifacts = [report.artifact, *([deep.artifact] if deep else [])]
    budget = f", at most {deep.budget} tokens" if deep else ""
    return ReportSummary(
        file,
        report.change.head,
        MeasurementConfig(
            " + ".join(one.name for one in artifacts) + budget,
            " + ".join(one.sha256 for one in artifacts),
            model.name,
            model.layer,
            policy.show.value,
            policy.fail_on.value,
            policy.fail_on_for,
            "" if policy.max_risk is None else f"{policy.max_risk:.6g}",
            policy.ack_top,
            policy.scope.value,
        ),
        Counts(1, ledger.scored, ledger.failed + ledger.unread, risky),
        tuple((one.path, one.fingerprint) for one in report.findings),
        tuple(finding_id(report.change.head, one) for one in report.findings),
        tuple(outcomes),
        recorded,
    )


def group_reports(
    reports: Sequence[ReportSummary], days: Mapping[str, date], acks: Collection[str]
) -> tuple[Group, ...]:
    """Count by configuration; one report per head counts, the one with most findings.

    days  of files, where one is known
    acks  identifiers of acknowledged findings
    """
    best: dict[tuple[MeasurementConfig, str], ReportSummary] = {}
    for one in sorted(reports, key=lambda one: (days.get(one.file, date.max), one.file)):
        key = (one.config, one.head if is_commit(one.head) else one.file)
        best[key] = max(best.get(key, one), one, key=_weight)
    groups: dict[MeasurementConfig, list[ReportSummary]] = {}
    for (config, _), one in best.items():
        groups.setdefault(config, []).append(one)
    return tuple(_group(groups[config], days, acks) for config in sorted(groups))


def is_commit(name: str | None) -> bool:
    """Return True if a report's base or head is a commit: not None, "index" or "worktree"."""
    return name is not None and re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", name) is not None


def day_in_name(file: str) -> date | None:
    """Return the date at the start of a file's or its directory's name: 2026-11-20-x.json."""
    for part in reversed(file.split("/")[-2:]):
        try:
            if found := _DAY.match(part):
                return date.fromisoformat("-".join(found.groups()))
        except ValueError:
            continue
    return None


def _group(
    reports: Sequence[ReportSummary], days: Mapping[str, date], acks: Collection[str]
) -> Group:
    outcomes: dict[tuple[str, str], Outcome] = {}
    acked: dict[tuple[str, str], bool] = {}
    weeks: dict[str, list[Counts]] = {}
    for one in reports:
        weeks.setdefault(_week(days.get(one.file)), []).append(one.counts)
        for key, name, outcome in zip(one.findings, one.ids, one.outcomes, strict=True):
            if outcomes.get(key) not in KNOWN:  # the first known outcome counts
                outcomes[key] = outcome
            if one.recorded:
                acked[key] = acked.get(key, False) or name in acks
    counts = Counter(outcomes.values())
    known = sum(counts[outcome] for outcome in KNOWN)
    return Group(
        reports[0].config,
        len(outcomes),
        Share(counts[Outcome.ADDRESSED], known) if known else None,
        {why: counts[why] for why in Outcome if why in counts and why not in KNOWN},
        Share(sum(acked.values()), len(acked)) if acked else None,
        {name: _sum(weeks[name]) for name in sorted(weeks)},
        _sum([one.counts for one in reports]),
    )


def _weight(one: ReportSummary) -> tuple[int, int, int]:
    """Order reports of one head, so that a forged report cannot hide findings of another."""
    return len(one.findings), one.counts.risky, one.counts.scored


def _week(day: date | None) -> str:
    return "no date" if day is None else "{:04d}-W{:02d}".format(*day.isocalendar())


def _sum(counts: Sequence[Counts]) -> Counts:
    return Counts(*map(sum, zip(*counts, strict=True)))
