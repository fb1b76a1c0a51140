"""Evidence for a feature, in words, and in the reports that show it."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.config.levels import Level
from reviewbot.render.comment import finding_comment, pages
from reviewbot.render.evidence import (
    FITTED,
    counts,
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
from reviewbot.render.phrasing import level_words, rise_words, share
from reviewbot.render.terminal import terminal
from reviewbot.report.explanation import share_of_rise
from reviewbot.report.model import Report
from reviewbot.scoring.calibration import RecentInfo
from reviewbot.scoring.feature_evidence import FeatureEvidence, Tally
from reviewbot.scoring.outcomes import Reason
from tests.known import CENTS, evidence, exemplar
from tests.render.examples import report, scored

GOLDEN = Path(__file__).parents[1] / "golden" / "evidence"
KNOWN = evidence()
MARKED = "total = ‹cents› ‹/› 100"


def known(*found: FeatureEvidence) -> Report:
    """A finding whose first reason is sae:417, with this evidence."""
    made = report(scored(11, "    total = cents / 100", 0.93))
    return replace(made, features=found)


LINE = scored(11, "x", 0.93)
NEVER = evidence(tally=Tally(41, 0, 10, 0, 0.0))
NAMED = evidence("surface:commas", "commas")
NAMED_NEVER = evidence("surface:commas", "commas", tally=Tally(41, 0, 10, 0, 0.0))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            tally_words(KNOWN),
            "fires on 9 of 41 risky lines and 14 of 5,210 others: 3.2 times as often on risky lines"
            " as on all lines of the same set, language and length (false-fire rate 0.27 %)",
        ),
        (
            tally_words(evidence(tally=Tally(41, 0, 10, 1, 0.0))),  # never expected: no lift
            "fires on 0 of 41 risky lines and 1 of 10 others (false-fire rate 10 %)",
        ),
        (tally_words(NEVER), "fires on none of the labelled lines"),
        (tally_words(NAMED_NEVER), "never raises the risk of a labelled line"),
        (tally_words(NAMED)[:57], "counts in 9 of 41 risky lines and 14 of 5,210 others: 3.2"),
        (counts(NEVER), "fires on none of the labelled lines"),
        (counts(NAMED_NEVER), "never raises the risk of a labelled line"),
        (counts(NAMED), "lift 3.2: counts in 9 of 41 risky lines, 14 of 5,210 others"),
        (detector_words(evidence(detects="go")), "mostly detects go"),
        (counts(evidence(tally=None)), ""),
        (lift_words(0.413), "0.41"),
        (lift_words(3.2), "3.2"),
        (lift_words(119.7), "120"),
        (lift_words(math.inf), "over 999"),
        (language_words(KNOWN), "mostly go, 81 %; rust 10 %"),
        (language_words(replace(KNOWN, languages=(("go", 0.4), ("c", 0.3)))), "go 40 %; c 30 %"),
        (language_words(replace(KNOWN, languages=())), ""),
        (indentation_words(KNOWN), "clearly more often in indented code (correlation +0.34)"),
        (
            indentation_words(replace(KNOWN, indentation=-0.2)),
            "somewhat less often in indented code (correlation -0.20)",
        ),
        (indentation_words(replace(KNOWN, indentation=0.05)), ""),
        (
            label_words(KNOWN),
            "the label predicts where it fires with balanced accuracy .83 (chance is .50)",
        ),
        (label_words(evidence(label="")), "no reliable label"),
        (feature_name("sae:417", ""), "feature 417 (unlabelled)"),
        (feature_name("sae:417", " "), "feature 417 (unlabelled)"),
        (feature_name("sae:417", "divides"), "divides"),
        (share(0.0), "0 %"),
        (share(0.812), "81 %"),
        (share(0.0186), "1.9 %"),
        (share(0.0027), "0.27 %"),
        (share(1e-7), "below 0.01 %"),
        (marked(exemplar(("x", 0.0), ("", 1.0))), "x‹⏎›"),
        (marked(exemplar(("", 0.0))), "⏎"),
        (marked(exemplar(("a ‹b›", 0.0), (" c", 1.0))), "a <U+2039>b<U+203A> ‹c›"),
        (exemplar_words(CENTS), f"requests 2.34.2 (Apache-2.0) requests/api.py:77  {MARKED}"),
        (
            exemplar_words(replace(CENTS, source="shop", licence="", revision="1" * 40)),
            f"shop at 1111111111 (own code) requests/api.py:77  {MARKED}",
        ),
        (near_misses(KNOWN)[0], "requests 2.34.2 (Apache-2.0) requests/b.py:77  ratio = hits"),
        (
            level_words(LINE, None),
            "critical: riskier than 99.8 % of changed lines (risk 0.93)",
        ),
        (
            level_words(replace(LINE, risk=0.061, percentile=98.99), None, "read deep"),
            "medium: riskier than 98 % of changed lines (risk 0.061; read deep)",
        ),
        (
            level_words(replace(LINE, recent=99.28), RecentInfo("a", "b", 3_000)),
            "high: riskier than 99.2 % of this repository's last 3,000 lines and 99.8 % of changed"
            " lines elsewhere (risk 0.93)",
        ),
        (
            level_words(replace(LINE, risk=math.nan, percentile=math.nan), None),
            "critical: percentile unknown (risk unknown)",
        ),
    ],
)
def test_words(words: str, expected: str) -> None:
    assert words == expected


def test_a_named_feature_has_a_fitted_weight_and_no_score_of_its_label() -> None:
    assert FITTED in facts(NAMED)
    assert FITTED not in facts(NAMED_NEVER)
    assert FITTED not in facts(KNOWN)
    assert not [line for line in facts(replace(NAMED, label_score=None)) if "label " in line]


def test_a_long_example_is_cut_around_what_fires_most() -> None:
    long = exemplar(("a" * 500, 0.0), (" bang", 1.0), ("z" * 500, 0.0))

    words = marked(long)

    assert "‹bang›" in words
    assert words.startswith("…")
    assert words.endswith("…")
    assert len(words) < 140


@given(st.lists(st.tuples(st.text(max_size=40), st.floats(0, 1)), min_size=1, max_size=12))
@settings(max_examples=300, deadline=None)
def test_the_parts_of_any_example_are_bounded_and_printable(
    parts: list[tuple[str, float]],
) -> None:
    found = pieces(exemplar(*parts))

    text = "".join(part for part, _ in found)
    assert len(text) <= 122
    assert text.isprintable()
    assert any(strength > 0 for _, strength in found) == any(value > 0 for _, value in parts)


@pytest.mark.parametrize(
    ("percentile", "shown"),
    [(0.0, "0"), (98.99, "98"), (99.0, "99.0"), (99.87, "99.8"), (100.0, "99.9")],
)
def test_a_percentile_is_the_same_in_every_format(percentile: float, shown: str) -> None:
    score = replace(scored(1, "x = 1", 0.9), percentile=percentile)
    made = report(score, show=Level.LOW)

    assert f": riskier than {shown} % of changed lines (" in level_words(score, None)
    assert f" {shown} x = 1" in terminal(made, width=120, color=False)
    assert f" {shown} | x = 1" in markdown(made)
    assert heat_of(score)["percentile"] == shown


@pytest.mark.parametrize(
    ("parts", "average", "words"),
    [
        ((0.3, 0.2, 0.07), -3.13, "an average line has -3.13; these three reasons explain 19 %"),
        ((0.3,), -3.13, "an average line has -3.13; this reason explains 10 %"),
        ((2.9, 0.09), -3.13, "an average line has -3.13; these two reasons explain 99 %"),
        ((4.0, 1.0), -3.13, "an average line has -3.13; these two reasons explain more than"),
        ((0.3,), 0.5, ""),  # the line is below the average
        ((), -3.13, ""),
        ((0.3,), None, ""),  # a report from before this was known
        ((0.3,), math.nan, ""),
        ((0.3,), -1e300, ""),
    ],
)
def test_reasons_say_how_much_of_the_rise_above_an_average_line_they_explain(
    parts: tuple[float, ...], average: float | None, words: str
) -> None:
    reasons = tuple(Reason(f"sae:{n}", "", part, None) for n, part in enumerate(parts))
    score = replace(scored(1, "x", 0.9), reasons=reasons, rest=-0.13 - sum(parts))

    said = rise_words(share_of_rise(score, average), average, len(parts))

    assert said.startswith(words)
    assert bool(said) == bool(words)
    assert "100 %" not in said


def test_terminal_markdown_and_comment_show_the_percentile_of_this_repository() -> None:
    score = replace(scored(1, "x", 0.9), recent=95.5)
    made = report(score, show=Level.MEDIUM)
    made = replace(made, recent=RecentInfo("1" * 40, "2" * 40, 3_000))
    words = "medium: riskier than 95 % of this repository's last 3,000 lines and 99.8 % of changed"

    assert words in " ".join(terminal(made, width=120, color=False).split())
    assert words.replace("medium", "**medium**") in markdown(made)
    assert words in finding_comment(made.findings[0], made, pages(), "a" * 40)


def test_the_terminal_marks_a_language_detector_and_leaves_counts_to_explain() -> None:
    bare, rich, marked = (
        terminal(made, width=120, color=False)
        for made in (known(), known(KNOWN), known(evidence(detects="go")))
    )

    assert rich == bare
    more = [line for line in marked.splitlines() if line not in bare.splitlines()]
    assert more == ["     mostly detects go"]


def test_markdown_is_the_golden_file(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / "summary.md", markdown(known(evidence(detects="go"))))


def test_a_feature_that_detects_no_language_is_no_detector() -> None:
    out = markdown(known(KNOWN))

    assert "14 of 5,210 others\n" in out
    assert "detects" not in out
