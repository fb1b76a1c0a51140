"""The report as Markdown: the same bytes, bounded, and untrusted text that stays text."""

import html
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import TemplateError

from reviewbot.render.jinja import markdown_environment as environment
from reviewbot.render.markdown import markdown
from reviewbot.render.untrusted import UntrustedText, cell, code_span, fenced
from reviewbot.scoring.outcomes import Reason
from tests.render.examples import BY_AI, failed, report, scored


def rest(text: str) -> str:
    """What is left of Markdown without fenced blocks, code spans and <code> cells.

    Independent of the renderer: scans as CommonMark does, a span ends at an equally long run.
    """
    text = re.sub(r"^(`{3,})text\n.*?^\1$", "", text, flags=re.M | re.S)
    lines = []
    for line in text.split("\n"):
        if line.startswith("| <code>"):
            line = re.sub("<code>[^<>|`]*</code>", "", line)
            assert line.count("|") in (3, 5), line
        kept, at = "", 0
        while start := re.compile("`+").search(line, at):
            end = re.compile(f"(?<!`){start[0]}(?!`)").search(line, start.end())
            assert end, f"a run of backticks without its end: {line}"
            kept, at = kept + line[at : start.start()], end.end()
        lines.append(kept + line[at:])
    return "\n".join(lines)


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("`|<>&@:#[]*_~\\ \n\r\t\u2028\x85\x0cab"), max_size=60))
def test_no_text_gets_out_of_its_quotes(text: str) -> None:
    mark = f"QQ{text}QQ"
    risky = replace(scored(1, mark, 0.9, mark), reasons=(Reason("sae:1", mark, 1.0, 0.5),))
    author = replace(BY_AI, tool=mark)
    made = report(risky, failed(2, mark, mark), notes=(mark,), note=mark, author=author)

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


def test_ten_findings_are_shown_and_the_rest_is_counted() -> None:
    out = markdown(report(*(scored(10 * n, "x", 0.6) for n in range(1, 14))))

    assert out.count("\n### ") == 10
    assert out.count("| high ") == 5
    assert "3 more findings are not shown here" in out


def test_findings_that_exceed_the_limit_are_left_out_and_counted() -> None:
    made = report(*(scored(10 * n, "x" * 250, 0.6) for n in range(1, 6)))

    out = markdown(made, limit=2_000)

    assert len(out.encode()) <= 2_000
    shown = out.count("\n### ")
    assert 0 < shown < 5
    assert f"{5 - shown} more findings are not shown here" in out
    assert "Places not shown" not in out
    shorter = markdown(replace(made, top=99), limit=900)
    assert len(shorter.encode()) <= 900
    assert 0 < shorter.count("| high ") < 5
    assert f"Places not shown here: {5 - shorter.count('| high ')}." in shorter


def test_the_largest_output_stays_below_a_mebibyte() -> None:
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


def test_a_template_that_prints_untrusted_text_raw_is_refused() -> None:
    page = environment()

    for source in ("{{ text }}", "{{ [text] }}", "{{ nothing }}"):
        with pytest.raises((TypeError, TemplateError)):
            page.from_string(source).render(text=UntrustedText("<b>"))


def test_a_template_cannot_reach_python() -> None:
    source = "{{ ''.__class__.__mro__[1].__subclasses__() }}"

    with pytest.raises(TemplateError):
        environment().from_string(source).render()
