"""A proposed threshold keeps its budget, and no lower one does."""

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.report.budgets import (
    CROWDED,
    STEPS,
    ReplayedChange,
    ReplayedLine,
    change_threshold,
    flagged,
    line_threshold,
    needed_lines,
    proposals,
)

SHARE = Fraction(1, 10)


def replayed(risks: Sequence[float], faults: Sequence[float | None] = ()) -> ReplayedChange:
    known = [*faults, *[None] * (len(risks) - len(faults))]
    pairs = enumerate(zip(risks, known, strict=True), 1)
    lines = tuple(ReplayedLine("a.py", n, "x", risk, fault) for n, (risk, fault) in pairs)
    return ReplayedChange("c" * 40, "2026-01-01", lines)


CHANGES = st.lists(
    st.lists(st.integers(0, 3 * STEPS).map(lambda n: n / (3 * STEPS)), min_size=1, max_size=12),
    min_size=2,
    max_size=40,
).map(lambda many: [replayed(risks) for risks in many])


@given(changes=CHANGES, top=st.integers(1, 4))
def test_a_threshold_keeps_its_budget_and_one_step_less_breaks_it(
    changes: list[ReplayedChange], top: int
) -> None:
    by_line, by_change = line_threshold(changes, SHARE), change_threshold(changes, top)

    kept = flagged(changes, by_line, top)
    assert kept.lines <= SHARE * kept.of_lines
    assert flagged(changes, by_change, top).crowded <= CROWDED * len(changes)
    if by_line > 0:
        assert flagged(changes, by_line - 1.01 / STEPS, top).lines > SHARE * kept.of_lines
    if by_change > 0:
        less = flagged(changes, by_change - 1.01 / STEPS, top)
        assert less.crowded > CROWDED * len(changes)


def test_the_older_half_is_tried_on_the_newer_one() -> None:
    newer, older = [replayed([0.9, 0.8, 0.1])] * 2, [replayed([0.2] * 5)] * 3

    by_line, by_change = proposals([*newer, *older], Fraction(1, 5), top=1)

    assert (by_line.threshold, by_line.flagged.lines, by_line.flagged.of_lines) == (0.2, 4, 21)
    assert (by_line.earlier, by_line.later.lines, by_line.later.of_lines) == (0.2, 4, 6)
    assert (by_change.threshold, by_change.flagged.changes) == (0.8, 2)
    assert (by_change.earlier, by_change.later.crowded, by_change.later.of_changes) == (0.2, 2, 2)


def test_faults_count_only_where_labels_cover_a_line() -> None:
    found = flagged([replayed([0.9, 0.8, 0.7, 0.1], [0.5, None, 0.0, 1.0])], 0.5, top=3)

    assert (found.lines, found.labelled, found.faults, found.of_faults) == (3, 2, 0.5, 1.5)


@pytest.mark.parametrize(("share", "lines"), [(Fraction(1, 200), 1_000), (Fraction(2, 999), 2_498)])
def test_a_small_budget_needs_more_lines(share: Fraction, lines: int) -> None:
    assert needed_lines(share) == lines
