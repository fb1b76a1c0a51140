"""The page of trends in a real browser: it asks for nothing, runs nothing, and can be read."""

from collections.abc import Iterator
from typing import Any

import pytest

from reviewbot.render.trend import trend_html
from tests.chromium import axe_source, started
from tests.trend.serving import serving
from tests.trend.test_page import hostile, made_up

PAGES = {"made up": made_up, "hostile": hostile}


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with started(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def look(driver: Any, scheme: str = "light", width: int = 1280) -> None:
    driver.set_window_size(width, 1000)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


@pytest.mark.parametrize("name", PAGES)
def test_the_page_asks_for_nothing_and_the_console_stays_empty(driver: Any, name: str) -> None:
    look(driver)
    driver.get_log("browser")
    with serving(trend_html(PAGES[name]())) as (address, asked):
        driver.get(address)
        entries = driver.execute_script("return performance.getEntriesByType('resource').length")

        assert driver.title == "reviewbot: trend"
        assert driver.execute_script("return document.readyState") == "complete"
        assert entries == 0
    assert asked == ["/"]
    assert driver.get_log("browser") == []


def test_its_own_style_is_let_in_and_any_other_is_not(driver: Any) -> None:
    page = trend_html(made_up())
    colour = "return getComputedStyle(document.body).maxWidth"
    with serving(page) as (address, _):
        driver.get(address)
        assert driver.execute_script(colour) == "1280px"
    with serving(page.replace("max-width: 80rem", "max-width: 81rem")) as (address, _):
        driver.get(address)
        assert driver.execute_script(colour) == "none"


@pytest.mark.parametrize("width", [800, 1100, 1200, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_no_table_is_cut_or_stands_in_a_box_larger_than_itself(
    driver: Any, name: str, width: int
) -> None:
    look(driver, width=width)
    with serving(trend_html(PAGES[name]())) as (address, _):
        driver.get(address)
        spare = driver.execute_script(
            "return [...document.querySelectorAll('.numbers')].map((box) =>"
            " [box.clientHeight - box.firstElementChild.offsetHeight,"
            " box.scrollWidth - box.clientWidth])"
        )

    assert len(spare) == 7
    assert max(abs(number) for pair in spare for number in pair) <= 1


def test_a_script_that_got_into_the_page_would_not_run(driver: Any) -> None:
    page = trend_html(made_up()).replace("</main>", "<script>window.ran = 1</script></main>")
    with serving(page) as (address, _):
        driver.get(address)

        assert driver.execute_script("return window.ran === undefined") is True
    driver.get_log("browser")


@pytest.mark.parametrize("width", [500, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_sticks_out_of_the_window(driver: Any, name: str, width: int) -> None:
    look(driver, width=width)
    with serving(trend_html(PAGES[name]())) as (address, _):
        driver.get(address)
        wide = "const d = document.documentElement; return [d.scrollWidth, d.clientWidth]"
        scroll, client = driver.execute_script(wide)

    assert scroll <= client


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(driver: Any, name: str, scheme: str) -> None:
    look(driver, scheme)
    with serving(trend_html(PAGES[name]())) as (address, _):
        driver.get(address)
        driver.execute_script(axe_source())
        run = "axe.run().then(r => arguments[0](r), e => arguments[0]({error: String(e)}))"
        found = driver.execute_async_script(run)

    assert len(found["passes"]) > 20, found
    bad = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert bad == []
