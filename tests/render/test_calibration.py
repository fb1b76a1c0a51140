"""What a person reads of proposed thresholds; paths and code are untrusted."""

from fractions import Fraction

from reviewbot.config.levels import Level
from reviewbot.render.calibration import thresholds
from reviewbot.report.budgets import (
    ReplayedChange,
    ReplayedLine,
    asked_places,
    flagged_at,
    proposals,
)

HOSTILE = "a\x1b[31m\n::error::\u202eb.py"


def test_the_budgets_and_the_riskiest_lines_are_shown_and_nothing_else_is_printed() -> None:
    lines = [
        ReplayedLine(HOSTILE, 7, f"\tx = '\x1b[2J{'y' * 99}", 0.81235, 1.0),
        ReplayedLine("b.py", 1, "y", 0.25),
        ReplayedLine("b.py", 2, "y", 0.125, 0.0),
        ReplayedLine("b.py", 3, "y", 0.0625),
        ReplayedLine("b.py", 4, "y", 0.0),
    ]
    changes = [
        ReplayedChange("1" * 40, "2026-02-01", tuple(lines)),
        ReplayedChange("2" * 40, "2025-12-31", tuple(lines[1:])),
    ]
    budget = Fraction(1, 4)

    ranks = {0.0: 0.0, 0.0625: 90.0, 0.125: 99.0, 0.25: 99.5, 0.81235: 99.9}
    levels = {level: flagged_at(changes, level, ranks.__getitem__, 2) for level in list(Level)[1:]}
    asked = asked_places(changes, ranks.__getitem__, 2)

    text = thresholds(changes, levels, asked, proposals(changes, budget, top=2), budget, 2)

    assert text == (
        "2 changes with 9 scored lines, 2025-12-31 to 2026-02-01\n"
        "labels cover 3 lines of 2 changes; 1.0 of these were at fault\n"
        "\n"
        "by percentiles of these lines              flagged    changes stopped\n"
        '  fail-on = "medium"                  5 of 9 lines             2 of 2\n'
        '  fail-on = "high"                    5 of 9 lines             2 of 2\n'
        '  fail-on = "critical"                1 of 9 lines             1 of 2\n'
        "  ack-top = 2                             3 places             2 of 2\n"
        "A change with a flagged line is stopped; ack-top lets it pass once its places are read.\n"
        "\n"
        "at most 1 line in 4\n"
        "  max-risk = 0.2500\n"
        "  flags 1 of 9 lines, in 1 of 2 changes: 50 lines per 100 changes\n"
        "  precision 100 % (95 % interval 21 to 100 %): 1.0 of 1 labelled line, recall 100 %\n"
        "  the threshold of the older half, 0.1250, flags in the newer half 2 of 5 lines, 1 in 2"
        " (95 % interval 1 in 1 to 1 in 9)\n"
        "\n"
        "at most 2 lines of a change, in 19 of 20 changes\n"
        "  max-risk = 0.1250\n"
        "  flags 3 of 9 lines, in 2 of 2 changes: 150 lines per 100 changes\n"
        "  precision 100 % (95 % interval 21 to 100 %): 1.0 of 1 labelled line, recall 100 %\n"
        "  the threshold of the older half, 0.0625, flags in the newer half more than 2 in 1 of"
        " 1 changes, 100 % (95 % interval 21 to 100 %)\n"
        "\n"
        "riskiest lines\n"
        "  0.8124  a<U+001B>[31m<U+000A>::error::<U+202E>b.py:7 in 1111111111: x = '<U+001B>[2J"
        f"{'y' * 44}\n"
        "  0.2500  b.py:1 in 1111111111: y\n"
        "  0.2500  b.py:1 in 2222222222: y\n"
        "  0.1250  b.py:2 in 1111111111: y\n"
        "  0.1250  b.py:2 in 2222222222: y\n"
    )
