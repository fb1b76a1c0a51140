"""The page of trends: a golden file for people, and strangers' text that stays text."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest

from reviewbot.core.change import ChangedLine
from reviewbot.core.trend import Fate, Flagged, Name, Records
from reviewbot.core.weeks import Dated, Trend, trend
from reviewbot.render.trend import trend_html
from reviewbot.render.trend_json import trend_json
from reviewbot.render.trend_parts import sections
from tests.render.reports import failed, scored, skipped
from tests.trend.made import AI, HUMAN, NO_RECORDS, about, dated, head_of

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "trend"
SCHEMA = json.loads((ROOT / "reviewbot/schemas/trend_v1.json").read_text())
BAD = (
    "</code></style></script><script>alert(1)</script><img src=x onerror=alert(1)> "
    "\" onload='x' &lt; {{ 7*7 }} {% raw %} \x1b[2J\u202e\u2028 javascript:x "
)


def places(report: Dated) -> list[Flagged]:
    return list(report.digest.findings)


def but_20(line: ChangedLine) -> bool:
    return line.number != 20


def made_up() -> Trend:
    """Seven weeks, one of them empty, in which the artifact changes once."""
    lines = [scored(n, f"x = {n}", 0.9 if n % 10 == 0 else 0.1) for n in range(1, 61)]
    other = "c" * 40
    reports = [
        dated("2026-09-28", about(head_of(1), *lines[:40], author=AI)),
        dated("2026-10-01", about(head_of(2), *lines[:25], skipped(26), author=HUMAN)),
        dated("2026-10-06", about(head_of(3), *lines[10:35], author=AI, base=other, counts=but_20)),
        dated("2026-10-14", about(head_of(4), *lines, failed(61), author=HUMAN, base=None)),
        dated("2026-10-28", about(head_of(5), *lines[:12], artifact="small", informational=True)),
        dated("2026-11-03", about(head_of(6), *lines[:9], artifact="small", author=AI)),
        dated("2026-11-11", about(head_of(7), *lines[:51], artifact="small", author=AI)),
    ]
    first, last = places(reports[0]), places(reports[6])
    told: list[tuple[Name, Fate]] = [(last[4].place, Fate.FINE)]
    found = {first[0].place: Fate.FIXED, first[1].place: Fate.FINE, first[2].place: Fate.FIXED}
    return trend(
        reports,
        Records({}, (first[0].id, last[0].place, "0" * 20), tuple(told)),
        found,
        days=60,
        repeated=1,
        older=[dated("2026-09-01", about(head_of(n), scored(1, "old", 0.1))) for n in (8, 9)],
        undated=("worktree.json",),
        broken=(("junk.json", "it is not JSON"),),
        unknown={"not on the branch, as after a squash": 1},
        notes=("not looked at: 3 more files, because there are too many or too large ones",),
    )


def hostile() -> Trend:
    """Names, paths, tools and notes that would like to be markup."""
    report = about(head_of(1), scored(1, BAD, 0.9, BAD), author=replace(AI, tool=BAD), artifact=BAD)
    report = replace(report, model=replace(report.model, name=BAD, sha256=BAD))
    report = replace(report, policy=replace(report.policy, max_risk_for=(BAD,)))
    return trend(
        [dated("2026-11-03", report, BAD)],
        NO_RECORDS,
        {},
        days=60,
        undated=(BAD,),
        broken=((BAD, BAD), ("\udcff\ud800", "x" * 5000)),
        notes=(BAD,),
    )


def test_the_page_is_the_golden_file(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / "trend.html", trend_html(made_up()))


def test_the_numbers_are_the_golden_file_and_keep_their_schema(
    golden: Callable[[Path, str], None],
) -> None:
    for name, made in (("trend", made_up()), ("hostile", hostile())):
        text = trend_json(made)
        jsonschema.validate(json.loads(text), SCHEMA)
        assert text.isascii()
        golden(GOLDEN / f"{name}.json", text)


def test_where_nobody_is_known_the_share_of_ai_is_unknown_and_not_nothing() -> None:
    lines = [scored(n, f"x = {n}", 0.1) for n in range(1, 5)]
    made = trend(
        [dated("2026-09-28", about(head_of(1), *lines)),
         dated("2026-10-06", about(head_of(2), *lines, author=HUMAN))],
        NO_RECORDS, {}, days=60,
    )  # fmt: skip
    (section,) = [one for one in sections(made) if one.key == "authors"]

    assert section.heads[-2:] == ("unknown", "known to be AI")
    assert [row[-2:] for row in (*section.rows, section.total)] == [
        ("4 (100.0 %)", "unknown"),
        ("0", "0.0 %"),
        ("4 (50.0 %)", "0.0 %"),
    ]
    assert {"?", "0%"} <= {text.words for text in section.drawn.texts}
    assert [week["ai_share"] for week in json.loads(trend_json(made))["weeks"]] == [None, 0.0]


class Elements(HTMLParser):
    """What a page is made of, as a parser sees it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[tuple[str, str]] = set()
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {(name, value or "") for name, value in attrs}

    def handle_data(self, data: str) -> None:
        self.words += data


