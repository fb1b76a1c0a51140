"""What an editor is told of a report's lines."""

from dataclasses import replace

from reviewbot.authorship.model import Attribution, Author
from reviewbot.config.levels import FailOn
from reviewbot.diff.model import ChangedLine
from reviewbot.encoders.spans import Span
from reviewbot.lsp.diagnostics import MAX_FINDINGS, Severity, diagnostics, not_read, unread_words
from reviewbot.scoring.outcomes import LineScore, Reason
from tests.known import evidence
from tests.render.examples import BY_AI, doubted, failed, report, scored, skipped

HOSTILE = "`code` [a](http://x) <img src=x>\n# head\x1b[31m \u202e" + "x" * 900


def test_a_finding_has_its_lines_its_level_and_its_reasons() -> None:
    made = report(
        scored(3, "a", 0.95),
        scored(5, "b", 0.7),
        scored(20, "c", 0.6),
        author=BY_AI,
        fail_on=FailOn.CRITICAL,
    )
    first, second = diagnostics(made)

    assert (first.start, first.end, first.severity) == (3, 5, Severity.WARNING)
    assert (second.start, second.end, second.severity) == (20, 20, Severity.INFORMATION)
    assert first.code == "risky-line"
    assert first.message.split("\n") == [
        "critical: riskier than 99.9 % of changed lines (risk 0.95; counts for the gate);"
        " written by AI (some-tool)",
        "because: feature 417 (unlabelled) (at 83 % of its maximum, +1.23 log-odds)",
        "because: line length (+0.50 log-odds)",
    ]
    assert first.details.split("\n") == [
        "**critical**: riskier than 99.9 % of changed lines (risk 0.95; counts for the gate);"
        " written by `AI (some-tool)`",
        "",
        "- because: `feature 417 (unlabelled)` (at 83 % of its maximum, +1.23 log-odds)",
        "- because: `line length` (+0.50 log-odds)",
    ]


def test_what_is_critical_is_a_warning_even_where_nothing_blocks() -> None:
    made = report(scored(3, "a", 0.95), scored(20, "c", 0.6), fail_on=FailOn.NEVER)

    assert [one.severity for one in diagnostics(made)] == [Severity.WARNING, Severity.INFORMATION]


def test_a_finding_with_an_expectation_is_marked_at_its_columns() -> None:
    line = doubted(scored(3, "if job.Kind == x:", 0.9), "job.Kind", "job.ID")
    (found,) = diagnostics(report(scored(2, "a", 0.95), line))

    assert (found.start, found.end, found.columns) == (3, 3, Span(3, 11))
    words = "line 3, `job.Kind`: the model expected `job.ID` (0.62 against 0.001)"
    assert found.message.split("\n")[0] == words
    assert found.details.split("\n")[2] == f"- {words}"


def test_a_strangers_words_are_bounded_inert_and_on_their_own_line() -> None:
    line = ChangedLine("a.py", 1, "x")
    made = report(
        LineScore(line, 0.9, float("nan"), (Reason("sae:1", HOSTILE, 1.0, None),)),
        author=Attribution(Author.AI, HOSTILE, None, 1.0, ()),
    )
    (found,) = diagnostics(made)

    for text in (found.message, found.details):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\n#" not in text
        assert len(text) < 1_200
    assert found.message.count("\n") == 1
    label = found.details.split("\n- ")[1]
    assert label.startswith("because: `` `code` [a](http://x)")
    assert label.endswith("`` (+1.00 log-odds)")


def test_where_the_mouse_rests_stands_what_is_known_of_a_feature() -> None:
    known = replace(evidence(detects=HOSTILE), feature="sae:417")
    made = replace(report(scored(3, "a", 0.95)), features=(known,))
    (found,) = diagnostics(made)

    reason = found.details.split("\n- ")[1]
    assert "): lift 3.2: fires on 9 of 41 risky lines, 14 of 5,210 others; mostly" in reason
    assert "detects `` `code` [a](http://x)" in reason  # as code: no link of a stranger acts
    assert "\x1b" not in found.details
    assert "lift" not in found.message


def test_what_was_not_read_comes_first_and_says_why() -> None:
    made = report(
        scored(3, "a", 0.95), failed(4), failed(5), skipped(6), author=BY_AI, min_coverage=0.0
    )
    first, second = diagnostics(made)

    assert (first.start, first.code, first.severity) == (1, "not-read", Severity.INFORMATION)
    assert first.message == "not read in full: 2 changed lines, not in the head file"
    assert second.code == "risky-line"


def test_what_is_passed_over_on_purpose_is_nothing_to_say() -> None:
    made = report(skipped(1), scored(2, "a", 0.1), note="binary")

    assert unread_words(made) == ""
    assert diagnostics(made) == ()


def test_a_risk_that_is_no_number_is_unknown() -> None:
    (found,) = diagnostics(report(scored(1, "a", 2.0)))
    assert "(risk 2.00; counts for the gate)" in found.message
    lost = LineScore(ChangedLine("a.py", 1, "x"), float("nan"), float("nan"), ())
    (found,) = diagnostics(report(lost))
    assert "critical: percentile unknown (risk unknown; counts for the gate)" in found.message


def test_of_very_many_findings_the_first_are_shown_and_the_rest_is_counted() -> None:
    made = report(*(scored(10 * n, "a", 0.95) for n in range(1, MAX_FINDINGS + 6)))
    found = diagnostics(made)

    assert len(found) == MAX_FINDINGS + 1
    assert found[-1].message == "5 more findings not shown"


def test_why_nothing_was_read_is_one_bounded_line() -> None:
    found = not_read("a\nb\x1b" + "c" * 5_000)

    assert found.message.startswith("not read in full: a b<U+001B>ccc")
    assert len(found.message) < 700
    assert "\n" not in found.message + found.details
