"""The gate: may the change merge? Pure, and it fails closed."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from reviewbot.authorship.model import Authors, Scope
from reviewbot.config.thresholds import parse_thresholds
from reviewbot.diff.model import ChangedLine
from reviewbot.diff.skip_rules import SkipReason
from reviewbot.errors import EXIT_BLOCK, EXIT_INCOMPLETE, EXIT_PASS
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
_NOBODY = Authors()


class Status(StrEnum):
    """The gate's answer."""

    PASS = "pass"  # noqa: S105 - no password
    BLOCK = "block"
    INCOMPLETE = "incomplete"  # too few of the lines that should have been read were read


class GateStatus(StrEnum):
    """What the gate makes of a scored line."""

    BELOW = "below"  # its threshold
    ABOVE = "above"
    NOT_COUNTED = "not counted"  # above, but acknowledged or of an author outside the gate's scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When the gate blocks: settings that a report states. `config.schema` has the defaults."""

    max_risk: float  # a line above it counts
    max_lines_over: int  # lines above it that are allowed
    min_coverage: float  # share of the lines that should have been read and were
    min_lines: int  # with fewer scored lines the gate never blocks
    max_risk_for: tuple[str, ...]  # thresholds by path or author, see `config.thresholds`
    informational: bool  # report a block, but exit 0; failures still fail
    scope: Scope  # whose lines are read
    gate_scope: Scope  # whose lines can block
    deep_max_risk: float | None = None  # `max_risk` of lines that were read deep, if another one

    def threshold(self, *, deep: bool) -> float:
        """Return the threshold of lines that no path or author has another one for."""
        own = self.deep_max_risk if deep else None
        return self.max_risk if own is None else own


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRules:
    """Everything that decides the gate status of a line."""

    policy: Policy
    authors: Authors = _NOBODY
    can_block: Callable[[ChangedLine], bool] = lambda _line: True  # by its author
    acknowledged: frozenset[tuple[str, int]] = frozenset()  # path and number

    def lowest_threshold(self, *, deep: bool = False) -> float:
        """Return the strictest threshold that any line can have, read deep or not."""
        rows = parse_thresholds(self.policy.max_risk_for).rows
        return min([self.policy.threshold(deep=deep), *(row.limit for row in rows)])

    def status(self, score: LineScore) -> GateStatus:
        """Return the gate status of a line."""
        line, policy = score.line, self.policy
        author = self.authors.get(line.path, line.number)
        if score.risk <= parse_thresholds(policy.max_risk_for).of(
            line.path, author, policy.threshold(deep=score.deep)
        ):
            return GateStatus.BELOW  # NaN is above
        counts = (line.path, line.number) not in self.acknowledged and self.can_block(line)
        return GateStatus.ABOVE if counts else GateStatus.NOT_COUNTED