def test_strangers_text_adds_no_element_and_no_attribute() -> None:
    tame, wild = Elements(trend_html(made_up())), Elements(trend_html(hostile()))

    assert set(wild.tags) <= set(tame.tags)
    assert {name for name, _ in wild.attributes} <= {name for name, _ in tame.attributes}
    assert not any("alert" in value or "7*7" in value for _, value in wild.attributes)
    assert wild.words.count("<script>alert(1)</script>") >= 5


def test_what_nobody_sees_is_shown_and_long_text_is_cut() -> None:
    page = trend_html(hostile())

    assert "&lt;U+001B&gt;" in page
    assert "&lt;U+202E&gt;" in page
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e\ud800-\udfff]", page)
    assert "x" * 301 not in page
    page.encode()


def test_nothing_is_asked_of_the_network() -> None:
    page = trend_html(hostile())
    elements = Elements(page)

    assert not {"script", "img", "iframe", "object", "embed", "form"} & set(elements.tags)
    for name, value in elements.attributes:
        assert name not in ("src", "style", "action", "srcset")
        assert not name.startswith("on")
        assert name != "href" or value == "data:,"
    assert "http:" not in page
    assert "https:" not in page
    assert re.search(r"default-src &#39;none&#39;|default-src 'none'", page)


def test_every_chart_has_a_table_with_its_numbers() -> None:
    page = trend_html(made_up())

    assert page.count('<svg class="chart"') == page.count("<table>") == 7
    for words in ("2026-W40", "2026-W46", "all weeks", "66.7 %", "n=1", '<th scope="col">by</th>'):
        assert words in page


def test_a_precision_never_stands_without_its_n() -> None:
    page = trend_html(made_up())
    precision = page[page.index('id="precision"') :]

    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", precision)
    cells = {week: re.findall("<td>(.*?)</td>", rest) for week, rest in rows}

    assert cells["2026-W40"][:6] == ["2", "1", "1", "3", "66.7 %", "20.8 to 93.9 %"]
    assert cells["2026-W43"][:6] == ["-"] * 6
    assert cells["all weeks"][3] == "4"


@pytest.mark.parametrize("rulers", [1, 2])
def test_a_change_of_artifact_is_marked_and_said(rulers: int) -> None:
    reports = [
        dated("2026-11-03", about(head_of(1), scored(1, "x", 0.9))),
        dated("2026-11-11", about(head_of(2), scored(1, "x", 0.9), artifact="tiny" * rulers)),
    ]
    page = trend_html(trend(reports, NO_RECORDS, {}, days=60))

    assert ('class="mark"' in page) is (rulers == 2)
    assert ("do\nnot compare" in page) is (rulers == 2)


def test_the_same_trend_gives_the_same_bytes() -> None:
    assert trend_html(made_up()) == trend_html(made_up())
    assert trend_json(made_up()) == trend_json(made_up())


def test_five_years_of_weeks_still_fit() -> None:
    reports = [
        dated(f"{year}-06-0{n}", about(head_of(10 * year + n), scored(1, "x", 0.9)))
        for year in range(2021, 2027)
        for n in (1, 2)
    ]
    page = trend_html(trend(reports, NO_RECORDS, {}, days=60))

    assert page.count("<tr><th") > 7 * 260
    assert len(page) < 1_000_000
