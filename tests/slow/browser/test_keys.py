"""The page without a mouse."""

from collections.abc import Callable

from tests.render import examples
from tests.slow.browser.conftest import Page

Show = Callable[..., Page]
ENTER, ESCAPE, UP, DOWN = "\ue007\ue00c\ue013\ue015"  # WebDriver's codes


def focused(page: Page) -> str:
    """The id of the row that has the focus."""
    return str(page.js("return document.activeElement.closest('tr')?.id ?? ''"))


def test_enter_opens_the_reasons_of_the_line_that_n_has_reached_and_escape_closes_them(
    show: Show,
) -> None:
    page = show(examples.rich())

    page.keys("n")
    first = focused(page)
    page.keys(ENTER)
    opened = page.count("details[open] .why")
    page.keys(ESCAPE)

    assert first == page.js("return document.querySelector('.rank').closest('tr').id")
    assert (opened, page.count("details[open] .why")) == (1, 0)
    assert focused(page) == first


def test_n_and_p_go_round_the_places_by_rank_and_the_arrows_from_line_to_line(show: Show) -> None:
    page = show(examples.rich())
    found = []

    for key in ("n", "j", "n", "p", "k"):
        page.keys(key)
        found.append(focused(page))

    ranks = [
        page.js("return document.getElementById(arguments[0]).dataset.f", row) for row in found
    ]
    assert ranks == ["1", "2", "3", "2", "1"]
    page.keys(DOWN)
    below = focused(page)
    page.keys(UP)
    assert focused(page) == found[0] != below


def test_slash_reaches_the_filter_and_question_mark_the_keys(show: Show) -> None:
    page = show(examples.rich())

    page.keys("/", "gateway")
    shown = page.text("#shown")
    page.keys(ESCAPE, "x", "?")

    assert shown.startswith("1 of 44 lines shown")
    assert page.text("#shown") == "44 lines"
    assert page.js("return document.getElementById('help').open")


def test_x_clears_the_filters_from_within_a_menu_where_letters_else_choose(show: Show) -> None:
    page = show(examples.rich())

    page.js("document.getElementById('f-author').focus()")
    page.keys("h")
    chosen = page.js("return document.getElementById('f-author').value")
    page.keys("x")

    assert chosen == "human"
    assert page.text("#shown") == "44 lines"


def test_single_keys_can_be_switched_off(show: Show) -> None:
    page = show(examples.rich())

    page.js("document.getElementById('keys').click()")
    page.keys("n", "?")

    assert focused(page) == ""
    assert not page.js("return document.getElementById('help').open")
