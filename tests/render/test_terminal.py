"""The report for a person at a terminal."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from reviewbot.render.terminal import terminal
from reviewbot.report.model import Report
from reviewbot.scoring.calibration import RecentInfo
from reviewbot.scoring.outcomes import Reason
from tests.known import evidence
from tests.render.examples import BY_AI, failed, report, scored, skipped

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def plain(made: Report, width: int = 80, top: int = 10, quiet: bool = False) -> str:
    return terminal(replace(made, top=top), width=width, color=False, quiet=quiet)


def test_the_riskiest_finding_comes_first_between_its_neighbours() -> None:
    out = plain(
        report(
            scored(1, "far", 0.6),
            scored(10, "before()", 0.1),
            scored(11, "risky()", 0.9),
            skipped(12),
            scored(14, "too far below", 0.1),
        )
    )

    assert out.index("src/app.py:11") < out.index("src/app.py:1\n")
    assert re.search(r"10 █{3}·{7}   27 before\(\)\n +11 █{10} 99.8 risky\(\)\n +12", out)
    assert "too far below" not in out


def test_each_line_carries_bar_and_number_so_that_colour_only_repeats_them() -> None:
    made = report(scored(1, "risky()", 0.99))

    colored = terminal(made, width=80, color=True)

    assert "\x1b[" in colored
    assert ANSI.sub("", colored) == plain(made)


def test_a_change_without_findings_still_says_where_to_look_first() -> None:
    out = plain(report(scored(1, "x = 1", 0.1), scored(9, "y = x / n", 0.3)))

    assert (
        out.index("look first at:") < out.index("1. src/app.py:9\n") < out.index("2. src/app.py:1")
    )
    assert out.splitlines()[-1] == "PASS (exit 0): no line blocks (fail-on high); all lines are low"


def test_a_clean_change_takes_three_lines_at_most_if_quiet() -> None:
    made = report(scored(1, "x", 0.1), skipped(2), notes=("a" * 300, "b"), note="binary")
    out = plain(made, width=100, quiet=True)

    lines = out.splitlines()
    assert lines[0] == "PASS (exit 0): no line blocks (fail-on high); all lines are low"
    assert lines[1] == "2 lines added = 1 scored + 1 skipped (blank 1); 1 file not read"
    assert lines[2].startswith("note: aaa")
    assert len(lines) == 3


def test_a_pass_with_lines_that_failed_is_not_quiet() -> None:
    out = plain(report(scored(1, "x", 0.1), failed(2), min_coverage=0.0), quiet=True)

    assert "not scored: src/app.py, line 2: not in the head file" in out


def test_a_change_without_lines_says_so() -> None:
    assert plain(report()).splitlines() == [
        "EMPTY (exit 0): no line had to be scored",
        "no line was added from 1111111111 to the worktree",
    ]


def test_only_the_top_findings_are_shown_and_the_rest_is_counted() -> None:
    made = report(*(scored(10 * n, f"line{n}", 0.6) for n in range(1, 6)))

    out = plain(made, top=2)

    assert "line2" in out
    assert "line3" not in out
    assert "3 more findings: --top 5 shows all" in out
    assert "5 more findings" in plain(made, top=0)


@pytest.mark.parametrize("text", ["\x1b]0;title\x07", "[bold]no markup[/bold]", "a\u202eb", "x\r"])
def test_untrusted_text_neither_acts_nor_hides(text: str) -> None:
    out = plain(report(scored(1, text, 0.9, path=f"[red]x.py{text}"), notes=(text,)))

    assert "\x1b" not in out
    assert "\r" not in out
    assert "\u202e" not in out
    assert "[red]x.py" in out
    assert "[bold]" in out or "bold" not in text


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    path=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200),
    width=st.integers(0, 300),
    color=st.booleans(),
)
def test_no_line_is_wider_than_the_terminal(text: str, path: str, width: int, color: bool) -> None:
    made = report(scored(1, text, 0.9, path), failed(2, path=path), notes=(text,))

    out = ANSI.sub("", terminal(made, width=width, color=color))

    assert max(map(cell_len, out.split("\n"))) <= max(40, min(width, 200))
    assert "\x1b" not in out


@pytest.mark.parametrize("width", [40, 60, 79, 100])
def test_the_words_of_a_finding_stay_within_its_indentation(width: int) -> None:
    score = replace(scored(1, "x", 0.9), recent=95.5)
    wide = Reason("sae:1", "\u6f22" * 70, 1.0, 0.5)
    made = replace(
        report(replace(score, reasons=(wide, *score.reasons)), author=BY_AI),
        recent=RecentInfo("1" * 40, "2" * 40, 3_055),
        features=(evidence(detects="go"),),
    )

    rows = plain(made, width=width).splitlines()

    start = next(n for n, row in enumerate(rows) if row.startswith("1. "))
    finding = rows[start + 1 : rows.index("", start)]
    assert all(row.startswith("   ") for row in finding)
    assert "last 3,055" in " ".join(" ".join(finding).split())
