"""May it merge? A pure function of the outcomes and a policy; it fails closed."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from reviewbot.authorship.model import Scope
from reviewbot.diff.model import ChangedLine
from reviewbot.diff.skip_rules import SkipReason
from reviewbot.errors import EXIT_BLOCK, EXIT_INCOMPLETE, EXIT_PASS
from reviewbot.report.findings import GateStatus
from reviewbot.scoring.outcomes import Failed, LineScore, Outcome, Skipped

NARROW = (
    "narrow `exclude`, mark vendored or generated files as such in .gitattributes, or set"
    " `min-coverage` to 0 if such a change may pass unread"
)
_WORDS: Mapping[str, str] = {  # of reasons that are no noun
    SkipReason.EXCLUDED: "excluded",
    SkipReason.OUT_OF_SCOPE: "outside the scope",
    SkipReason.SUPPRESSED: "suppressed by comments",
}


class Status(StrEnum):
    """What the gate says."""

    PASS = "pass"  # noqa: S105 - no password
    BLOCK = "block"
    INCOMPLETE = "incomplete"  # too few of the lines that should have been read were read


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When the gate blocks."""

    max_risk: float  # a line above it counts
    max_lines_over: int = 0  # that many lines above it are still let through
    min_coverage: float = 1.0  # share of the lines that should have been read and were
    min_lines: int = 0  # with fewer scored lines the gate never blocks
    max_risk_for: tuple[
        str, ...
    ] = ()  # other limits, by path or author, as `reviewbot.config.thresholds` reads
    informational: bool = False  # report a block, exit 0 all the same; failures still fail
    scope: Scope = Scope.ALL  # whose lines are read
    gate_scope: Scope = Scope.ALL  # whose lines can block