@dataclass(frozen=True, slots=True)
class Ledger:
    """How many added lines ended where; `added` equals `git diff --numstat`."""

    added: int
    scored: int
    skipped: int
    failed: int
    unread: int  # skipped only because of our limits: counts against coverage
    unread_files: int  # code files whose lines git does not show at all
    by_reason: Mapping[str, int]  # why not scored -> lines, by name
    deep: int = 0  # of the scored lines: how many `auto` read deep

    @property
    def all_excluded(self) -> bool:
        """Whether `exclude` removed every line that would have been read, and there is one."""
        others = self.scored + self.failed + self.unread
        return not others and self.by_reason.get(SkipReason.EXCLUDED, 0) > 0

    @property
    def coverage(self) -> float:
        """Share of the lines that should have been read and were; 1.0 if there were none.

        Excluded lines count only if all lines are excluded: then it is 0.0.
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
        deep=sum(isinstance(o, LineScore) and o.deep for o in outcomes),
    )


def is_all_merged(ledger: Ledger) -> bool:
    """Return True if lines were added, and another parent of an unfinished merge has them all."""
    return (
        bool(ledger.added)
        and not ledger.unread_files
        and ledger.by_reason == {SkipReason.MERGED: ledger.added}
    )


def blocks(policy: Policy, over: int, scored: int) -> bool:
    """Return True if `over` lines above their threshold, of `scored` lines, block a change."""
    return over > policy.max_lines_over and scored >= policy.min_lines and not policy.informational


def status_and_exit_code(policy: Policy, ledger: Ledger, over: int) -> tuple[Status, int]:
    """Return the gate's answer if `over` lines that count are above their threshold.

    Incomplete coverage wins over everything else: it is never green. One code file that git calls
    binary makes the coverage incomplete, unless the policy requires none.
    """
    read = ledger.coverage >= policy.min_coverage  # False for NaN
    if not read or (ledger.unread_files and policy.min_coverage > 0):
        return Status.INCOMPLETE, EXIT_INCOMPLETE
    if blocks(policy, over, ledger.scored):
        return Status.BLOCK, EXIT_BLOCK
    if blocks(replace(policy, informational=False), over, ledger.scored):
        return Status.BLOCK, EXIT_PASS
    return Status.PASS, EXIT_PASS


def decide(rules: GateRules, ledger: Ledger, statuses: Iterable[GateStatus]) -> Verdict:
    """Apply the policy to the gate statuses of the scored lines."""
    policy, counts = rules.policy, Counter(statuses)
    over = counts[GateStatus.ABOVE]
    status, code = status_and_exit_code(policy, ledger, over)
    risky = _risky_lines(rules, over, counts[GateStatus.NOT_COUNTED])
    match status:
        case Status.INCOMPLETE if ledger.all_excluded:
            reasons = [_nothing_read(ledger), NARROW]
        case Status.INCOMPLETE:
            reasons = [_incomplete(policy, ledger), *([risky] if over else [])]
        case Status.BLOCK:
            reasons = [risky, *(["informational: the exit code stays 0"] if not code else [])]
        case _ if not ledger.scored:
            reasons = _nothing_scored(ledger)
        case _:
            reasons = [risky]
            if over > policy.max_lines_over:
                needs = f"only {ledger.scored} lines scored, the gate needs {policy.min_lines}"
                reasons.append(f"not blocked: {needs}")
    return Verdict(status, code, tuple(reasons))


def _incomplete(policy: Policy, ledger: Ledger) -> str:
    if ledger.coverage >= policy.min_coverage:
        return f"{_unread_files(ledger)} not read: git calls such files binary"
    missing = ledger.failed + ledger.unread
    return (
        f"{missing} of {ledger.scored + missing} lines that should have been read were not "
        f"(coverage {ledger.coverage:.1%}, required {policy.min_coverage:.1%})"
    )


def _nothing_scored(ledger: Ledger) -> list[str]:
    """Say why a change passes of which no line was scored."""
    reasons = [_nothing_read(ledger)] if ledger.added else []
    if ledger.failed + ledger.unread or ledger.all_excluded:
        reasons.append("no coverage is required")
    if ledger.unread_files:
        reasons.append(f"{_unread_files(ledger)} not read, which the policy allows")
    return reasons or ["no line had to be scored"]


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


def _unread_files(ledger: Ledger) -> str:
    return (
        "1 code file was" if ledger.unread_files == 1 else f"{ledger.unread_files} code files were"
    )


def _risky_lines(rules: GateRules, over: int, not_counted: int) -> str:
    """Say how many lines block: "1 line above the 0.9 threshold (0 allowed)"."""
    policy = rules.policy
    others = _otherparse_thresholds(policy)
    notes = [f"or {', '.join(others)}"] if others else []
    if policy.deep_max_risk not in (None, policy.max_risk):
        notes.insert(0, f"{policy.deep_max_risk:.4g} where read deep")
    if over:
        notes.append(f"{policy.max_lines_over} allowed")
    noun = "no line" if not over else "1 line" if over == 1 else f"{over} lines"
    text = f"{noun} above the {policy.max_risk:.4g} threshold"
    text += f" ({'; '.join(notes)})" if notes else ""
    if not not_counted:
        return text
    # Where every author counts, only an acknowledgement can excuse a line.
    whys = ["acknowledged"] if rules.acknowledged or policy.gate_scope is Scope.ALL else []
    whys += [] if policy.gate_scope is Scope.ALL else ["of authors outside the gate's scope"]
    return f"{text}, not counting {not_counted} ({', or '.join(whys)})"


def _otherparse_thresholds(policy: Policy) -> list[str]:
    """Return the other thresholds, without those for authors that can have no effect.

    A threshold for an author has an effect only if it is stricter than that of some path. Several
    commands share the settings, so one without an effect is no error.
    """
    rows = parse_thresholds(policy.max_risk_for).rows
    highest = max(
        [
            policy.max_risk,
            policy.threshold(deep=True),
            *(row.limit for row in rows if row.author is None),
        ]
    )
    return [row.text for row in rows if row.author is None or row.limit < highest][:5]
