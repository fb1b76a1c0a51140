"""The report as Markdown: the same bytes, bounded, and strangers' text that stays text."""

import html
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import TemplateError

from reviewbot.diff.model import ChangedLine
from reviewbot.render.jinja import markdown_environment as environment
from reviewbot.render.markdown import markdown
from reviewbot.render.untrusted import UntrustedText, cell, code_span, fenced
from reviewbot.scoring.outcomes import LineScore, Reason
from tests.render.cases import CASES
from tests.render.reports import BY_AI, failed, report, scored


def rest(text: str) -> str:
    """What is left of Markdown without fenced blocks, code spans and <code> cells.

    Independent of the renderer: scans as CommonMark does, a span ends at an equally long run.
    """
    text = re.sub(r"^(`{3,})text\n.*?^\1$", "", text, flags=re.M | re.S)
    lines = []
    for line in text.split("\n"):
        if line.startswith("| <code>"):
            found = re.fullmatch(r"\| <code>([^<>|`]*)</code> \| \d+ \|", line)
            assert found, line
            continue
        kept, at = "", 0
        while start := re.compile("`+").search(line, at):
            end = re.compile(f"(?<!`){start[0]}(?!`)").search(line, start.end())
            assert end, f"a run of backticks without its end: {line}"
            kept, at = kept + line[at : start.start()], end.end()
        lines.append(kept + line[at:])
    return "\n".join(lines)


def test_nothing_foreign_stands_outside_of_code() -> None:
    left = rest(markdown(CASES["hostile"]))

    for word in ("octocat", "img", "e.vil", "error", "7*7", "for", "task"):
        assert not re.search(rf"\b{re.escape(word)}\b", left), left


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("`|<>&@:#[]*_~\\ \n\r\t\u2028\x85\x0cab"), max_size=60))
def test_no_text_gets_out_of_its_quotes(text: str) -> None:
    mark = f"QQ{text}QQ"
    made = report(
        scored(1, mark, 0.9, mark), failed(2, mark, mark), notes=(mark,), note=mark, author=BY_AI
    )

    out = markdown(made)

    assert "QQ" not in rest(out)
    assert not re.search(r"^\s*::", out, re.M)
    assert not re.search(r"##\w*\[", out)
    assert set(out) - {"\n"} <= {char for char in out if char.isprintable()}


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("a", "`a`"),
        ("a`b", "`` a`b ``"),
        ("```", "```` ``` ````"),
        (" a\n b ", "`a b`"),
        ("", "`(empty)`"),
        ("@me ::error::", "`@me ::error::`"),
    ],
)
def test_a_code_span_has_no_way_out(text: str, quoted: str) -> None:
    assert code_span(UntrustedText(text)) == quoted


def test_a_cell_holds_the_same_text_for_the_reader_without_one_sign_of_markdown() -> None:
    out = cell(UntrustedText("a|b `c` <d>"))

    assert re.fullmatch("<code>[a-z0-9 &;#]*</code>", out)
    assert html.unescape(out) == "<code>a|b `c` <d></code>"


def test_the_fence_is_longer_than_any_fence_in_the_code() -> None:
    out = fenced([("> 1 ", UntrustedText("`````")), ("  2 ", UntrustedText("```"))]).split("\n")

    assert out == ["``````text", "> 1 `````", "  2 ```", "``````"]


def test_the_same_report_gives_the_same_bytes() -> None:
    assert markdown(CASES["block"]) == markdown(CASES["block"])


def test_ten_findings_are_shown_and_the_rest_is_counted() -> None:
    out = markdown(report(*(scored(10 * n, "x", 0.6) for n in range(1, 14))))

    assert out.count("\n### ") == 10
    assert "3 more findings are not shown here" in out


def test_a_text_that_grows_too_long_loses_findings_and_says_so() -> None:
    made = report(*(scored(10 * n, "x" * 250, 0.6) for n in range(1, 6)))

    out = markdown(made, limit=2_000)

    assert len(out.encode()) <= 2_000
    shown = out.count("\n### ")
    assert 0 < shown < 5
    assert f"{5 - shown} more findings are not shown here" in out


def test_the_worst_of_changes_stays_below_a_mebibyte() -> None:
    wide = "\U000e0001|" * 5_000  # one character that is shown as nine
    lines = [
        replace(
            scored(n, wide, 0.9, f"{wide}{n % 40}"), reasons=(Reason("state", wide, 1.0, None),) * 9
        )
        for n in range(1, 400)
    ]
    made = report(*lines, *(failed(n, f"{n}{wide}") for n in range(500, 600)), notes=(wide,) * 50)

    out = markdown(made)

    assert len(out.encode()) < 400_000
    assert "more remarks" in out
    assert "other reasons" in out


def test_a_long_finding_is_cut_around_its_riskiest_line() -> None:
    out = markdown(
        report(*(scored(n, f"line{n}", 0.9 if n == 500 else 0.6) for n in range(1, 1001)))
    )

    assert "> 500   90 | line500" in out
    assert "988 more risky lines in this finding." in out


def test_an_unknown_risk_is_called_unknown() -> None:
    odd = LineScore(ChangedLine("a.py", 1, "x"), float("nan"), float("nan"), ())

    out = markdown(report(odd))

    assert "Risk unknown (above the threshold), percentile unknown." in out
    assert "> 1    ? | x" in out


def test_bytes_that_were_not_utf8_are_shown_and_can_be_written() -> None:
    out = markdown(report(scored(1, "a\udcff", 0.9)))

    assert "a<0xFF>" in out
    out.encode()


def test_a_template_that_prints_foreign_text_raw_is_refused() -> None:
    page = environment()

    for source in ("{{ text }}", "{{ [text] }}", "{{ nothing }}"):
        with pytest.raises((TypeError, TemplateError)):
            page.from_string(source).render(text=UntrustedText("<b>"))


def test_a_template_cannot_reach_python() -> None:
    source = "{{ ''.__class__.__mro__[1].__subclasses__() }}"

    with pytest.raises(TemplateError):
        environment().from_string(source).render()
