"""Which lines a second, deeper model reads again: the riskiest ones, up to a number of tokens.

Tokens and not seconds, and what is cached counts like what is not: same input, same lines.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from reviewbot.diff.model import ChangedLine
from reviewbot.scoring.outcomes import LineScore

# Of what the deeper model could read, it reads a third, in a small change more. With the riskiest
# fifth read, recall at 20 % is .017 below that of reading everything (research/log.md).
SHARE, SMALL = 3, 6_000
Planned = tuple[tuple[ChangedLine, ...], int]  # the lines of a reading, and its tokens


@dataclass(frozen=True, slots=True)
class Budgeted:
    """The lines of the readings that the budget pays for."""

    lines: frozenset[ChangedLine]
    tokens: int  # of these readings, everything that the model is shown included


def within_budget(plan: Iterable[Planned], scores: Iterable[LineScore], budget: int) -> Budgeted:
    """Choose readings in the order of their riskiest line: risk descending, then path and line.

    A reading serves all of its lines and counts once. The first reading that exceeds the budget
    ends the choice. A line without a reading is passed over.
    plan    how the deeper model would read every line
    budget  tokens at most; nor more than a third of the plan's, or SMALL
    """
    plan = list(plan)
    budget = min(budget, max(SMALL, sum(tokens for _, tokens in plan) // SHARE))
    reading_of = {line: (lines, tokens) for lines, tokens in plan for line in lines}
    chosen: set[ChangedLine] = set()
    used = 0
    for score in sorted(scores, key=lambda one: (-one.risk, one.line.path, one.line.number)):
        if score.line in chosen or score.line not in reading_of:
            continue
        lines, tokens = reading_of[score.line]
        if used + tokens > budget:
            break
        used += tokens
        chosen.update(lines)
    return Budgeted(frozenset(chosen), used)
