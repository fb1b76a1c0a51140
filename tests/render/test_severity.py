"""One rule of severity: other tools that gate by it agree with our exit code."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.config.levels import FailOn
from reviewbot.diff.model import ChangedLine
from reviewbot.render.findings import Severity, finding_views, gate_words
from reviewbot.render.issues import issues
from reviewbot.report.findings import group
from reviewbot.report.gate import GateRules, decide
from reviewbot.report.ledger import count
from reviewbot.report.model import Report
from reviewbot.scoring.outcomes import LineScore, Outcome, Skipped
from tests.render.examples import CASES, failed, line_report, policy_of, report, scored

PATHS = ("auth/a.py", "tests/t.py", "b.py")


BOTH = report(scored(1, "x", 0.9), failed(5))
ABOVE, NOT_COUNTED = "counts for the gate", "not counted by the gate"


@pytest.mark.parametrize(
    ("whole", "expected"),
    [
        (CASES["limits"], [("tests/t.py", 1, "warning", ""), ("auth/a.py", 1, "error", ABOVE)]),
        (
            CASES["excused"],
            [
                ("src/app.py", 1, "warning", NOT_COUNTED),
                ("src/app.py", 9, "error", ABOVE),
                ("src/app.py", 10, "warning", NOT_COUNTED),
            ],
        ),
        (BOTH, [("src/app.py", 1, "error", ABOVE)]),  # it would block, too
        (
            replace(BOTH, policy=replace(BOTH.policy, max_lines_over=1)),
            [("src/app.py", 1, "warning", ABOVE)],
        ),
        (CASES["advisory"], [("src/app.py", 1, "warning", "")]),
        (report(scored(1, "x", float("nan"))), [("src/app.py", 1, "error", ABOVE)]),
    ],
    ids=["limits", "excused", "unread", "allowed", "advisory", "nan"],
)
def test_a_finding_that_blocks_is_an_error_and_another_one_a_warning(
    whole: Report, expected: list[tuple[str, int, str, str]]
) -> None:
    assert [
        (view.finding.path, view.finding.start, view.severity.value, gate_words(view.gate_status))
        for view in finding_views(whole)
    ] == expected


def test_failed_neighbours_are_one_issue_and_a_scored_line_separates_them() -> None:
    made = report(failed(1), failed(2), scored(3, "x", 0.1), failed(4), failed(9))

    assert [(one.start, one.end) for one in issues(made)] == [(1, 2), (4, 4), (9, 9)]


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """A report as the pipeline makes one, of any policy."""
    outcomes: list[Outcome] = []
    for path in PATHS:
        for number in range(1, draw(st.integers(0, 4)) + 1):
            kind = draw(
                st.sampled_from(["scored", "failed", "blank", "large", "excluded", "generated"])
            )
            line = ChangedLine(path, number, "x")
            if kind == "scored":
                outcomes.append(scored(number, "x", draw(st.sampled_from([0.1, 0.4, 0.7])), path))
            elif kind == "failed":
                outcomes.append(failed(number, path=path))
            else:
                outcomes.append(Skipped(line, kind, counts_as_unread=kind == "large"))
    policy = policy_of(
        fail_on=draw(st.sampled_from(FailOn)),
        max_risk=draw(st.sampled_from([None, 0.0, 0.3, 1.0])),
        max_lines_over=draw(st.integers(0, 2)),
        min_coverage=draw(st.sampled_from([0.0, 0.5, 1.0])),
        min_lines=draw(st.integers(0, 3)),
        ack_top=draw(st.integers(0, 1)),
        fail_on_for=draw(
            st.sampled_from([(), ("auth/**=medium",), ("tests/**=never", "b.py=0.1")])
        ),
    )
    free = draw(st.sets(st.sampled_from([(path, 1) for path in PATHS])))
    unread = draw(st.integers(0, 1))
    made = report(*outcomes)
    rules = GateRules(policy=policy, acknowledged=frozenset(free))
    scores = [outcome for outcome in outcomes if isinstance(outcome, LineScore)]
    files = [
        replace(
            file,
            lines=tuple(line_report(line.outcome, line.author, rules) for line in file.lines),
        )
        for file in made.files
    ]
    ledger = count(outcomes, unread, policy.ack_top)
    return replace(
        made,
        policy=policy,
        files=tuple(files),
        verdict=decide(rules, ledger, [(one.level, rules.status(one)) for one in scores]),
        ledger=ledger,
        findings=group(scores, rules.is_shown, None, rules.status),
    )


@settings(max_examples=300, deadline=None)
@given(reports())
def test_there_is_an_error_exactly_where_the_exit_code_is_not_0(made: Report) -> None:
    errors = [one for one in issues(made) if one.severity is Severity.ERROR]

    assert bool(errors) == (made.verdict.exit_code != 0)


@settings(max_examples=100, deadline=None)
@given(reports())
def test_an_empty_list_is_a_change_that_was_read_and_passes(made: Report) -> None:
    if not issues(made):
        assert made.verdict.exit_code == 0
        assert made.ledger.coverage == 1.0
        assert made.ledger.unread_files == 0
