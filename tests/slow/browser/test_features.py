"""The feature browser in a real browser: 2,048 features, hostile text, light, dark, no script."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reviewbot.render.features_html import features_html
from reviewbot.scoring.feature_catalog import FeatureInfo
from reviewbot.scoring.outcomes import ArtifactInfo
from tests.known import evidence, exemplar
from tests.render.test_features_html import hostile
from tests.slow.browser.conftest import Page

MANY = 2_048
SECONDS = 3.0  # a page that takes longer is not used; a shared machine is several times slower
ROWS = "[...document.querySelectorAll('main details')].filter(r => !r.hidden).map(r => r.id)"
OPEN = "document.querySelectorAll('details').forEach(row => { row.open = true })"


def known(number: int) -> FeatureInfo:
    label = "" if number % 3 == 0 else f"divides {number}"
    detects = "go" if number % 10 == 0 else None
    name = f"sae:{number}"
    return FeatureInfo(name, evidence(name, label, detects), number / 1e4, 0.2)


def ranked() -> list[FeatureInfo]:
    """Features with the word in a path, in code, in what fires, in the label."""
    bare = replace(evidence("", ""), near_misses=(exemplar(("divides", 0.0)),))
    examples = (
        exemplar(("x", 1.0), path="divides.py"),
        exemplar(("divides", 0.0), (" x", 1.0)),
        exemplar(("divides", 1.0)),
    )
    found = [replace(bare, feature=f"sae:{n}", exemplars=(e,)) for n, e in enumerate(examples, 1)]
    return [FeatureInfo(e.feature, e, 0.1, 0.2) for e in [*found, evidence("sae:4", "divides")]]


FEATURES = {
    "many": [*map(known, range(MANY))],
    "few": [*map(known, range(1, 8))],
    "hostile": [hostile(), known(1)],
    "ranked": ranked(),
}
ShowFeatures = Callable[..., Page]


@pytest.fixture
def show_features(show: Callable[..., Page], tmp_path: Path) -> ShowFeatures:
    """Open the page of one of FEATURES, with something more before its end."""

    def opened(name: str, *, more: str = "", fragment: str = "", **options: object) -> Page:
        path = tmp_path / "features.html"
        text = features_html(FEATURES[name], ArtifactInfo("tiny", "ab" * 32), has_evidence=True)
        path.write_text(text.replace("</body>", f"{more}</body>"))
        return show(path, fragment=fragment, **options)

    return opened


def wait(page: Page, condition: str) -> float:
    """Wait for a condition in JavaScript; return how many seconds it took."""
    start = time.perf_counter()
    while not page.js(f"return {condition}"):
        assert time.perf_counter() - start < 10, condition
        time.sleep(0.01)
    return time.perf_counter() - start


def choose(page: Page, name: str, value: object) -> None:
    page.js(
        "const box = document.getElementById(arguments[0]);"
        "if (box.type === 'checkbox') box.checked = arguments[1]; else box.value = arguments[1];"
        "box.dispatchEvent(new Event('input')); box.dispatchEvent(new Event('change'));",
        name,
        value,
    )


def test_two_thousand_features_open_filter_and_sort_at_once(show_features: ShowFeatures) -> None:
    page = show_features("many")
    start = time.perf_counter()
    page.browser.get(page.url)
    assert page.js(f"return {ROWS}.length") == MANY
    opened = time.perf_counter() - start
    choose(page, "query", "divides 1777")
    filtered = wait(page, "document.getElementById('count').textContent.startsWith('1 of')")
    choose(page, "query", "")
    wait(page, f"document.getElementById('count').textContent.startsWith('{MANY}')")
    start = time.perf_counter()
    choose(page, "sort", "weight")
    first = page.js(f"return {ROWS}[0]")
    ordered = time.perf_counter() - start

    print(f"opened {opened:.2f} s, filtered {filtered:.2f} s, sorted {ordered:.2f} s")  # noqa: T201
    assert max(opened, filtered, ordered) < SECONDS
    assert first == f"sae:{MANY - 1}"


def test_a_search_shows_first_what_says_most_and_nothing_by_its_path(
    show_features: ShowFeatures,
) -> None:
    page = show_features("ranked")
    choose(page, "query", "divides")
    wait(page, "document.getElementById('count').textContent.startsWith('3 of')")

    wait(page, f"{ROWS}.join() === 'sae:4,sae:3,sae:2'")
    choose(page, "query", "")
    wait(page, f"{ROWS}.join() === 'sae:1,sae:2,sae:3,sae:4'")


def test_filters_are_combined_and_counted(show_features: ShowFeatures) -> None:
    page = show_features("many")
    choose(page, "labelled", True)
    choose(page, "undetecting", True)

    expected = sum(n % 3 != 0 and n % 10 != 0 for n in range(MANY))
    assert page.js(f"return {ROWS}.length") == expected
    assert page.text("#count") == f"{expected} of {MANY} features"


def test_a_link_to_a_feature_opens_it(show_features: ShowFeatures) -> None:
    page = show_features("many", fragment="#sae:1777")

    assert page.js("return document.getElementById('sae:1777').open")


def test_a_feature_opens_by_keyboard(show_features: ShowFeatures) -> None:
    page = show_features("few")
    page.js("document.querySelector('summary').focus()")
    page.keys("\ue007")  # Enter

    assert page.js("return document.querySelector('main details').open")


def test_untrusted_text_runs_no_script_and_nothing_is_asked_for(
    show_features: ShowFeatures,
) -> None:
    page = show_features("hostile")
    page.js(OPEN)

    assert page.requests() == [page.url]
    assert page.js("return document.querySelectorAll('script').length") == 1
    assert page.js("return document.querySelectorAll('img').length") == 0
    assert page.js("return typeof x") == "undefined"
    assert "</script>" in page.text("main")


def test_the_policy_stops_a_script_that_somebody_puts_in(show_features: ShowFeatures) -> None:
    bad = "<script>document.title = 'owned'</script><p id=styled style='color: red'>x</p>"
    page = show_features("few", more=bad)

    assert page.browser.title == "Features of tiny"
    color = "return getComputedStyle(document.getElementById('styled')).color"
    assert page.js(color) != "rgb(255, 0, 0)"


def test_without_script_it_is_a_plain_list(show_features: ShowFeatures) -> None:
    page = show_features("few", scripts=False)

    rows = page.browser.find_elements("css selector", "main details")
    assert [row.is_displayed() for row in rows] == [True] * 7
    assert not page.browser.find_element("id", "controls").is_displayed()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["few", "hostile"])
def test_axe_finds_nothing(
    show_features: ShowFeatures, axe: Callable[..., list[str]], name: str, scheme: str
) -> None:
    page = show_features(name, scheme=scheme)
    page.js(OPEN)

    assert axe(page, impacts=()) == []
