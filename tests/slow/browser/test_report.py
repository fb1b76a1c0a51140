"""The page in a real browser: what is seen first, the filters, the keys, paper, no script."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from research.chromium import command, media
from tests.render import examples
from tests.slow.browser.conftest import Page

Show = Callable[..., Page]


def choose(page: Page, field: str, value: str) -> None:
    """Choose in a filter as a person does: the page hears of it."""
    script = """const field = document.getElementById(arguments[0]); field.value = arguments[1];
        field.dispatchEvent(new Event("input", {bubbles: true}))"""
    page.js(script, field, value)


def test_the_page_asks_for_nothing_but_itself_and_the_console_stays_empty(show: Show) -> None:
    page = show(examples.rich())

    page.js("document.querySelector('tr.found details').open = true")
    choose(page, "f-risk", "80")

    assert [url for url in page.requests() if not url.startswith("data:,")] == [page.url]
    assert page.said() == []
    assert page.js("return performance.getEntriesByType('resource').length") == 0


def test_the_policy_would_stop_a_script_a_style_and_a_request(show: Show) -> None:
    page = show(examples.rich())

    page.js("""const add = (name, text) => { const e = document.createElement(name);
        e.append(text); document.body.append(e) };
        try { add("script", "window.__pwned = 1") } catch { }
        add("style", "body { color: rgb(1, 2, 3) }");
        document.body.setAttribute("style", "color: rgb(1, 2, 3)");
        const image = new Image(); image.src = "file:///etc/hostname";
        document.body.append(image)""")

    assert page.js("return window.__pwned ?? null") is None
    assert page.js("return getComputedStyle(document.body).color") != "rgb(1, 2, 3)"
    assert any("Content Security Policy" in words for words in page.said())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_riskiest_line_is_above_the_fold_with_all_that_is_said_of_it(
    show: Show, scheme: str
) -> None:
    page = show(examples.rich(), scheme=scheme)

    first = page.text("section.first")
    bottom = page.js(
        "return document.querySelector('section.first').getBoundingClientRect().bottom"
    )

    assert "src/billing/refund.py:46" in first
    assert "if sent or attempt == invoice.retries - 1:" in first
    assert "Critical: riskier than 99.9 % of this repository's last 5,000 lines" in first
    assert "and 99.8 % of changed lines elsewhere (risk 0.93; counts for the gate)" in first
    assert "AI (claude, opus)" in first
    assert "bounds of a loop" in first
    assert "fires on 9 of 41 risky lines and 14 of 5,210 others" in first
    assert bottom < 800


def test_an_incomplete_report_says_so_above_all_else(show: Show) -> None:
    page = show(examples.failing())

    top, first = (
        page.js("return document.querySelector(arguments[0]).getBoundingClientRect().top", selector)
        for selector in ("section.gaps", "section.first")
    )

    assert "INCOMPLETE" in page.text("h1")
    assert "4 lines could not be scored; 3 lines skipped because of a limit" in page.text(".gaps")
    assert top < first < 800
    assert page.count("tr.failed") == 4
    assert "not scored: not in the head file" in page.text("tr.failed")


def test_reasons_open_with_a_click_and_hold_examples_and_the_sum(show: Show) -> None:
    page = show(examples.rich())

    page.js("document.querySelector('tr[data-f=\"1\"] .rank').click()")

    why = page.text("tr[data-f='1'] details[open] .why")
    assert "+1.23 bounds of a loop sae:417 at 83 % of its maximum" in why
    assert "unlabelled sae:893" in why
    assert "detects python" in why
    assert "requests 2.34.2" in why
    assert "requests/api.py:77" in why
    assert "(everything else) = +2.59 log-odds: risk 0.93" in why
    assert page.count("tr[data-f='1'] details[open] mark") == 4  # two examples, two pieces each


def test_filters_by_author_file_and_risk_count_what_is_shown_and_say_what_they_hide(
    show: Show,
) -> None:
    page = show(examples.rich())

    choose(page, "f-author", "human")
    by_human = page.count("tr[data-a]"), page.text("#shown")
    choose(page, "f-file", "2")
    in_file = page.count("tr[data-a]"), page.count("section.file")
    choose(page, "f-author", "")
    choose(page, "f-file", "")
    choose(page, "f-risk", "first")
    places = page.count("tr[data-a]"), page.text("#shown")

    assert by_human == (7, "7 of 44 lines shown; 1 of 1 findings hidden")
    assert in_file == (5, 1)
    assert places == (3, "3 of 44 lines shown")
    page.js("document.getElementById('f-none').click()")
    assert page.text("#shown") == "44 lines"


def test_a_filter_chosen_by_a_program_counts_too(show: Show) -> None:
    from selenium.webdriver.support.select import Select

    page = show(examples.rich())

    Select(page.browser.find_element("id", "f-author")).select_by_value("human")
    chosen = page.text("#shown")
    page.js("""const field = document.getElementById("f-author"); field.value = "ai";
        field.dispatchEvent(new Event("change", {bubbles: true}))""")

    assert chosen.startswith("7 of 44 lines shown")
    assert not page.text("#shown").startswith("7 of 44 lines shown")


def test_no_threshold_hides_a_line_that_could_not_be_read(show: Show) -> None:
    page = show(examples.failing())

    for least in ("80", "99.8", "first"):
        choose(page, "f-risk", least)
        assert page.count("tr.failed") == 4
        assert page.count("tr.unread") == 3


def test_the_theme_can_be_chosen(show: Show) -> None:
    page = show(examples.rich(), scheme="light")
    colour = "return getComputedStyle(document.body).backgroundColor"
    light = page.js(colour)

    page.keys("t")
    dark = page.js(colour)
    page.keys("t", "t")

    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(21, 24, 28)")
    assert page.js(colour) == light


def test_on_paper_the_reasons_of_findings_are_open_and_the_filters_are_gone(show: Show) -> None:
    page = show(examples.rich(), scheme="dark")

    media(page.browser, "print", "dark")
    visible = page.js("""document.body.offsetHeight;
        return [...document.querySelectorAll("tr.found .why")].every(
            e => e.checkVisibility({contentVisibilityAuto: true}) && e.offsetHeight > 0)""")

    assert visible
    assert page.count("#filters") == page.count(".tools") == 0
    assert page.js("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_without_scripts_everything_can_be_read(show: Show) -> None:
    page = show(examples.rich(), scripts=False)
    document = command(page.browser, "DOM.getDocument", depth=-1)["root"]["nodeId"]

    def shape(selector: str) -> object:
        node = command(page.browser, "DOM.querySelector", nodeId=document, selector=selector)
        try:
            return command(page.browser, "DOM.getBoxModel", nodeId=node["nodeId"])
        except Exception:  # noqa: BLE001 - the protocol's way to say that it has no box
            return None

    assert shape("section.first")
    assert shape("tr[data-f='1'] summary")
    assert shape("section.features article")
    assert shape("#filters") is None


@pytest.mark.parametrize("scripts", [True, False])
def test_imports_are_folded_until_they_are_asked_for(show: Show, scripts: bool) -> None:
    imports = [examples.scored(n, f"import m{n}", 0.001) for n in range(1, 6)]
    made = examples.report(*imports, examples.scored(9, "code()", 0.6))

    page = show(replace(made, top=1), scripts=scripts)
    command(page.browser, "Emulation.setScriptExecutionDisabled", value=False)
    closed = page.count("tr[data-a] code")
    page.browser.find_element("css selector", "details.plain > summary").click()
    opened = page.count("tr[data-a] code")
    page.js("document.querySelector('details.plain').open = false")

    assert (closed, opened) == (1, 6)
    if scripts:
        page.keys("n", "\ue013")  # up: no line above is open
        assert page.js("return document.activeElement.closest('tr').id") == "x6"
        choose(page, "f-text", "m3")
        assert page.count("tr[data-a]") == 1


def test_a_link_opens_the_reasons_even_without_scripts(show: Show) -> None:
    page = show(examples.rich(), scripts=False)

    page.browser.find_element("css selector", "a[data-open]").click()
    command(page.browser, "Emulation.setScriptExecutionDisabled", value=False)

    assert page.js("return location.hash").startswith("#y")
    assert page.js("return document.querySelector(location.hash).closest('details').open")
