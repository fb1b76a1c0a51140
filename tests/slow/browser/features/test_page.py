"""The feature browser in a real browser: 2,048 features, hostile text, light, dark, no script."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reviewbot.render.features_html import features_html
from reviewbot.scoring.feature_catalog import FeatureInfo
from reviewbot.scoring.outcomes import ArtifactInfo
from tests.known import evidence, exemplar
from tests.render.test_features_html import hostile

INFO = ArtifactInfo("tiny", "ab" * 32)
MANY = 2_048
SECONDS = 3.0  # a page that takes longer is not used; a shared machine is several times slower


def known(number: int) -> FeatureInfo:
    label = "" if number % 3 == 0 else f"divides {number}"
    detects = "go" if number % 10 == 0 else None
    return FeatureInfo(
        f"sae:{number}", evidence(f"sae:{number}", label, detects), number / 1e4, 0.2
    )


def ranked() -> list[FeatureInfo]:
    """Features with the word in a path, in code, in what fires, in the label."""
    bare = replace(evidence("sae:1", ""), near_misses=(exemplar(("divides", 0.0)),))
    examples = (
        exemplar(("x", 1.0), path="divides.py"),
        exemplar(("divides", 0.0), (" x", 1.0)),
        exemplar(("divides", 1.0)),
    )
    made = [
        replace(bare, feature=f"sae:{n}", exemplars=(one,)) for n, one in enumerate(examples, 1)
    ]
    return [
        FeatureInfo(one.feature, one, 0.1, 0.2) for one in [*made, evidence("sae:4", "divides")]
    ]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("pages")
    texts = {
        "many": [*map(known, range(MANY))],
        "few": [*map(known, range(1, 8))],
        "hostile": [hostile(), known(1)],
        "ranked": ranked(),
    }
    for name, found in texts.items():
        (where / f"{name}.html").write_text(features_html(found, INFO, has_evidence=True))
    return where


def shown(browser: Any) -> int:
    script = "return [...document.querySelectorAll('main details')].filter(r => !r.hidden).length"
    return int(browser.execute_script(script))


def wait(browser: Any, condition: str) -> float:
    """Wait for a condition in JavaScript; return how many seconds it took."""
    start = time.perf_counter()
    while not browser.execute_script(f"return {condition}"):
        assert time.perf_counter() - start < 10, condition
        time.sleep(0.01)
    return time.perf_counter() - start


def choose(browser: Any, name: str, value: object) -> None:
    browser.execute_script(
        "const box = document.getElementById(arguments[0]);"
        "if (box.type === 'checkbox') box.checked = arguments[1]; else box.value = arguments[1];"
        "box.dispatchEvent(new Event('input')); box.dispatchEvent(new Event('change'));",
        name,
        value,
    )


def test_two_thousand_features_open_filter_and_sort_at_once(browser: Any, pages: Path) -> None:
    start = time.perf_counter()
    browser.get((pages / "many.html").as_uri())
    assert shown(browser) == MANY
    opened = time.perf_counter() - start
    choose(browser, "query", "divides 1777")
    filtered = wait(browser, "document.getElementById('count').textContent.startsWith('1 of')")
    choose(browser, "query", "")
    wait(browser, f"document.getElementById('count').textContent.startsWith('{MANY}')")
    start = time.perf_counter()
    choose(browser, "sort", "weight")
    first = browser.execute_script("return document.querySelector('main details').id")
    ordered = time.perf_counter() - start

    print(f"opened {opened:.2f} s, filtered {filtered:.2f} s, sorted {ordered:.2f} s")  # noqa: T201
    assert max(opened, filtered, ordered) < SECONDS
    assert first == f"sae:{MANY - 1}"


def test_a_search_shows_first_what_says_most_and_nothing_by_its_path(
    browser: Any, pages: Path
) -> None:
    browser.get((pages / "ranked.html").as_uri())
    rows = "[...document.querySelectorAll('main details')].filter(r => !r.hidden).map(r => r.id)"
    choose(browser, "query", "divides")
    wait(browser, "document.getElementById('count').textContent.startsWith('3 of')")

    wait(browser, f"{rows}.join() === 'sae:4,sae:3,sae:2'")
    choose(browser, "query", "")
    wait(browser, f"{rows}.join() === 'sae:1,sae:2,sae:3,sae:4'")


def test_filters_are_combined_and_counted(browser: Any, pages: Path) -> None:
    browser.get((pages / "many.html").as_uri())
    choose(browser, "labelled", True)
    choose(browser, "undetecting", True)

    expected = sum(n % 3 != 0 and n % 10 != 0 for n in range(MANY))
    assert shown(browser) == expected
    count = browser.execute_script("return document.getElementById('count').textContent")
    assert count == f"{expected} of {MANY} features"


def test_a_link_to_a_feature_opens_it(browser: Any, pages: Path) -> None:
    browser.get((pages / "many.html").as_uri() + "#sae:1777")

    assert browser.execute_script("return document.getElementById('sae:1777').open")


def test_a_feature_opens_by_keyboard(browser: Any, pages: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.get((pages / "few.html").as_uri())
    browser.execute_script("document.querySelector('summary').focus()")
    browser.switch_to.active_element.send_keys(Keys.ENTER)

    assert browser.execute_script("return document.querySelector('main details').open")


def test_strangers_text_runs_no_script_and_nothing_is_asked_for(browser: Any, pages: Path) -> None:
    browser.get_log("performance")
    browser.get((pages / "hostile.html").as_uri())
    browser.execute_script(
        "for (const row of document.querySelectorAll('details')) row.open = true"
    )

    asked = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = {
        message["params"]["request"]["url"]
        for message in asked
        if message["method"] == "Network.requestWillBeSent"
    }
    assert urls == {(pages / "hostile.html").as_uri()}
    assert browser.execute_script("return document.querySelectorAll('script').length") == 1
    assert browser.execute_script("return document.querySelectorAll('img').length") == 0
    assert browser.execute_script("return typeof x") == "undefined"
    assert "</script>" in browser.execute_script("return document.querySelector('main').innerText")


def test_the_policy_stops_a_script_that_somebody_puts_in(
    browser: Any, pages: Path, tmp_path: Path
) -> None:
    text = (pages / "few.html").read_text()
    bad = "<script>document.title = 'owned'</script><p id=styled style='color: red'>x</p>"
    (tmp_path / "bad.html").write_text(text.replace("</body>", f"{bad}</body>"))
    browser.get((tmp_path / "bad.html").as_uri())

    assert browser.title == "Features of tiny"
    color = "return getComputedStyle(document.getElementById('styled')).color"
    assert browser.execute_script(color) != "rgb(255, 0, 0)"


def test_without_script_it_is_a_plain_list(browser: Any, pages: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get((pages / "few.html").as_uri())
        rows = browser.find_elements("css selector", "main details")
        form = browser.find_element("id", "controls")
        assert len(rows) == 7
        assert all(row.is_displayed() for row in rows)
        assert not form.is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", ["few", "hostile"])
def test_axe_finds_nothing(browser: Any, axe: str, pages: Path, page: str, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get((pages / f"{page}.html").as_uri())
    browser.execute_script(
        "for (const row of document.querySelectorAll('details')) row.open = true"
    )
    browser.execute_script(axe)
    found = browser.execute_async_script("axe.run().then(arguments[0])")

    told = [
        (one["id"], one["impact"], [node["html"][:200] for node in one["nodes"][:2]])
        for one in found["violations"]
    ]
    assert told == []
    assert len(found["passes"]) > 10