@dataclass(frozen=True, slots=True)
class Ledger:
    """How many added lines ended where; `added` equals `git diff --numstat`."""

    added: int
    scored: int
    skipped: int
    failed: int
    unread: int  # skipped, but only for our limits: counts against coverage
    unread_files: int  # code files whose lines git does not show at all
    by_reason: Mapping[str, int]  # why not scored -> lines, by name

    @property
    def all_excluded(self) -> bool:
        """Whether the settings leave out every line that would have been read, and there is one."""
        others = self.scored + self.failed + self.unread
        return not others and self.by_reason.get(SkipReason.EXCLUDED, 0) > 0

    @property
    def coverage(self) -> float:
        """Share of the lines that should have been read and were.

        Excluded lines count only where all are: then it is 0.0. It is 1.0 where there was none.
        """
        should = self.scored + self.failed + self.unread
        return self.scored / should if should else float(not self.all_excluded)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer, with its reasons in words."""

    status: Status
    exit_code: int
    reasons: tuple[str, ...]


def count(outcomes: Sequence[Outcome], unread_files: int = 0) -> Ledger:
    """Count the outcomes of all added lines."""
    reasons = Counter(o.why for o in outcomes if not isinstance(o, LineScore))
    return Ledger(
        added=len(outcomes),
        scored=sum(isinstance(o, LineScore) for o in outcomes),
        skipped=sum(isinstance(o, Skipped) for o in outcomes),
        failed=sum(isinstance(o, Failed) for o in outcomes),
        unread=sum(isinstance(o, Skipped) and o.counts_as_unread for o in outcomes),
        unread_files=unread_files,
        by_reason=dict(sorted(reasons.items())),
    )


def is_all_merged(ledger: Ledger) -> bool:
    """Return True if lines were added, and another parent of an unfinished merge has them all."""
    return (
        bool(ledger.added)
        and not ledger.unread_files
        and ledger.by_reason == {SkipReason.MERGED: ledger.added}
    )


def gate_status(
    score: LineScore,
    policy: Policy,
    counts: Callable[[ChangedLine], bool] = lambda _line: True,
    limit: Callable[[ChangedLine], float] | None = None,
) -> GateStatus:
    """Return where a line stands; `counts` and `limit` as for `decide`."""
    most = limit(score.line) if limit else policy.max_risk
    if score.risk <= most:  # NaN is above
        return GateStatus.BELOW
    return GateStatus.ABOVE if counts(score.line) else GateStatus.NOT_COUNTED


def blocks(policy: Policy, over: int, scored: int) -> bool:
    """Return True if so many lines above their limit, of so many scored, keep a change back."""
    return over > policy.max_lines_over and scored >= policy.min_lines and not policy.informational


def judge(policy: Policy, ledger: Ledger, over: int) -> tuple[Status, int]:
    """Return status and exit code where so many lines count as above their limit."""
    read = ledger.coverage >= policy.min_coverage  # NaN asks for more than there can be
    if not read or (ledger.unread_files and policy.min_coverage > 0):
        return Status.INCOMPLETE, EXIT_INCOMPLETE
    if blocks(policy, over, ledger.scored):
        return Status.BLOCK, EXIT_BLOCK
    if blocks(replace(policy, informational=False), over, ledger.scored):
        return Status.BLOCK, EXIT_PASS
    return Status.PASS, EXIT_PASS


def decide(
    policy: Policy,
    outcomes: Sequence[Outcome],
    unread_files: int = 0,
    counts: Callable[[ChangedLine], bool] = lambda _line: True,
    limit: Callable[[ChangedLine], float] | None = None,
    *,
    acknowledged: bool = False,
) -> Verdict:
    """Apply the policy. Incomplete coverage wins over everything else: it is never green.

    counts        whether a line, by its author, can block; all can make the coverage incomplete
    limit         the risk above which a line counts; None: `policy.max_risk` for every line
    unread_files  code files that git calls binary: no line of them can be counted, so one is enough
                  to make the coverage incomplete, unless the policy asks for none
    acknowledged  whether people have acknowledged lines, so that `counts` leaves out those, too
    """
    ledger = count(outcomes, unread_files)
    scores = [o for o in outcomes if isinstance(o, LineScore)]
    standings = Counter(gate_status(score, policy, counts, limit) for score in scores)
    over, other = standings[GateStatus.ABOVE], standings[GateStatus.NOT_COUNTED]
    said = _over_text(over, policy, "line that counts" if other else "line")
    if other:
        more = f"{other} more" if over else f"{other}"
        said += f" ({more} not counted: {_why_not_counted(policy, acknowledged)})"
    status, code = judge(policy, ledger, over)
    missing = ledger.failed + ledger.unread
    if status is Status.INCOMPLETE:
        text = f"{_files_were(unread_files)} not read, because git calls such a file binary"
        if not ledger.coverage >= policy.min_coverage:
            text = (
                f"{missing} of {ledger.scored + missing} lines that should have been read were not "
                f"(coverage {ledger.coverage:.1%}, at least {policy.min_coverage:.1%} is asked for)"
            )
        reasons = [text, *([said] if over else [])]
        if ledger.all_excluded:
            reasons = [_nothing_read(ledger), NARROW]
    elif status is Status.BLOCK:
        reasons = [said, *(["informational: the exit code stays 0"] if code == EXIT_PASS else [])]
    elif not scores:
        reasons = [_nothing_read(ledger)] if ledger.added else []
        if missing or ledger.all_excluded:
            reasons.append("the policy asks for no coverage")
        if unread_files:
            reasons.append(f"{_files_were(unread_files)} not read, which the policy allows")
        reasons = reasons or ["no line had to be scored"]
    else:
        reasons = [said]
        if over > policy.max_lines_over:
            needs = f"only {ledger.scored} lines scored, the gate needs {policy.min_lines}"
            reasons.append(f"not blocked: {needs}")
    return Verdict(status, code, tuple(reasons))


def _nothing_read(ledger: Ledger) -> str:
    """Say that no line was read, and why: "0 of 9 added lines were read (all excluded)"."""
    whys = sorted(ledger.by_reason.items(), key=lambda item: (-item[1], item[0]))
    parts = [f"{count} {_WORDS.get(why, why)}" for why, count in whys]
    if len(whys) == 1:
        ((why, _),) = whys
        all_of_them = "all failed" if ledger.failed else "all skipped"
        parts = [f"all {_WORDS[why]}" if why in _WORDS else f"{all_of_them}: {why}"]
        if why == SkipReason.OUT_OF_SCOPE:
            parts = [_WORDS[why]]
    return f"0 of {ledger.added} added lines were read ({', '.join(parts)})"


def _why_not_counted(policy: Policy, acknowledged: bool) -> str:
    if policy.gate_scope is Scope.ALL:  # then no author is outside
        return "acknowledged"
    return f"{'acknowledged, or ' if acknowledged else ''}of authors outside the gate's scope"


def _files_were(count: int) -> str:
    return "1 file of code was" if count == 1 else f"{count} files of code were"


def _over_text(over: int, policy: Policy, a_line: str) -> str:
    if not over:
        return f"no {a_line} is above the risk of {policy.max_risk:.4g}{_others(policy)}"
    noun = "line is" if over == 1 else "lines are"
    allowed = policy.max_lines_over or "none"
    limit = f"{policy.max_risk:.4g}{_others(policy)}"
    return f"{over} {noun} above the risk of {limit}, {allowed} may be"


def _others(policy: Policy) -> str:
    """Name the other limits; one for an author only where it is stricter than a line's own can be.

    It stands in settings that several commands share, so it is no error.
    """
    limits = [(text, float(text.rpartition("=")[2])) for text in policy.max_risk_for]
    by_path = [limit for text, limit in limits if not text.startswith("author:")]
    most = max([policy.max_risk, *by_path])
    said = [text for text, limit in limits if not text.startswith("author:") or limit < most]
    return f" (or {', '.join(said[:5])})" if said else ""
