"""What is known of a feature, in words, and in every report that names one."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.render.comment import MAX_FINDING, finding_comment, pages
from reviewbot.render.evidence import (
    clause,
    detector_words,
    exemplar_words,
    facts,
    feature_name,
    indentation_words,
    label_words,
    language_words,
    lift_words,
    marked,
    near_misses,
    pieces,
    tally_words,
)
from reviewbot.render.html_lines import heat_of
from reviewbot.render.markdown import markdown
from reviewbot.render.phrasing import rise_words, riskier_than, share
from reviewbot.render.terminal import terminal
from reviewbot.report.explanation import share_of_rise
from reviewbot.report.model import Report
from reviewbot.scoring.feature_evidence import FeatureEvidence, Tally
from reviewbot.scoring.outcomes import Reason
from reviewbot.scoring.recent_risks import RecentInfo
from tests.known import CENTS, RATIO, evidence, exemplar
from tests.render.reports import report, scored
from tests.render.test_comment import FOREIGN, outside_code

GOLDEN = Path(__file__).parents[1] / "golden" / "evidence"
KNOWN = evidence()


def known(*found: FeatureEvidence) -> Report:
    """A finding whose first reason is sae:417, with what is known of that."""
    made = report(scored(11, "    total = cents / 100", 0.93))
    return replace(made, features=found)


def test_a_tally_is_said_with_counts_lift_and_false_fire_rate() -> None:
    assert tally_words(KNOWN) == (
        "fires on 9 of 41 risky lines and 14 of 5,210 others: 3.2 times as often on risky lines as "
        "on all lines of the same set, language and length (false-fire rate 0.27 %)"
    )


def test_a_feature_that_was_never_expected_has_no_lift() -> None:
    never = evidence(tally=Tally(41, 0, 10, 0, 0.0))

    missed = evidence(tally=Tally(41, 0, 10, 1, 0.0))

    assert (
        tally_words(missed)
        == "fires on 0 of 41 risky lines and 1 of 10 others (false-fire rate 10 %)"
    )
    assert tally_words(never) == clause(never) == "fires on none of the labelled lines"


def test_of_a_sign_it_is_said_that_its_tally_may_be_of_lines_it_learned_from() -> None:
    words = "counted where its weight raises the risk; that weight was fitted on some of them"
    sign = evidence("surface:commas", "commas")
    never = evidence("surface:commas", "commas", tally=Tally(41, 0, 10, 0, 0.0))

    assert words in facts(sign)
    assert words not in facts(never)
    assert words not in facts(KNOWN)


def test_a_sign_that_never_raises_a_risk_has_no_rate() -> None:
    never = evidence("surface:commas", "commas", tally=Tally(41, 0, 10, 0, 0.0))

    assert tally_words(never) == clause(never) == "never raises the risk of a labelled line"


def test_a_sign_of_the_text_is_counted_where_it_raises_the_risk() -> None:
    named = evidence("surface:commas", "commas")

    assert clause(named).startswith("lift 3.2: counts in 9 of 41 risky lines,")
    assert tally_words(named).startswith("counts in 9 of 41 risky lines and 14 of 5,210")


@pytest.mark.parametrize(
    ("lift", "words"),
    [(0.413, "0.41"), (3.2, "3.2"), (119.7, "120"), (1e300, "over 999"), (math.inf, "over 999")],
)
def test_a_lift_has_two_figures_that_count(lift: float, words: str) -> None:
    assert lift_words(lift) == words


def test_a_clause_has_lift_counts_and_the_mark_of_a_language_detector() -> None:
    assert clause(evidence(detects="go")) == (
        "lift 3.2: fires on 9 of 41 risky lines, 14 of 5,210 others; mostly detects go"
    )
    assert clause(evidence(tally=None)) == ""


def test_languages_indentation_and_label_are_said_where_they_are_known() -> None:
    assert language_words(KNOWN) == "mostly go, 81 %; rust 10 %"
    assert language_words(replace(KNOWN, languages=(("go", 0.4), ("c", 0.3)))) == "go 40 %; c 30 %"
    assert language_words(replace(KNOWN, languages=())) == ""
    assert indentation_words(KNOWN) == ("clearly more often in indented code (correlation +0.34)")
    assert indentation_words(replace(KNOWN, indentation=-0.2)).startswith("somewhat less often")
    assert indentation_words(replace(KNOWN, indentation=0.05)) == ""
    assert "balanced accuracy .83" in label_words(KNOWN)
    assert label_words(evidence(label="")) == "no reliable label"
    assert detector_words(KNOWN) == ""


def test_a_feature_without_a_label_is_called_unlabelled() -> None:
    assert feature_name("sae:417", "") == "feature 417 (unlabelled)"
    assert feature_name("sae:417", " ") == "feature 417 (unlabelled)"
    assert feature_name("sae:417", "divides") == "divides"


def test_a_sign_that_is_named_by_its_definition_needs_no_score_of_its_label() -> None:
    named = facts(replace(KNOWN, feature="surface:commas", label="commas", label_score=None))

    assert not [line for line in named if "label" in line]


def test_an_example_has_source_licence_place_and_marks_what_fires() -> None:
    assert exemplar_words(CENTS) == (
        "requests 2.34.2 (Apache-2.0) requests/api.py:77  total = ‹cents› ‹/› 100"
    )
    assert near_misses(KNOWN) == ["requests 2.34.2 (Apache-2.0) requests/b.py:77  ratio = hits"]
    own = replace(CENTS, source="shop", licence="", revision="1" * 40)
    assert exemplar_words(own).startswith("shop at 1111111111 (own code) requests/api.py:77")


def test_a_token_that_is_nothing_but_the_line_s_end_is_shown() -> None:
    assert marked(exemplar(("x", 0.0), ("", 1.0))) == "x‹⏎›"
    assert marked(exemplar(("", 0.0))) == "⏎"


def test_code_that_holds_our_marks_cannot_pass_for_them() -> None:
    assert marked(exemplar(("a ‹b›", 0.0), (" c", 1.0))) == "a <U+2039>b<U+203A> ‹c›"


def test_a_long_example_is_cut_around_what_fires_most() -> None:
    long = exemplar(("a" * 500, 0.0), (" bang", 1.0), ("z" * 500, 0.0))

    words = marked(long)

    assert "‹bang›" in words
    assert words.startswith("…")
    assert words.endswith("…")
    assert len(words) < 140


@given(st.lists(st.tuples(st.text(max_size=40), st.floats(0, 1)), min_size=1, max_size=12))
@settings(max_examples=300, deadline=None)
def test_the_parts_of_any_example_are_bounded_and_hold_no_control(
    parts: list[tuple[str, float]],
) -> None:
    found = pieces(exemplar(*parts))

    text = "".join(part for part, _ in found)
    assert len(text) <= 122
    assert text.isprintable()
    assert any(strength > 0 for _, strength in found) == any(value > 0 for _, value in parts)


@pytest.mark.parametrize(
    ("part", "words"),
    [(0.0, "0 %"), (0.812, "81 %"), (0.0186, "1.9 %"), (0.0027, "0.27 %"), (1e-7, "below 0.01 %")],
)
def test_a_share_has_two_figures_that_count(part: float, words: str) -> None:
    assert share(part) == words


def test_a_percentile_is_said_for_the_lines_we_know_and_for_those_of_this_repository() -> None:
    both = "riskier than 98 % of changed lines we know and 95 % of this repository's last 3,000"

    assert riskier_than(98.7, 95.2, 3_000) == both
    assert riskier_than(98.7, None, 3_000) == "riskier than 98 % of changed lines we know"


@pytest.mark.parametrize(
    ("percentile", "shown"),
    [(0.0, "0"), (98.99, "98"), (99.0, "99.0"), (99.87, "99.8"), (100.0, "99.9")],
)
def test_a_percentile_is_the_same_in_words_and_beside_bars(percentile: float, shown: str) -> None:
    score = replace(scored(1, "x = 1", 0.9), percentile=percentile)
    made = report(score)

    assert riskier_than(percentile).startswith(f"riskier than {shown} % of")
    assert f" {shown} x = 1" in terminal(made, width=120, color=False, top=3)
    assert f" {shown} | x = 1" in markdown(made)
    assert heat_of(score)["percentile"] == shown


@pytest.mark.parametrize(
    ("parts", "average", "words"),
    [
        (
            (0.3, 0.2, 0.07),
            -3.13,
            "an average line has -3.13; these three reasons explain 19 %",
        ),
        ((0.3,), -3.13, "an average line has -3.13; this reason explains 10 %"),
        (
            (2.9, 0.09),
            -3.13,
            "an average line has -3.13; these two reasons explain 99 %",
        ),
        (
            (4.0, 1.0),
            -3.13,
            "an average line has -3.13; these two reasons explain more than",
        ),
        ((0.3,), 0.5, ""),  # the line is below the average
        ((), -3.13, ""),
        ((0.3,), None, ""),  # a report from before this was known
        ((0.3,), math.nan, ""),
        ((0.3,), -1e300, ""),
    ],
)
def test_reasons_say_how_much_of_the_rise_above_an_average_line_they_make(
    parts: tuple[float, ...], average: float | None, words: str
) -> None:
    reasons = tuple(Reason(f"sae:{n}", "", part, None) for n, part in enumerate(parts))
    score = replace(scored(1, "x", 0.9), reasons=reasons, rest=-0.13 - sum(parts))

    said = rise_words(share_of_rise(score, average), average, len(parts))

    assert said.startswith(words)
    assert bool(said) == bool(words)
    assert "100 %" not in said


def test_every_report_for_a_person_says_the_percentile_of_this_repository() -> None:
    score = replace(scored(1, "x", 0.9), recent=95.5)
    made = replace(report(score), recent=RecentInfo("1" * 40, "2" * 40, 3_000))
    words = "and 95 % of this repository's last 3,000"

    assert words in " ".join(terminal(made, width=120, color=False, top=3).split())
    assert words in markdown(made)
    assert words in finding_comment(made.findings[0], made, pages())


def test_a_report_at_a_terminal_has_one_short_line_more_and_no_examples() -> None:
    bare, rich = (terminal(made, width=120, color=False, top=3) for made in (known(), known(KNOWN)))

    more = [line for line in rich.splitlines() if line not in bare.splitlines()]
    assert more == ["     lift 3.2: fires on 9 of 41 risky lines, 14 of 5,210 others"]
    assert "‹cents›" not in rich


def test_markdown_and_comment_are_the_golden_files(golden: Callable[[Path, str], None]) -> None:
    made = known(evidence(detects="go"))

    golden(GOLDEN / "summary.md", markdown(made))
    golden(GOLDEN / "comment.md", finding_comment(made.findings[0], made, pages()) + "\n")


def test_a_feature_that_detects_no_language_is_not_called_a_detector() -> None:
    made = known(KNOWN)

    for out in (markdown(made), finding_comment(made.findings[0], made, pages())):
        assert "14 of 5,210 others\n" in out
        assert "detects" not in out


def test_a_comment_without_evidence_has_no_examples() -> None:
    made = known()

    assert "<details>" not in finding_comment(made.findings[0], made, pages())


def test_a_comment_keeps_its_limit_and_its_ends_with_the_longest_evidence() -> None:
    example = exemplar(*[("x" * 30, 1.0)] * 40, source="s" * 200, path="p" * 900)
    long = replace(KNOWN, label="l" * 900, exemplars=(example,) * 5, near_misses=(example,) * 2)
    two = replace(long, feature="surface:line length")
    made = known(long, two)

    text = finding_comment(made.findings[0], made, pages())

    assert len(text) <= MAX_FINDING
    assert text.count("<details>") == text.count("</details>")
    assert "A pointer, not a verdict." in text


@settings(max_examples=100, deadline=None)
@given(FOREIGN, FOREIGN, FOREIGN)
def test_nothing_of_a_stranger_s_evidence_is_markdown(code: str, path: str, label: str) -> None:
    example = exemplar((code, 1.0), ("`", 0.0), path=path, source=label, licence=path)
    foreign = replace(
        KNOWN, label=label, detects=path, exemplars=(example,), near_misses=(example,)
    )
    made = known(foreign)

    for out in (finding_comment(made.findings[0], made, pages()), markdown(made)):
        read = outside_code(re.sub(r"^(`{3,})text\n.*?^\1$", "", out, flags=re.M | re.S))
        for bad in ("@", "http", "](", "![", "\x1b", "\u202e", "#1", "{{"):
            assert bad not in read
        assert set(re.findall(r"</?(\w+)", read)) <= {"details", "summary", "code"}
    shown = terminal(made, width=80, color=False, top=1)
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_ratio_is_no_example_of_what_fires() -> None:
    assert pieces(RATIO) == [("ratio = hits", 0.0)]
