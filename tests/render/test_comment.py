"""Comments on a pull request: bounded, inert, and the same as long as the finding is."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

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
    Place,
    finding_comment,
    pages,
    review_body,
    summary_comment,
)
from reviewbot.render.links import line_url
from reviewbot.render.markdown import markdown
from reviewbot.report.acks import Ack
from reviewbot.report.comment_sync import SUMMARY_MARK, finding_id, key_of, marked_finding
from reviewbot.report.findings import group
from reviewbot.report.model import Report
from reviewbot.scoring.outcomes import LineScore, Reason
from tests.render.examples import CASES, doubted, report, scored

HEAD = "a" * 40
GOLDEN = Path(__file__).parents[1] / "golden" / "comment"
WEB = "https://host.example/o/r"
OURS = re.compile(rf"\]\({WEB}/(?:blob/{HEAD}/[\w.~/%-]+#L\d+(?:-L\d+)?|pull/1#discussion_r7)\)")
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
    """Findings with a doubt, but for every second one, whose first reason is shown."""
    scores = [
        LineScore(
            ChangedLine(path, 10 * n + 1, f"{text}{n}"), 0.9, 99.0, (Reason("x", label, 1.0, 0.5),)
        )
        for n in range(count)
    ]
    scores[::2] = [doubted(score, score.line.text, label) for score in scores[::2]]
    author = Attribution(Author.AI, tool, None, 0.9, (why,))
    found = report(*scores, author=author, notes=(why,))
    return replace(found, findings=group(scores, lambda _score: True))


def outside_code(text: str) -> str:
    """What Markdown would read: without code spans, code elements, our own marks and links."""
    text = OURS.sub(")", text).replace("[commented)", "").replace("[<code>", "<code>")
    text = re.sub(r"<!-- reviewbot:\w+(?: [0-9a-f:]+)? -->\s*\Z", "", text)
    text = re.sub(r"<code>.*?</code>", "", text)
    return re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", text)


@settings(max_examples=150, deadline=None)
@given(UNTRUSTED, UNTRUSTED, UNTRUSTED, UNTRUSTED, UNTRUSTED)
def test_no_untrusted_text_is_markdown(
    path: str, text: str, label: str, tool: str, why: str
) -> None:
    whole = made(path or "p", text, label, tool, why, 3)
    finding, other, _ = whole.findings
    acks = {finding_id(HEAD, finding): Ack("x", why, tool)}
    comments = {key_of(other): f"{WEB}/pull/1#discussion_r7"}
    place = Place(head=HEAD, comments=comments, acks=acks, web=WEB, top=2)
    comment = finding_comment(finding, whole, pages(), HEAD)
    summary = summary_comment(whole, pages(), place)

    assert summary.count("pull/1#discussion_r7)") == 1
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

    summary = summary_comment(found, pages(), Place(head=HEAD, web=WEB, top=count))
    comments = [finding_comment(f, found, pages(), HEAD) for f in found.findings[:5]]

    assert len(summary) <= MAX_SUMMARY
    assert summary.endswith(SUMMARY_MARK)
    assert max(map(len, comments)) <= MAX_FINDING
    if count == 300:
        hidden = re.search(r"(\d+) more are not shown", summary)
        assert hidden
        assert int(hidden[1]) + summary.count("no comment") == 300


def test_a_comment_is_three_lines_and_has_no_code_but_that_of_its_doubts(
    golden: Callable[[Path, str], None],
) -> None:
    whole = CASES["expected"]
    doubted_one, _ = whole.findings
    comment = finding_comment(doubted_one, whole, pages(), HEAD)

    assert len(comment.partition("\n\n<!--")[0].splitlines()) == 3
    assert comment.splitlines()[2].endswith(f"ack {finding_id(HEAD, doubted_one)} reason`")
    golden(GOLDEN / "finding.md", comment)
    comments = {key_of(doubted_one): f"{WEB}/pull/1#discussion_r7"}
    place = Place(head=HEAD, comments=comments, web=WEB)
    golden(GOLDEN / "summary.md", summary_comment(whole, pages(), place))


def test_a_summary_names_the_places_to_read_where_nothing_is_a_finding() -> None:
    calm = report(scored(3, "a = b", 0.2), scored(9, "c = d", 0.4), scored(20, "e = f", 0.1))
    assert calm.findings == ()

    def rows(top: int) -> list[tuple[str, str]]:
        text = summary_comment(calm, pages(), Place(head=HEAD, web=WEB, top=top))
        assert text.startswith("### reviewbot: PASS: `no line blocks (fail-on high); 1 medium`\n")
        assert "reviewbot ack" not in text
        row = r"blob/a+/src/app\.py#(L\d+)\) \| (\w+),&nbsp;.* <code>not a finding</code> \|"
        return [(found[1], found[2]) for found in re.finditer(row, text)]

    assert rows(2) == [("L9", "medium"), ("L3", "low")]
    assert rows(0) == []


@pytest.mark.parametrize(
    ("path", "lines", "end"),
    [
        ("a b/(c)#[d].py", (3, 3), "/a%20b/%28c%29%23%5Bd%5D.py#L3"),
        ("caf\u00e9/\\xe9|.py", (3, 5), "/caf%C3%A9/%E9%7C.py#L3-L5"),
        ("x/../../../../evil/repo", (1, 1), None),
        ("//evil.example/x", (1, 1), None),
        ("\ud800", (1, 1), "/%EF%BF%BD#L1"),
        ("p" * 2_000, (1, 1), None),
    ],
)
def test_the_address_of_a_line_stays_in_its_commit(
    path: str, lines: tuple[int, int], end: str | None
) -> None:
    assert line_url(WEB, HEAD, path, *lines) == (f"{WEB}/blob/{HEAD}{end}" if end else "")
    assert line_url("", HEAD, path, *lines) == ""


def test_the_comment_on_a_finding_does_not_depend_on_other_findings() -> None:
    one, more = made("a.py", "x", "l", "t", "w"), made("a.py", "x", "l", "t", "w", 2)
    same = [f for f in more.findings if f.start == 1]

    twin = replace(same[0], fingerprint=one.findings[0].fingerprint)
    assert finding_comment(one.findings[0], one, pages(), HEAD) == (
        finding_comment(twin, more, pages(), HEAD)
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_custom_template_is_used_and_cannot_lose_the_mark(encoding: str) -> None:
    own = {"finding.md.j2": "mine: {{ level }}".encode(encoding), "comment.md.j2": b"{{ verdict }}"}
    found = made("a.py", "x", "l", "t", "w")

    comment = finding_comment(found.findings[0], found, pages(own.get), HEAD)

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
        finding_comment(found.findings[0], found, Pages(texts), HEAD)


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
