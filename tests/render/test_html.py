"""The page as text: a golden file, the same bytes, bounded, and untrusted text that stays text."""

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

from reviewbot.render import html_lines
from reviewbot.render.html import html
from reviewbot.render.html_reasons import sum_of
from reviewbot.render.jinja import html_environment as environment
from tests.render import examples
from tests.render.examples import failed, report, scored, skipped, untrusted

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
    golden(GOLDEN / "rich.html", body(html(examples.rich())))


def test_each_unread_line_is_marked_and_its_reason_is_shown_once() -> None:
    page = html(examples.failing())

    assert page.count('class="failed"') == page.count("<b>failed</b>") == 4
    assert page.count('class="unread"') == page.count('<td class="r">unread</td>') == 3
    # A screen reader reads the reason at every line.
    assert page.count('<span class="why-not">not read: file too large</span>') == 1
    assert page.count('<span class="vh">not read: file too large</span>') == 2


def test_the_policy_names_the_style_and_the_script_of_the_page_and_forbids_all_else() -> None:
    page = html(examples.rich())
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
    parsed = Parsed(html(examples.rich()))

    names = {name for _, attributes in parsed.skeleton for name in attributes}
    assert not {name for name in names if name.startswith("on") or name in ("style", "src")}
    anchors = [target for target in parsed.targets if target != "data:,"]
    assert anchors
    assert all(target[0] == "#" and target[1:] in parsed.ids for target in anchors)
    assert len(set(parsed.ids)) == len(parsed.ids)


def test_style_and_script_are_ascii_and_do_not_contain_the_end_of_their_element() -> None:
    page = html(examples.empty())

    assert page.count("</style>") == page.count("</script>") == 1
    assert "innerHTML" not in page
    assert "http:" not in page.replace("http-equiv", "")
    assert "https:" not in page


@settings(max_examples=40, deadline=None)
@given(st.text(st.sampled_from("<>&'\"/=! -{}%#;`\\ \n\r\t\u2028\u202e\x00\udcffab"), min_size=1))
def test_no_text_changes_the_elements_of_the_page(text: str) -> None:
    mark = f"a{text}a"

    assert Parsed(html(untrusted(mark))).skeleton == Parsed(html(untrusted("harmless"))).skeleton


def test_every_text_that_a_template_prints_is_made_visible_and_escaped() -> None:
    page = environment().from_string("<p title='{{ a }}'>{{ a }}</p>")

    assert (
        page.render(a="'\u202e<b>")
        == "<p title='&#39;&lt;U+202E&gt;&lt;b&gt;'>&#39;&lt;U+202E&gt;&lt;b&gt;</p>"
    )
    with pytest.raises(TypeError, match="prints a list"):
        page.render(a=["<b>"])


def test_findings_come_first_and_then_the_riskiest_other_places() -> None:
    page = html(report(scored(1, "calm", 0.2), scored(20, "worst", 0.9), scored(40, "next", 0.6)))
    parsed = Parsed(page)

    places = parsed.text.split("Look here next", 1)[1].split("Heat map", 1)[0]
    assert parsed.text.index("src/app.py:20") < parsed.text.index("src/app.py:40")
    assert places.index(":40") < places.index("Below the level shown (high)") < places.index(":1")


def test_imports_and_blank_lines_are_folded_unless_they_are_places_to_look_at() -> None:
    calm = [scored(n, f"import m{n}", 0.001) for n in range(1, 4)]
    made = report(
        *calm,
        skipped(4),
        skipped(5),
        scored(6, "from a import b", 0.6),
        *(skipped(n) for n in (7, 8)),
        scored(9, "code()", 0.2),
        scored(10, "import late", 0.001),
    )

    page = html(replace(made, top=1))
    folds = re.findall(
        r'<details class="plain"><summary>(.*?)</summary>(.*?)</details></div>', page, re.S
    )

    assert [words for words, _ in folds] == ["3 imports and 2 blank lines, lines 1 to 5"]
    assert [n for n in range(1, 11) if f'id="x{n}"' in folds[0][1]] == [1, 2, 3, 4, 5]
    assert all(page.count(f'id="x{n}"') == 1 for n in range(1, 11))


@pytest.mark.parametrize("risk", [0.01, 0.26, 0.5, 0.93, 0.999])
def test_the_printed_sum_is_exact(risk: float) -> None:
    found = sum_of(examples.summed(1, "x", risk, "a.py", *examples.THREE_REASONS))

    assert found
    numbers = [float(text.replace("\u2212", "-")) for text in (*found["parts"], found["rest"])]
    total = float(found["total"].replace("\u2212", "-"))
    assert sum(numbers) == pytest.approx(total, abs=1e-9)
    assert 1 / (1 + math.exp(-total)) == pytest.approx(risk, abs=0.005)


def test_too_many_lines_are_cut_to_the_riskiest_and_the_failed_ones(
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


def test_size_is_bounded() -> None:
    assert len(html(examples.large())) < 5_000_000
    wide = "\U000e0001<" * 5_000
    made = report(*(scored(n, wide, 0.9) for n in range(1, 3_000)), notes=(wide,) * 500)

    assert len(html(made)) < 60_000_000


def test_the_sum_says_how_much_of_the_rise_the_reasons_explain_if_the_average_is_known() -> None:
    made = examples.rich()
    known = replace(made, artifact=replace(made.artifact, average=-3.13))
    words = "An average line has \N{MINUS SIGN}3.13; these three reasons explain 36 % of the rise"

    assert words in Parsed(html(known)).text
    assert "An average line" not in Parsed(html(made)).text
