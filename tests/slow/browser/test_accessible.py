"""axe finds nothing serious in the page, however it is looked at."""

from collections.abc import Callable
from pathlib import Path

import pytest

from research.chromium import window
from reviewbot.report.model import Report
from tests.render import examples
from tests.slow.browser.conftest import Page

STATS = Path(__file__).parents[2] / "golden/stats/stats.html"
OPEN = "document.querySelectorAll('tr.found details').forEach(e => { e.open = true })"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("made", [examples.rich, examples.failing, examples.empty])
def test_axe_finds_nothing_serious(
    show: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    made: Callable[[], Report],
    scheme: str,
) -> None:
    assert axe(show(made(), scheme=scheme)) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_with_reasons_and_help_open_and_on_a_phone(
    show: Callable[..., Page], axe: Callable[[Page], list[str]], scheme: str
) -> None:
    page = show(examples.rich(), scheme=scheme)

    page.js(OPEN)
    opened = axe(page)
    window(page.browser, 390, 800)
    narrow = axe(page)
    page.js("document.getElementById('help').showModal()")

    assert opened == narrow == axe(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_stats_has_its_style_asks_for_nothing_and_fits_a_phone(
    show: Callable[..., Page], axe: Callable[[Page], list[str]], scheme: str
) -> None:
    page = show(STATS, scheme=scheme)
    sides = page.js("return getComputedStyle(document.body).marginLeft")
    window(page.browser, 390, 800)

    assert axe(page) == []
    assert sides != "8px"  # what a browser takes without a style
    assert page.js("return document.documentElement.scrollWidth") <= 390
    assert (page.said(), page.requests()) == ([], [page.url])


def test_axe_would_see_a_serious_fault(
    show: Callable[..., Page], axe: Callable[[Page], list[str]]
) -> None:
    page = show(examples.rich())

    page.js(
        "document.querySelector('#f-text').parentNode.replaceWith(document.querySelector('#f-text'))"
    )

    assert any("label" in fault for fault in axe(page))


def test_a_narrow_window_needs_no_scrolling_to_the_side(show: Callable[..., Page]) -> None:
    page = show(examples.rich())

    for width in (320, 390, 768):
        window(page.browser, width, 800)
        wide = page.js("return document.documentElement.scrollWidth")
        assert wide <= width
