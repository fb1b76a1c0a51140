"""Risky lines joined into findings that keep their name."""

import math
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.diff.model import ChangedLine
from reviewbot.report.findings import Finding, further_places, group, riskiest_places
from reviewbot.report.gate import GateStatus
from reviewbot.report.model import top_places
from reviewbot.scoring.outcomes import Expectation, LineScore
from tests.render.examples import doubted, report, scored, skipped


def score(number: int, risk: float = 0.9, text: str = "x = 1", path: str = "a.py") -> LineScore:
    return LineScore(ChangedLine(path, number, text), risk, 50.0, ())


def above(least: float) -> Callable[[LineScore], bool]:
    """Whether a line's risk is higher, or unknown."""
    return lambda one: not one.risk <= least


def places(findings: tuple[Finding, ...]) -> list[tuple[str, int, int]]:
    return [(found.path, found.start, found.end) for found in findings]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([], []),
        ([score(1, 0.2)], []),
        ([score(1), score(4), score(8)], [("a.py", 1, 4), ("a.py", 8, 8)]),
        ([score(1, 0.5), score(2, 0.51), score(3, 0.7)], [("a.py", 2, 3)]),
        ([score(9), score(10, path="b.py")], [("a.py", 9, 9), ("b.py", 10, 10)]),
        (
            [score(1, 0.6), score(9, 0.8), score(20, 0.6), score(1, 0.6, path="A.py")],
            [("a.py", 9, 9), ("A.py", 1, 1), ("a.py", 1, 1), ("a.py", 20, 20)],
        ),
    ],
    ids=["none", "none risky", "gaps", "those that are shown only", "two files", "order"],
)
def test_risky_lines_of_one_file_are_joined_and_sorted(
    scores: list[LineScore], expected: list[tuple[str, int, int]]
) -> None:
    findings = group(scores, above(0.5))

    assert places(findings) == expected
    assert all(found.risk == max(one.risk for one in found.lines) for found in findings)


def test_a_finding_is_a_place_of_at_most_twelve_lines_however_many_are_shown() -> None:
    every = group([score(n, 0.01) for n in range(1, 501)], lambda _score: True)
    gaps = group([score(n) for n in (1, 4, 7, 10, 12, 13, 16)], above(0.5))

    assert {found.end - found.start + 1 for found in every} == {12, 500 % 12}
    assert sum(len(found.lines) for found in every) == 500
    assert places(gaps) == [("a.py", 1, 12), ("a.py", 13, 16)]


def test_a_finding_keeps_its_fingerprint_when_its_lines_move_or_are_indented() -> None:
    (here,) = group([score(1, text="if x:"), score(2, text="  y()")], above(0.5))
    (there,) = group([score(71, 0.6, text="    if  x:"), score(72, text="\ty()")], above(0.5))

    assert here.fingerprint == there.fingerprint
    assert re.fullmatch("[0-9a-f]{16}:1", here.fingerprint)


def test_fingerprints_differ_by_words_by_file_and_by_repetition() -> None:
    prints = {
        group([one], above(0.5))[0].fingerprint
        for one in (score(1), score(1, text="x = 2"), score(1, path="b.py"))
    }
    first, second = group([score(1), score(50)], above(0.5))
    moved = group([score(3), score(80)], above(0.5))

    assert len(prints) == 3
    assert first.fingerprint != second.fingerprint
    assert {f.fingerprint for f in moved} == {first.fingerprint, second.fingerprint}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([(0.31, "not counted"), (0.23, "above"), (0.2, "above")], [(1, 1), (2, 3)]),
        ([(0.2, "above"), (0.3, "below"), (0.1, "below")], [(2, 3), (1, 1)]),
    ],
    ids=["not counted beside above", "above beside a riskier line below its own threshold"],
)
def test_a_line_that_blocks_is_not_joined_to_a_riskier_line_that_does_not(
    lines: list[tuple[float, str]], expected: list[tuple[int, int]]
) -> None:
    scores = [score(n, risk, status) for n, (risk, status) in enumerate(lines, start=1)]

    findings = group(scores, above(0.05), None, lambda one: GateStatus(one.line.text))

    assert [(found.start, found.end) for found in findings] == expected


def test_a_risk_that_is_unknown_comes_first() -> None:
    found = group([score(1, 0.9), score(9, float("nan")), score(10, 0.5)], above(0.1))

    assert places(found) == [("a.py", 9, 10), ("a.py", 1, 1)]
    assert math.isnan(found[0].risk)
    assert found[0].worst.line.number == 9


@given(
    st.lists(
        st.tuples(st.sampled_from([0.2, 0.4, 0.6, float("nan")]), st.sampled_from(list(GateStatus)))
    )
)
def test_what_is_said_of_a_finding_is_true_of_it(lines: list[tuple[float, GateStatus]]) -> None:
    scores = [score(n, risk, stands.value) for n, (risk, stands) in enumerate(lines, start=1)]

    found = group(scores, above(0.1), None, lambda one: GateStatus(one.line.text))

    assert sum(len(finding.lines) for finding in found) == len(scores)
    for finding in found:
        statuses = {one.line.text for one in finding.lines} - {"below"}
        assert statuses in (set(), {finding.worst.line.text})


