"""The gate: may the change merge? Pure, and it fails closed."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reviewbot.authorship.model import Authors, Scope
from reviewbot.config.levels import FailOn, Level
from reviewbot.config.thresholds import Limit, parse_limits
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
NEVER = "no line blocks: fail-on is never"
MAX_LIMITS = 5  # named by path or author
_NOBODY = Authors()


class Status(StrEnum):
    """The gate's answer."""

    PASS = "pass"  # noqa: S105 - no password
    BLOCK = "block"
    INCOMPLETE = "incomplete"  # too few of the lines that should have been read were read


class GateStatus(StrEnum):
    """What the gate makes of a scored line."""

    BELOW = "below"  # the gate's limit for its path and author
    ABOVE = "above"
    NOT_COUNTED = "not counted"  # above, but acknowledged or of an author outside the gate's scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When the gate blocks: settings that a report states. `config.schema` has the defaults."""

    show: Level  # least level of a finding
    fail_on: FailOn  # a line of this level counts
    fail_on_for: tuple[str, ...]  # limits by path or author, see `config.thresholds`
    max_risk: float | None  # a line above it counts whatever its level; None: no such limit
    max_lines_over: int  # lines that may count without a block
    min_coverage: float  # share of the lines that should have been read and were
    min_lines: int  # with fewer scored lines the gate never blocks
    scope: Scope  # whose lines are read
    gate_scope: Scope  # whose lines can block

    @property
    def limit(self) -> Limit:
        """The limit of lines that no path has another one for."""
        return Limit(self.fail_on, self.max_risk)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRules:
    """Everything that decides the gate status of a line."""

    policy: Policy
    authors: Authors = _NOBODY
    can_block: Callable[[ChangedLine], bool] = lambda _line: True  # by its author
    acknowledged: frozenset[tuple[str, int]] = frozenset()  # path and number

    def is_shown(self, score: LineScore) -> bool:
        """Return True if a line is part of a finding.

        It is if its level is shown, or if it is above the gate's limit. An expectation can be
        checked in a second, so a line that has one need only be `medium`.
        """
        level = score.level
        doubted = bool(score.expectations) and level >= Level.MEDIUM
        return level >= self.policy.show or doubted or self.status(score) is not GateStatus.BELOW

    def status(self, score: LineScore) -> GateStatus:
        """Return the gate status of a line."""
        line, policy = score.line, self.policy
        author, limits = self.authors.get(line.path, line.number), parse_limits(policy.fail_on_for)
        of_line = limits.of(line.path, author, policy.limit)
        if not any(limit.is_reached(score.level, score.risk) for limit in of_line):
            return GateStatus.BELOW
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
    """Return True if `over` lines that count, of `scored` lines, block a change."""
    return over > policy.max_lines_over and scored >= policy.min_lines


def status_and_exit_code(policy: Policy, ledger: Ledger, over: int) -> tuple[Status, int]:
    """Return the gate's answer if `over` lines count.

    Incomplete coverage wins over everything else: it is never green. One code file that git calls
    binary makes the coverage incomplete, unless the policy requires none.
    """
    read = ledger.coverage >= policy.min_coverage  # False for NaN
    if not read or (ledger.unread_files and policy.min_coverage > 0):
        return Status.INCOMPLETE, EXIT_INCOMPLETE
    if blocks(policy, over, ledger.scored):
        return Status.BLOCK, EXIT_BLOCK
    return Status.PASS, EXIT_PASS


def decide(rules: GateRules, ledger: Ledger, lines: Iterable[tuple[Level, GateStatus]]) -> Verdict:
    """Apply the policy to the scored lines, of which it gets level and gate status."""
    policy, counts = rules.policy, Counter(lines)
    over = sum(counts[level, GateStatus.ABOVE] for level in Level)
    status, code = status_and_exit_code(policy, ledger, over)
    risky = _risky_lines(rules, counts)
    match status:
        case Status.INCOMPLETE if ledger.all_excluded:
            reasons = [_nothing_read(ledger), NARROW]
        case Status.INCOMPLETE:
            reasons = [_incomplete(policy, ledger), *([risky] if over else [])]
        case Status.BLOCK:
            reasons = [risky]
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


def _risky_lines(rules: GateRules, lines: Counter[tuple[Level, GateStatus]]) -> str:
    """Say which lines count: "2 lines are critical (fail-on critical, 0 allowed)".

    If none does, it says how many lines have which level, above `low`.
    """
    policy = rules.policy
    over = _by_level(lines, [GateStatus.ABOVE])
    limits = _limits(policy)
    if over:
        (first, count), *more = over.items()
        parts = [f"{count} {'line is' if count == 1 else 'lines are'} {first}"]
        parts += [f"{n} {'is' if n == 1 else 'are'} {level}" for level, n in more]
        text = f"{', '.join(parts)} ({' or '.join(limits)}, {policy.max_lines_over} allowed)"
    else:
        text = f"no line blocks ({' or '.join(limits)})" if limits else NEVER
    if not_counted := sum(_by_level(lines, [GateStatus.NOT_COUNTED]).values()):
        # Where every author counts, only an acknowledgement can excuse a line.
        whys = ["acknowledged"] if rules.acknowledged or policy.gate_scope is Scope.ALL else []
        whys += [] if policy.gate_scope is Scope.ALL else ["of authors outside the gate's scope"]
        text += f", not counting {not_counted} ({', or '.join(whys)})"
    every = _by_level(lines, list(GateStatus))
    seen = [f"{count} {level}" for level, count in every.items() if level is not Level.LOW]
    return text if over else f"{text}; {', '.join(seen) or 'all lines are low'}"


def _by_level(
    lines: Counter[tuple[Level, GateStatus]], statuses: Sequence[GateStatus]
) -> dict[Level, int]:
    """Count the lines that have one of the statuses, by level, highest first; no zeros."""
    counts = {level: sum(lines[level, one] for one in statuses) for level in reversed(Level)}
    return {level: count for level, count in counts.items() if count}


def _limits(policy: Policy) -> list[str]:
    """Return what a line has to reach to count, in words; empty if nothing makes a line count."""
    rows = parse_limits(policy.fail_on_for).rows
    exact = [] if policy.max_risk is None else [f"max-risk {policy.max_risk:.4g}"]
    at_level = [] if policy.fail_on is FailOn.NEVER else [f"fail-on {policy.fail_on}"]
    others = [row.text for row in rows[:MAX_LIMITS]]
    if not at_level and not exact and all(row.limit == policy.limit for row in rows):
        return []
    return [*(at_level + exact or ["fail-on never"]), *others]
