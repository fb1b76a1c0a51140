"""Proposed thresholds -> text for the terminal."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from heapq import nlargest

from reviewbot.config.levels import Level
from reviewbot.escape import inert, visible
from reviewbot.render.phrasing import plural, share
from reviewbot.report.budgets import Flagged, Proposal, ReplayedChange, ReplayedLine
from reviewbot.report.stats import wilson

EXAMPLES = 5
MAX_CHARS = 60  # of a line's text; of its path twice as many


def thresholds(
    changes: Sequence[ReplayedChange],
    levels: Mapping[Level, Flagged],
    asked: Sequence[int],
    proposals: Sequence[Proposal],
    budget: Fraction,
    ack_top: int,
) -> str:
    """Return what was read, what settings stop, each budget's threshold, and the riskiest lines.

    levels  what each level flags
    asked   places of each change that `ack-top` asks for
    """
    rows = [*_read(changes), "", *_settings(levels, asked, ack_top)]
    for proposal in proposals:
        rows += ["", _words(proposal, budget), *(f"  {row}" for row in _proposal(proposal))]
    rows += ["", "riskiest lines"]
    lines = [(line, change) for change in changes for line in change.lines]
    for line, change in nlargest(EXAMPLES, lines, key=lambda pair: pair[0].risk):
        rows.append(f"  {line.risk:.4f}  {_place(line, change)}")
    return "".join(f"{inert(row)}\n" for row in rows)


def _read(changes: Sequence[ReplayedChange]) -> Iterator[str]:
    lines = sum(len(change.lines) for change in changes)
    days = sorted(change.day for change in changes)
    yield f"{len(changes):,} changes with {lines:,} scored lines, {days[0]} to {days[-1]}"
    covered = [[x.fault for x in change.lines if x.fault is not None] for change in changes]
    if known := [fault for part in covered for fault in part]:
        of = plural(sum(map(bool, covered)), "change")
        yield f"labels cover {len(known):,} lines of {of}; {sum(known):.1f} of these were at fault"


def _settings(levels: Mapping[Level, Flagged], asked: Sequence[int], ack_top: int) -> Iterator[str]:
    """Yield a table: what each setting flags, and how many changes it stops."""
    yield f"{'by percentiles of these lines':<30}{'flagged':>20}{'changes stopped':>19}"
    rows = [
        (f'fail-on = "{level}"', f"{one.lines:,} of {one.of_lines:,} lines", one.changes)
        for level, one in levels.items()
    ]
    rows.append((f"ack-top = {ack_top}", plural(sum(asked), "place"), sum(map(bool, asked))))
    for name, what, stopped in rows:
        yield f"  {name:<28}{what:>20}{f'{stopped:,} of {len(asked):,}':>19}"
    yield "A change with a flagged line is stopped; ack-top lets it pass once its places are read."


def _words(proposal: Proposal, budget: Fraction) -> str:
    if proposal.top is None:
        return f"at most {plural(budget.numerator, 'line')} in {budget.denominator:,}"
    return f"at most {plural(proposal.top, 'line')} of a change, in 19 of 20 changes"


def _proposal(proposal: Proposal) -> Iterator[str]:
    one, rate = proposal.flagged, 100 * proposal.flagged.lines / proposal.flagged.of_changes
    yield f"max-risk = {proposal.threshold:.4f}"
    yield (f"flags {_counts(one)}: {rate:.0f} lines per 100 changes")
    if one.labelled:
        of = plural(one.labelled, "labelled line")
        recall = f", recall {share(one.faults / one.of_faults)}" if one.of_faults else ""
        yield f"precision {_rate(one.faults, one.labelled)}: {one.faults:.1f} of {of}{recall}"
    yield (
        f"the threshold of the older half, {proposal.earlier:.4f}, flags in the newer half"
        f" {_later(proposal)}"
    )


def _counts(one: Flagged) -> str:
    lines = f"{one.lines:,} of {one.of_lines:,} lines"
    return f"{lines}, in {one.changes:,} of {one.of_changes:,} changes"


def _later(proposal: Proposal) -> str:
    later = proposal.later
    if proposal.top is not None:
        more, rate = f"more than {proposal.top}", _rate(later.crowded, later.of_changes)
        return f"{more} in {later.crowded:,} of {later.of_changes:,} changes, {rate}"
    per = f", 1 in {later.of_lines / later.lines:.0f}" if later.lines else ""
    low, high = wilson(later.lines, later.of_lines)
    rarest = f"1 in {1 / low:.0f}" if low > 0 else "none"
    often = f"1 in {1 / high:.0f} to {rarest}"
    return f"{later.lines:,} of {later.of_lines:,} lines{per} (95 % interval {often})"


def _rate(hits: float, of: int) -> str:
    low, high = (100 * end for end in wilson(hits, of))
    return f"{share(hits / of)} (95 % interval {low:.0f} to {high:.0f} %)"


def _place(line: ReplayedLine, change: ReplayedChange) -> str:
    path, text = visible(line.path), visible(" ".join(line.text.split()))
    shown = path if len(path) <= 2 * MAX_CHARS else "..." + path[-2 * MAX_CHARS :]
    return f"{shown}:{line.number} in {change.head[:10]}: {text[:MAX_CHARS]}"
