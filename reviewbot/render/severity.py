"""How much a finding matters to the gate: one rule for every format that has a word for it."""

from collections.abc import Callable
from enum import StrEnum

from reviewbot.report.findings import Finding, GateStatus
from reviewbot.report.gate import Status, blocks
from reviewbot.report.model import Report
from reviewbot.scoring.outcomes import LineScore


class Severity(StrEnum):
    """Whether something keeps the change from merging."""

    ERROR = "error"
    WARNING = "warning"


ABOVE_LIMIT = "above the limit"
_COUNTS = (GateStatus.ABOVE, None)  # what is unknown may be above
_WORDS: dict[GateStatus | None, str] = {
    GateStatus.ABOVE: ABOVE_LIMIT,
    GateStatus.NOT_COUNTED: "above the limit, not counted",
}


def standing_words(report: Report) -> Callable[[Finding], str]:
    """Return what says a finding's standing in words; "" where it is not above the limit."""
    standing = _standing_in(report)
    return lambda finding: words_of(standing(finding))


def words_of(standing: GateStatus | None) -> str:
    """Say where a line stands to its limit; "" where it is not above it, or nobody knows."""
    return _WORDS.get(standing, "")


def severity_in(report: Report) -> Callable[[Finding], Severity]:
    """Return what tells a finding's severity: ERROR where it keeps the change from merging.

    Others gate by severity: reviewdog by `-fail-level`, Jenkins by failed tests. Their answer has
    to be that of our exit code, or a change is red here and green there. So nothing is an error
    where the exit code is 0 (an informational gate, `max-lines-over`, `min-lines`); where it is
    not, a finding is one if the gate counts a line of it as above its limit, or we do not know,
    and there are more such lines than the policy lets through.
    """
    over = sum(
        line.gate_status in _COUNTS
        for file in report.files
        for line in file.lines
        if isinstance(line.outcome, LineScore)
    )
    only_unread = report.verdict.status is Status.INCOMPLETE and not blocks(
        report.policy, over, report.ledger.scored
    )
    if report.verdict.exit_code == 0 or only_unread:
        return lambda _finding: Severity.WARNING
    standing = _standing_in(report)

    def severity(finding: Finding) -> Severity:
        return Severity.ERROR if standing(finding) in _COUNTS else Severity.WARNING

    return severity


def unread_severity(report: Report) -> Severity:
    """Return ERROR where what was not read keeps the change from merging, else WARNING."""
    incomplete = report.verdict.status is Status.INCOMPLETE
    return Severity.ERROR if incomplete else Severity.WARNING


def _standing_in(report: Report) -> Callable[[Finding], GateStatus | None]:
    """Return what tells a finding's standing: the worst among those of its lines.

    None where one is unknown, and none is above.
    """
    named = {(f.path, score.line.number) for f in report.findings for score in f.lines}
    found: dict[tuple[str, int], set[GateStatus | None]] = {}
    for file in report.files:  # a path may stand twice in a stranger's
        for line in file.lines:
            if (place := (file.path, line.outcome.line.number)) in named:
                found.setdefault(place, set()).add(line.gate_status)

    def standing(finding: Finding) -> GateStatus | None:
        places = ((finding.path, score.line.number) for score in finding.lines)
        own = {one for place in places for one in found.get(place, {None})}
        order = (GateStatus.ABOVE, None, GateStatus.NOT_COUNTED, GateStatus.BELOW)
        return next(one for one in order if one in own)

    return standing
