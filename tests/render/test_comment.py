"""Comments on a pull request: bounded, inert, and the same as long as the finding is."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.authorship.model import Attribution, Author
from reviewbot.diff.model import ChangedLine
from reviewbot.errors import UsageError
from reviewbot.render.annotations import annotations
from reviewbot.render.comment import (
    MAX_FINDING,
    MAX_SUMMARY,
    Pages,
    finding_comment,
    pages,
    review_body,
    summary_comment,
)
from reviewbot.render.markdown import markdown
from reviewbot.report.acks import Ack
from reviewbot.report.comment_sync import SUMMARY_MARK, finding_id, marked_finding
from reviewbot.report.findings import group
from reviewbot.report.model import Report
from reviewbot.scoring.outcomes import LineScore, Reason
from tests.known import evidence, exemplar
from tests.render.examples import report

HEAD = "a" * 40
UNTRUSTED = st.text(max_size=60) | st.sampled_from(
    [
        "@octocat",
        "#1 GH-1 o/r#2",
        "[x](http://e.vil) ![i](http://e.vil/i.png)",
        "``` ```` `x`",
        "</code></details><!-- reviewbot:summary -->",
        "a|b\n\n# c",
        "::error::x",
        "##[error]x",
        "\x1b[2J\u202e",
        "{{ 7*7 }}",
        "http://www.e.vil e@vil.example",
    ]
)


def made(path: str, text: str, label: str, tool: str, why: str, count: int = 1) -> Report:
    scores = [
        LineScore(
            ChangedLine(path, 10 * n + 1, f"{text}{n}"), 0.9, 99.0, (Reason("x", label, 1.0, 0.5),)
        )
        for n in range(count)
    ]
    author = Attribution(Author.AI, tool, None, 0.9, (why,))
    found = report(*scores, author=author, notes=(why,))
    return replace(found, findings=group(scores, lambda _score: True))


def outside_code(text: str) -> str:
    """What Markdown would read: without code spans, code elements and our own marks."""
    text = re.sub(r"<!-- reviewbot:\w+(?: [0-9a-f:]+)? -->\s*\Z", "", text)
    text = re.sub(r"<code>.*?</code>", "", text)
    return re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", text)


@settings(max_examples=150, deadline=None)
@given(UNTRUSTED, UNTRUSTED, UNTRUSTED, UNTRUSTED, UNTRUSTED)
def test_no_untrusted_text_is_markdown(
    path: str, text: str, label: str, tool: str, why: str
) -> None:
    example = exemplar((text, 1.0), ("`", 0.0), path=path, source=label, licence=path)
    known = replace(
        evidence("x", label, detects=path), exemplars=(example,), near_misses=(example,)
    )
    whole = replace(made(path or "p", text, label, tool, why), features=(known,))
    (finding,) = whole.findings
    acks = {finding_id(HEAD, finding): Ack("x", why, tool)}
    comment = finding_comment(finding, whole, pages())
    summary = summary_comment(whole, pages(), head=HEAD, inline=frozenset(), acks=acks)

    assert marked_finding(comment) == finding.fingerprint
    assert summary.endswith(SUMMARY_MARK)
    for out in (comment, summary, markdown(whole)):
        out.encode()
        left = outside_code(re.sub(r"^(`{3,})text\n.*?^\1$", "", out, flags=re.M | re.S))
        for bad in ("@", "http", "](", "![", "\x1b", "\u202e", "#1", "{{"):
            assert bad not in left
        assert not re.search(r"^\s*(?:```|~~~|::)", left, re.M)
        assert set(re.findall(r"</?(\w+)", left)) <= {"details", "summary", "sub", "code"}


@pytest.mark.parametrize("count", [1, 5, 300])
def test_every_comment_keeps_its_limit_and_counts_what_it_leaves_out(count: int) -> None:
    found = made("p" * 900, "x" * 900, "l" * 900, "t" * 60, "w" * 900, count)

    summary = summary_comment(found, pages(), head=HEAD, inline=frozenset(), acks={})
    comments = [finding_comment(f, found, pages()) for f in found.findings[:5]]

    assert len(summary) <= MAX_SUMMARY
    assert summary.endswith(SUMMARY_MARK)
    assert max(map(len, comments)) <= MAX_FINDING
    if count == 300:
        hidden = re.search(r"(\d+) more are not shown", summary)
        assert hidden
        assert int(hidden[1]) + summary.count("here only") == 300


def test_the_comment_on_a_finding_does_not_depend_on_the_head_or_on_other_findings() -> None:
    one, more = made("a.py", "x", "l", "t", "w"), made("a.py", "x", "l", "t", "w", 2)
    same = [f for f in more.findings if f.start == 1]

    assert finding_comment(one.findings[0], one, pages()) == (
        finding_comment(replace(same[0], fingerprint=one.findings[0].fingerprint), more, pages())
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_custom_template_is_used_and_cannot_lose_the_mark(encoding: str) -> None:
    own = {"finding.md.j2": "mine: {{ level }}".encode(encoding), "comment.md.j2": b"{{ verdict }}"}
    found = made("a.py", "x", "l", "t", "w")

    comment = finding_comment(found.findings[0], found, pages(own.get))

    assert comment.startswith("mine: high")
    assert marked_finding(comment) == found.findings[0].fingerprint


@pytest.mark.parametrize(
    "text",
    ["{{ author }}", "{{ nothing }}", "{% for", "{{ ''.__class__.__mro__ }}"],
)
def test_an_invalid_template_is_a_usage_error(text: str) -> None:
    found = made("a.py", "x", "l", "t", "w")
    texts = {"finding.md.j2": text, "comment.md.j2": ""}

    with pytest.raises(UsageError):
        finding_comment(found.findings[0], found, Pages(texts))


def test_the_body_of_a_review_is_one_line_and_its_mark() -> None:
    text = review_body(HEAD, 1, True)

    assert text.splitlines()[0] == (
        "reviewbot: 1 place to look at first. The summary below has the rest."
    )


@given(UNTRUSTED, UNTRUSTED)
def test_annotations_are_one_command_a_line_whatever_the_path(path: str, tool: str) -> None:
    found = made(path or "p", "x", "l", tool, "w", 12)

    lines = annotations(found).splitlines()

    assert len(lines) == 10
    assert all(line.startswith("::warning file=") for line in lines)
    assert all(line.count("::") >= 2 and "\r" not in line for line in lines)
    assert "2 more findings in the report" in lines[-1]
    for line in lines:
        properties = line.removeprefix("::warning ").partition("::")[0]
        assert len(properties.split(",")) == 4
