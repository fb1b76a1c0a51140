"""The page as text: a golden file, the same bytes, bounded, and strangers' text that stays text."""

import base64
import hashlib
import math
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.diff.model import ChangedLine
from reviewbot.render import html_lines
from reviewbot.render.html import html
from reviewbot.render.html_reasons import sum_of
from reviewbot.render.jinja import html_environment as environment
from reviewbot.report.gate import Status
from reviewbot.scoring.outcomes import LineScore, Skipped
from tests.render import pages
from tests.render.reports import failed, report, scored, skipped
from tests.render.strangers import hostile

GOLDEN = Path(__file__).parents[1] / "golden" / "html"


class Parsed(HTMLParser):
    """The elements with their attributes' names, the ids, the links and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.skeleton: list[tuple[str, tuple[str, ...]]] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.skeleton.append((tag, tuple(name for name, _ in attrs)))
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.targets += [found["href"] or ""] if "href" in found else []

    def handle_data(self, data: str) -> None:
        self.text += data


def body(page: str) -> str:
    """The page without what is the same in each: style, script and the policy with their hashes."""
    page = re.sub(r"<style>.*</style>", "<style></style>", page, flags=re.S)
    page = re.sub(r"<script>.*</script>", "<script></script>", page, flags=re.S)
    return re.sub(r"'sha256-[^']*'", "'sha256-'", page)


def test_the_page_is_the_golden_file(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / "rich.html", body(html(pages.rich())))


def test_a_line_that_was_not_read_says_so_where_it_stands_and_on_top() -> None:
    page = html(pages.failed())
    text = Parsed(page).text

    assert "4 lines could not be scored; 3 lines skipped because of a limit." in text
    assert "not scored: src/billing/refund.py, lines 100-103: not in the head file" in text
    assert '<b class="fail">4 failed</b>' in page
    assert page.count('class="failed"') == page.count("<b>failed</b>") == 4
    assert page.count('class="unread"') == page.count('<td class="r">unread</td>') == 3
    # The reason is to be seen once, and to be heard at every line.
    assert page.count('<span class="why-not">not read: file too large</span>') == 1
    assert page.count('<span class="vh">not read: file too large</span>') == 2
    assert "= 9 scored + 4 skipped (file too large 3, blank 1) + 4 failed." in text


def test_a_change_without_added_lines_says_so() -> None:
    text = Parsed(html(pages.empty())).text

    assert "no line had to be scored" in text
    assert "No line was scored." in text
    assert "deleted, python" in text
    assert "no line was added from 1111111111 to 2222222222." in text


def test_the_same_report_gives_the_same_bytes_and_all_are_ascii() -> None:
    made = pages.rich()

    assert html(made) == html(made)
    assert html(made).isascii()


def test_the_policy_names_the_style_and_the_script_of_the_page_and_forbids_all_else() -> None:
    page = html(pages.rich())
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert found
    policy = found[1].replace("&#39;", "'")

    for kind in ("style", "script"):
        (text,) = re.findall(f"<{kind}>(.*?)</{kind}>", page, re.S)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'; ")
    for word in ("unsafe", "http", "self", "*"):
        assert word not in policy


def test_no_element_has_a_handler_a_style_or_an_address_but_anchors_of_the_page() -> None:
    parsed = Parsed(html(pages.rich()))

    names = {name for _, attributes in parsed.skeleton for name in attributes}
    assert not {name for name in names if name.startswith("on") or name in ("style", "src")}
    anchors = [target for target in parsed.targets if target != "data:,"]
    assert anchors
    assert all(target[0] == "#" and target[1:] in parsed.ids for target in anchors)
    assert len(set(parsed.ids)) == len(parsed.ids)


def test_style_and_script_are_ascii_and_hold_no_end_of_their_element() -> None:
    page = html(pages.empty())

    assert page.count("</style>") == page.count("</script>") == 1
    assert "innerHTML" not in page
    assert "http:" not in page.replace("http-equiv", "")
    assert "https:" not in page


@settings(max_examples=40, deadline=None)
@given(st.text(st.sampled_from("<>&'\"/=! -{}%#;`\\ \n\r\t\u2028\u202e\x00\udcffab"), min_size=1))
def test_no_text_changes_the_elements_of_the_page(text: str) -> None:
    mark = f"a{text}a"

    assert Parsed(html(hostile(mark))).skeleton == Parsed(html(hostile("harmless"))).skeleton


def test_what_the_template_prints_is_made_visible_even_where_nobody_thought_of_it() -> None:
    page = environment().from_string("<p title='{{ a }}'>{{ a }}</p>")

    assert (
        page.render(a="'\u202e<b>")
        == "<p title='&#39;&lt;U+202E&gt;&lt;b&gt;'>&#39;&lt;U+202E&gt;&lt;b&gt;</p>"
    )
    with pytest.raises(TypeError, match="prints a list"):
        page.render(a=["<b>"])


def test_a_pass_of_which_not_all_was_read_does_not_look_like_one() -> None:
    made = report(scored(1, "x = 1", 0.1), failed(2), min_coverage=0.0)
    assert made.verdict.status is Status.PASS

    page = html(made)

    assert 'class="verdict incomplete"' in page
    assert "Some lines were not read" in page
    assert "1 line could not be scored" in page


def test_a_change_that_was_read_and_passes_looks_like_one() -> None:
    page = html(report(scored(1, "x = 1", 0.1), skipped(2)))

    assert 'class="verdict pass"' in page
    assert "Some lines were not read" not in page


def test_coverage_is_rounded_down() -> None:
    outcomes = [scored(n, "x", 0.1) for n in range(1, 3000)]

    assert "(99.9 %)" in html(report(*outcomes, failed(5000)))


def test_findings_come_first_and_then_the_riskiest_other_places() -> None:
    page = html(report(scored(1, "calm", 0.2), scored(20, "worst", 0.9), scored(40, "next", 0.6)))
    parsed = Parsed(page)

    places = parsed.text.split("Look here next", 1)[1].split("Heat map", 1)[0]
    assert parsed.text.index("src/app.py:20") < parsed.text.index("src/app.py:40")
    assert (
        places.index(":40") < places.index("Below the report threshold (0.50)") < places.index(":1")
    )


def test_without_findings_the_page_says_so_and_still_names_a_line() -> None:
    parsed = Parsed(html(report(scored(1, "x = 1", 0.1))))

    assert "No line is above the report threshold (0.50); look here first" in parsed.text


def test_an_unknown_risk_looks_like_the_worst() -> None:
    odd = LineScore(ChangedLine("a.py", 1, "x"), math.nan, math.nan, ())

    page = html(report(odd))

    assert 'data-p="?"' in page
    assert 'class="s3 found"' in page
    assert "Risk unknown" in page


@pytest.mark.parametrize("risk", [0.01, 0.26, 0.5, 0.93, 0.999])
def test_the_printed_sum_is_right_as_it_stands(risk: float) -> None:
    found = sum_of(pages.scored("a.py", 1, "x", risk, *pages.REASONS))

    assert found
    numbers = [float(text.replace("\u2212", "-")) for text in (*found["parts"], found["rest"])]
    total = float(found["total"].replace("\u2212", "-"))
    assert sum(numbers) == pytest.approx(total, abs=1e-9)
    assert 1 / (1 + math.exp(-total)) == pytest.approx(risk, abs=0.005)


def test_a_path_that_stands_twice_shows_the_line_that_was_read() -> None:
    link = Skipped(ChangedLine("src/app.py", 1, "target"), "symlink")
    made = report(scored(1, "x = 1", 0.9))
    twice = replace(made.files[0], lines=(replace(made.files[0].lines[0], outcome=link),))

    page = html(replace(made, files=(twice, *made.files)))

    assert "#y2" in Parsed(page).targets
    assert len(set(Parsed(page).ids)) == len(Parsed(page).ids)


def test_gaps_between_hunks_are_counted_and_so_is_what_was_removed() -> None:
    parsed = Parsed(html(pages.rich()))

    assert "39 unchanged lines" in parsed.text
    assert "20 unchanged lines" in parsed.text
    assert "removed \u22123" in parsed.text
    assert "Not read: binary" in parsed.text


def test_of_too_many_lines_the_riskiest_and_those_that_failed_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(html_lines, "MAX_ROWS", 10)
    calm = [scored(n, f"calm{n}", 0.1) for n in range(1, 50)]
    made = report(*calm, scored(60, "risky()", 0.9), *(failed(n) for n in range(70, 73)))

    parsed = Parsed(html(made))

    assert "43 of 53 lines are not shown" in parsed.text
    assert parsed.text.count("lost()") == 3
    assert "risky()" in parsed.text
    assert "lines not shown: unchanged, or no room here" in parsed.text


def test_a_long_line_is_cut_and_says_so() -> None:
    parsed = Parsed(html(report(scored(1, "x" * 9_000, 0.9))))

    assert "8000 more characters" in parsed.text
    assert "x" * 1_001 not in parsed.text


def test_of_a_long_path_the_end_is_shown() -> None:
    parsed = Parsed(html(report(scored(1, "x", 0.9, f"{'deep/' * 200}end.py"))))

    assert "deep/end.py:1" in parsed.text
    assert "deep/" * 60 not in parsed.text


def test_a_page_of_5000_lines_stays_below_5_megabytes() -> None:
    assert len(html(pages.large())) < 5_000_000


def test_the_worst_of_changes_stays_bounded() -> None:
    wide = "\U000e0001<" * 5_000
    made = report(*(scored(n, wide, 0.9) for n in range(1, 3_000)), notes=(wide,) * 500)

    assert len(html(made)) < 60_000_000


def test_the_sum_says_how_much_of_the_rise_the_reasons_make_where_the_average_is_known() -> None:
    made = pages.rich()
    known = replace(made, artifact=replace(made.artifact, average=-3.13))
    words = "An average line has \N{MINUS SIGN}3.13; these three reasons explain 36 % of the rise"

    assert words in Parsed(html(known)).text
    assert "An average line" not in Parsed(html(made)).text


def test_the_list_shows_the_risk_by_which_it_is_ordered() -> None:
    page = Parsed(html(pages.rich())).text

    assert "risk 0.41, percentile 41" in page
