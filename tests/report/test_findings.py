"""Risky lines joined into findings that keep their name."""

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.diff.model import ChangedLine
from reviewbot.report.findings import Finding, group
from reviewbot.report.gate import GateStatus
from reviewbot.scoring.outcomes import LineScore


def score(number: int, risk: float = 0.9, text: str = "x = 1", path: str = "a.py") -> LineScore:
    return LineScore(ChangedLine(path, number, text), risk, 50.0, ())


def places(findings: tuple[Finding, ...]) -> list[tuple[str, int, int]]:
    return [(found.path, found.start, found.end) for found in findings]


def test_risky_lines_with_at_most_two_lines_between_are_one_finding() -> None:
    found = group([score(1), score(4), score(8)], 0.5)

    assert places(found) == [("a.py", 1, 4), ("a.py", 8, 8)]


def test_a_line_is_in_a_finding_only_above_the_threshold_as_in_the_gate() -> None:
    found = group([score(1, 0.5), score(2, 0.51), score(3, 0.7)], 0.5)

    assert [[s.line.number for s in f.lines] for f in found] == [[2, 3]]
    assert found[0].risk == 0.7


def test_files_never_share_a_finding() -> None:
    found = group([score(9, path="a.py"), score(10, path="b.py")], 0.5)

    assert places(found) == [("a.py", 9, 9), ("b.py", 10, 10)]


def test_the_riskiest_finding_comes_first_then_path_and_place() -> None:
    scores = [score(1, 0.6), score(9, 0.8), score(20, 0.6), score(1, 0.6, path="A.py")]

    assert places(group(scores, 0.5)) == [
        ("a.py", 9, 9),
        ("A.py", 1, 1),
        ("a.py", 1, 1),
        ("a.py", 20, 20),
    ]


def test_a_finding_keeps_its_fingerprint_when_its_lines_move_or_are_indented() -> None:
    (here,) = group([score(1, text="if x:"), score(2, text="  y()")], 0.5)
    (there,) = group([score(71, 0.6, text="    if  x:"), score(72, text="\ty()")], 0.5)

    assert here.fingerprint == there.fingerprint
    assert re.fullmatch("[0-9a-f]{16}:1", here.fingerprint)


def test_other_words_or_another_file_make_another_fingerprint() -> None:
    prints = {
        group([one], 0.5)[0].fingerprint
        for one in (score(1), score(1, text="x = 2"), score(1, path="b.py"))
    }

    assert len(prints) == 3


def test_the_same_lines_twice_in_a_file_are_two_fingerprints() -> None:
    first, second = group([score(1), score(50)], 0.5)
    moved = group([score(3), score(80)], 0.5)

    assert first.fingerprint != second.fingerprint
    assert {f.fingerprint for f in moved} == {first.fingerprint, second.fingerprint}


def test_nothing_risky_is_no_finding() -> None:
    assert group([score(1, 0.2)], 0.5) == group([], 0.5) == ()


def test_a_line_that_the_gate_does_not_count_is_no_part_of_a_finding_that_blocks() -> None:
    scores = [score(5, 0.31, "not counted"), score(6, 0.23, "above"), score(7, 0.2, "above")]

    found = group(scores, 0.1, None, lambda one: GateStatus(one.line.text))

    assert places(found) == [("a.py", 5, 5), ("a.py", 6, 7)]


def test_what_blocks_is_not_hidden_behind_a_riskier_line_below_its_own_limit() -> None:
    scores = [score(5, 0.2, "above"), score(6, 0.3, "below"), score(7, 0.1, "below")]

    found = group(scores, 0.05, None, lambda one: GateStatus(one.line.text))

    assert places(found) == [("a.py", 6, 7), ("a.py", 5, 5)]


def test_a_risk_that_is_unknown_comes_first() -> None:
    found = group([score(1, 0.9), score(9, float("nan")), score(10, 0.5)], 0.1)

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

    found = group(scores, 0.1, None, lambda one: GateStatus(one.line.text))

    assert sum(len(finding.lines) for finding in found) == len(scores)
    for finding in found:
        above = {one.line.text for one in finding.lines} - {"below"}
        assert above in (set(), {finding.worst.line.text})