def test_a_finding_has_the_two_strongest_doubts_of_all_its_lines_and_fewer_reasons() -> None:
    first = doubted(doubted(scored(1, "a b", 0.9), "a", "x", 0.1), "b", "y", 0.3)
    second = doubted(scored(2, "c d", 0.8), "c", "z", 0.001)
    (finding,) = group([first, second], above(0.5))

    assert [(line.number, one.expected) for line, one in finding.doubts] == [(2, "z"), (1, "x")]
    assert len(finding.worst.reasons) == 2
    assert finding.reasons == finding.worst.reasons[:1]


def test_a_finding_without_an_expectation_has_no_doubt_and_all_its_reasons() -> None:
    (finding,) = group([scored(1, "a b", 0.9)], above(0.5))

    assert finding.doubts == ()
    assert finding.reasons == finding.worst.reasons


def test_percentiles_order_lines_of_two_artifacts_and_risks_those_of_one() -> None:
    deep = replace(score(1, 0.1), percentile=99.9, deep=True)
    lines = [deep, score(9, 0.4), score(20, 0.8), score(21, 0.9)]

    found = group(lines, above(0.0))

    assert places(found) == [("a.py", 1, 1), ("a.py", 20, 21), ("a.py", 9, 9)]
    assert [(one.level, one.risk) for one in found] == [
        ("critical", 0.1),
        ("low", 0.9),
        ("low", 0.4),
    ]
    assert places(further_places(lines, (), 2)) == [("a.py", 1, 1), ("a.py", 21, 21)]


def test_lines_with_an_expectation_come_before_others_below_medium_strongest_first() -> None:
    def line(number: int, percentile: float, found: float = 0.0) -> LineScore:
        expected = (Expectation(0, 1, "x", "y", found, 0.9),) if found else ()
        return replace(score(number), percentile=percentile, expectations=expected)

    lines = [line(1, 90), line(11, 96), line(21, 40, 0.01), line(31, 30, 0.001), line(41, 98)]

    ordered = [found.start for found in further_places(lines, (), 5)]

    assert ordered == [41, 11, 31, 21, 1]


def test_the_first_places_are_the_findings_then_the_riskiest_lines_away_from_them() -> None:
    made = report(
        scored(10, "a finding", 0.95),
        scored(11, "another line of it", 0.9),
        scored(13, "beside it", 0.4),
        scored(15, "away from it", 0.3),
        scored(19, "riskier", 0.34),
        scored(21, "beside a riskier line", 0.33),
        scored(60, "the second finding", 0.6),
        scored(1, "elsewhere", 0.2, "src/other.py"),
        skipped(2, "blank", "src/other.py"),
    )
    wanted = [
        ("src/app.py", 10, 11),
        ("src/app.py", 60, 60),
        ("src/app.py", 19, 19),
        ("src/app.py", 15, 15),
        ("src/other.py", 1, 1),
    ]

    assert [places(top_places(made, count)) for count in (0, 1, 2, 4)] == [
        [],
        wanted[:1],
        wanted[:2],
        wanted[:4],
    ]
    assert places(top_places(made, 99)) == wanted
    assert [one in made.findings for one in top_places(made, 99)] == [True] * 2 + [False] * 3


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a.py", "b.py"]),
            st.integers(1, 30),
            st.sampled_from([0.1, 0.2, 0.6, 0.9, float("nan")]),
        ),
        unique_by=lambda line: line[:2],
    ),
    st.integers(0, 8),
)
def test_every_scored_change_has_a_place_and_no_line_is_in_two(
    lines: list[tuple[str, int, float]], count: int
) -> None:
    made = report(*(scored(number, "x", risk, path) for path, number, risk in sorted(lines)))

    found = top_places(made, count)

    own = [(one.path, score.line.number) for one in found for score in one.lines]
    assert len(own) == len(set(own))
    assert min(1, count, len(lines)) <= len(found) <= count
    assert found[: len(made.findings)] == made.findings[:count]
    rest = [one.worst.own_percentile for one in found[len(made.findings) :]]
    assert rest == sorted(rest, reverse=True)


def test_the_riskiest_places_are_runs_of_medium_lines_and_ties_go_by_place() -> None:
    def line(number: int, percentile: float, path: str = "a.py") -> LineScore:
        return LineScore(ChangedLine(path, number, "x"), percentile / 100, percentile, ())

    scores = [line(1, 96), line(3, 99), line(5, 94.9), line(20, 97), line(40, 94), line(60, 99.9)]
    scores += [line(1, 97, "B.py"), line(9, 97, "b.py")]

    def lines(top: int, but: int = 0) -> list[list[tuple[str, int]]]:
        found = riskiest_places(scores, top, lambda one: one.number != but)
        return [sorted(place) for place in found]

    assert lines(3) == [[("a.py", 60)], [("a.py", 1), ("a.py", 3)], [("B.py", 1)]]
    assert lines(9) == [*lines(3), [("a.py", 20)], [("b.py", 9)]]
    assert lines(2, but=60) == [[("a.py", 1), ("a.py", 3)], [("B.py", 1)]]
    assert lines(0) == []
