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
from reviewbot.report.change_level import ChangeLevel, why_too_risky
from reviewbot.report.ledger import Ledger
from reviewbot.scoring.outcomes import LineScore

INCLUDE = (
    "`include` the files that should be read, or set `min-coverage` to 0 if such a change may pass"
    " unread"
)
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
    UNACKNOWLEDGED = "unacknowledged"  # in one of the riskiest places: `ack-top`
    NOT_COUNTED = "not counted"  # one of both, but acknowledged; or of an author out of scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When the gate blocks: settings that a report states. `config.schema` has the defaults."""

    show: Level  # least level of a finding
    fail_on: FailOn  # a line of this level counts
    fail_on_for: tuple[str, ...]  # limits by path or author, see `config.thresholds`
    max_risk: float | None  # a line above it counts whatever its level; None: no such limit
    fail_on_change: float | None  # a change of a higher percentile blocks; None: none does
    max_lines_over: int  # lines that may count without a block
    min_coverage: float  # share of the lines that should have been read and were
    min_lines: int  # with fewer scored lines the gate never blocks
    ack_top: int  # riskiest places that block until they are acknowledged; 0: none
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
    places: tuple[frozenset[tuple[str, int]], ...] = ()  # of `ack-top`: their lines, likewise

    @property
    def waiting(self) -> int:
        """The number of places of `ack-top` that nobody has acknowledged."""
        return sum(not place <= self.acknowledged for place in self.places)

    def is_shown(self, score: LineScore) -> bool:
        """Return True if a line is part of a finding.

        It is if its level is shown, or if it can block. An expectation can be checked in a second,
        so a line that has one need only be `medium`.
        """
        level = score.level
        doubted = bool(score.expectations) and level >= Level.MEDIUM
        return level >= self.policy.show or doubted or self.status(score) is not GateStatus.BELOW

    def status(self, score: LineScore) -> GateStatus:
        """Return the gate status of a line."""
        line, policy = score.line, self.policy
        place = line.path, line.number
        is_asked = any(place in lines for lines in self.places)
        if is_asked and place not in self.acknowledged:
            return GateStatus.UNACKNOWLEDGED
        author, limits = self.authors.get(line.path, line.number), parse_limits(policy.fail_on_for)
        of_line = limits.of(line.path, author, policy.limit)
        if not is_asked and not any(one.is_reached(score.level, score.risk) for one in of_line):
            return GateStatus.BELOW
        counts = place not in self.acknowledged and self.can_block(line)
        return GateStatus.ABOVE if counts else GateStatus.NOT_COUNTED


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer, with its reasons in words."""

    status: Status
    exit_code: int
    reasons: tuple[str, ...]


def blocks(policy: Policy, over: int, waiting: int, scored: int) -> bool:
    """Return True if a change is blocked: by `over` of its `scored` lines that count, or if it has
    `waiting` places (or lines of them) that nobody has acknowledged.
    """
    return (over > policy.max_lines_over or waiting > 0) and scored >= policy.min_lines


def status_and_exit_code(
    policy: Policy, ledger: Ledger, over: int, waiting: int, *, too_risky: bool
) -> tuple[Status, int]:
    """Return the gate's answer; `over` and `waiting` as for `blocks`.

    too_risky  the change as a whole is

    Incomplete coverage wins over everything else: it is never green. One code file that git calls
    binary makes the coverage incomplete, unless the policy requires none.
    """
    read = ledger.coverage >= policy.min_coverage  # False for NaN
    if not read or (ledger.unread_files and policy.min_coverage > 0):
        return Status.INCOMPLETE, EXIT_INCOMPLETE
    whole = too_risky and ledger.scored >= policy.min_lines
    if whole or blocks(policy, over, waiting, ledger.scored):
        return Status.BLOCK, EXIT_BLOCK
    return Status.PASS, EXIT_PASS


def decide(
    rules: GateRules,
    ledger: Ledger,
    lines: Iterable[tuple[Level, GateStatus]],
    change: ChangeLevel | None = None,
) -> Verdict:
    """Apply the policy to the scored lines, of which it gets level and gate status.

    change   the change as a whole; None if no line was scored
    """
    policy, counts = rules.policy, Counter(lines)
    over = sum(counts[level, GateStatus.ABOVE] for level in Level)
    waiting, whole = rules.waiting, why_too_risky(change, policy.fail_on_change)
    status, code = status_and_exit_code(policy, ledger, over, waiting, too_risky=bool(whole))
    risky = _risky_lines(rules, counts)
    asked = _places(rules)
    why = [*whole, *([asked] if waiting else []), *([risky] if over else [])]
    match status:
        case Status.INCOMPLETE if ledger.all_withheld:
            by_exclude = SkipReason.EXCLUDED in ledger.by_reason
            reasons = [_nothing_read(ledger), NARROW if by_exclude else INCLUDE]
        case Status.INCOMPLETE:
            reasons = [_incomplete(policy, ledger), *why]
        case Status.BLOCK:
            reasons = why
        case _ if not ledger.scored:
            reasons = _nothing_scored(ledger)
        case _:
            reasons = [*whole, risky, *([asked] if policy.ack_top else [])]
            if over > policy.max_lines_over or waiting or whole:
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
    if ledger.failed + ledger.unread or ledger.all_withheld:
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


def _places(rules: GateRules) -> str:
    """Say how many places of `ack-top` wait: "3 of the 5 riskiest places are not acknowledged"."""
    policy, count, waiting = rules.policy, len(rules.places), rules.waiting
    top = f"(ack-top {policy.ack_top})"
    if not count:
        whose = "" if policy.gate_scope is Scope.ALL else " by an author in the gate's scope"
        return f"no place{whose} is medium or above: nothing to acknowledge {top}"
    if count == 1:
        return f"the riskiest place is {'not ' if waiting else ''}acknowledged {top}"
    if not waiting:
        return f"the {count} riskiest places are acknowledged {top}"
    are = "is" if waiting == 1 else "are"
    return f"{waiting} of the {count} riskiest places {are} not acknowledged {top}"


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
