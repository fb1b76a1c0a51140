"""The comment and the summary in GitHub's style: they fit, and strangers' text is only text."""

from collections.abc import Callable
from pathlib import Path

import pytest

from research.chromium import window
from research.github_markdown import page
from reviewbot.escape import visible
from reviewbot.render.comment import Place, finding_comment, pages, summary_comment
from reviewbot.report.model import Report
from tests.render.examples import CASES, doubted, failing, report, rich, scored, untrusted
from tests.slow.browser.conftest import Page
from tests.slow.browser.test_hostile import PAYLOADS, SKELETON

HEAD, WEB = "a" * 40, "https://h.example/o/r"
WIDE = """return [...document.querySelectorAll("body *")]
    .filter(e => !e.parentElement.closest("table") && e.getBoundingClientRect().right > 390)
    .map(e => e.outerHTML.slice(0, 80))"""


def expected() -> Report:
    """A finding with an expectation, and one without."""
    return CASES["expected"]


def long() -> Report:
    """Findings whose path, code and words have no place to break."""
    path, text = "deep/" * 40 + "a.py", "x" * 280
    scores = [doubted(scored(n, text, 0.95, path), text, "y" * 280) for n in (1, 9)]
    return report(*scores, notes=("n" * 280,))


def comment(whole: Report) -> str:
    """The comment on the first finding."""
    return finding_comment(whole.findings[0], whole, pages(), HEAD)


def summary(whole: Report) -> str:
    """The summary, with links, and one row that is folded if there are two."""
    return summary_comment(whole, pages(), Place(head=HEAD, web=WEB, top=1))


def elements(found: Page) -> list[str]:
    """All elements but our links to lines, which some paths do not get."""
    links = found.js("return [...document.querySelectorAll('a')].map(e => e.href)")
    assert all(link.startswith(f"{WEB}/blob/{HEAD}/") for link in links)
    return [element for element in found.js(SKELETON) if element != "a href"]


@pytest.fixture
def shown(show: Callable[..., Page], github_css: str, tmp_path: Path) -> Callable[[str], Page]:
    """Open a comment of this Markdown on a phone, details open."""

    def opened(markdown: str) -> Page:
        file = tmp_path / "comment.html"
        file.write_text(page(markdown, github_css), encoding="utf-8")
        found = show(file)
        window(found.browser, 390, 844)
        found.js("document.querySelectorAll('details').forEach(e => { e.open = true })")
        return found

    return opened


@pytest.mark.parametrize("kind", [comment, summary])
@pytest.mark.parametrize("made", [rich, failing, expected, long])
def test_nothing_overflows_on_a_phone(
    shown: Callable[[str], Page], made: Callable[[], Report], kind: Callable[[Report], str]
) -> None:
    markdown = kind(made())

    found = shown(markdown)

    assert found.js("return getComputedStyle(document.querySelector('code')).fontSize") != "13px"
    assert found.js("return document.documentElement.scrollWidth") <= 390
    assert found.js(WIDE) == []
    if kind is comment:
        lines = markdown.partition("\n\n<!--")[0].strip().splitlines()
        assert found.count("article br") == len(lines) - 1  # GitHub shows each line end
    else:
        assert found.count("table a") >= 1


@pytest.mark.parametrize("kind", [comment, summary])
@pytest.mark.parametrize("name", PAYLOADS)
def test_untrusted_text_becomes_no_element(
    shown: Callable[[str], Page], kind: Callable[[Report], str], name: str
) -> None:
    plain = elements(shown(kind(untrusted("harmless"))))

    found = shown(kind(untrusted(PAYLOADS[name])))

    assert elements(found) == plain
    assert found.js("return window.__pwned ?? null") is None
    assert (found.said(), found.requests()) == ([], [found.url])
    words = " ".join(visible(" ".join(PAYLOADS[name].split())).split())
    assert words[:20] in " ".join(found.text("article").split())


def test_html_that_got_in_would_be_noticed(shown: Callable[[str], Page]) -> None:
    found = shown(f"{comment(rich())}\n\n<b id=got-in>x</b> <div style='width: 500px'>y</div>")

    assert found.count("#got-in") == 1
    assert found.js(WIDE) != []
