"""A real browser for the tests of the report's page."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reviewbot.render.html import html
from reviewbot.report.model import Report
from tests.chromium import axe_source, started

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


@dataclass
class Page:
    """A page in the browser."""

    browser: "Chrome"
    url: str

    def js(self, script: str, *arguments: Any) -> Any:
        """Run a function body in the page; its result comes back."""
        return self.browser.execute_script(script, *arguments)

    def later(self, script: str, *arguments: Any) -> Any:
        """The same for a body that calls its last argument with the result."""
        return self.browser.execute_async_script(script, *arguments)

    def text(self, selector: str) -> str:
        """What a reader sees of the first element."""
        return str(self.js("return document.querySelector(arguments[0]).innerText", selector))

    def count(self, selector: str) -> int:
        """How many elements there are that are shown."""
        script = """return [...document.querySelectorAll(arguments[0])]
            .filter(e => e.checkVisibility()).length"""
        return int(self.js(script, selector))

    def keys(self, *keys: str) -> None:
        """Press keys, one after the other, wherever the focus is."""
        from selenium.webdriver.common.action_chains import ActionChains

        chain = ActionChains(self.browser)
        for key in keys:
            chain.send_keys(key)
        chain.perform()

    def said(self) -> list[str]:
        """What the console holds; it is empty afterwards."""
        return [str(entry["message"]) for entry in self.browser.get_log("browser")]  # type: ignore[no-untyped-call]

    def requests(self) -> list[str]:
        """The addresses that were asked for since the last call."""
        entries = self.browser.get_log("performance")  # type: ignore[no-untyped-call]
        events = [json.loads(entry["message"])["message"] for entry in entries]
        sent = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return [str(one["request"]["url"]) for one in sent]


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Chrome]":
    """One Chromium for all tests of the session."""
    with started(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def show(browser: "Chrome", tmp_path: Path) -> "Callable[..., Page]":
    """Open a report, or a page in a file, in a window of 1280 times 800."""
    from research.chromium import command, media, window

    def opened(made: Report | Path, *, scheme: str = "light", scripts: bool = True) -> Page:
        path = made if isinstance(made, Path) else tmp_path / "report.html"
        if isinstance(made, Report):
            path.write_text(html(made), encoding="ascii")
        window(browser, 1280, 800)
        media(browser, "", scheme)
        command(browser, "Emulation.setScriptExecutionDisabled", value=not scripts)
        browser.get("about:blank")
        page = Page(browser, path.as_uri())
        page.said(), page.requests()  # those of the page before
        browser.get(page.url)
        return page

    return opened


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """Judge a page: what axe calls serious or critical, a line each."""
    source = axe_source()

    def judged(page: Page) -> list[str]:
        page.js(source)
        found = page.later(
            "axe.run(document, {resultTypes: ['violations']}).then(r => arguments[0](r.violations),"
            " e => arguments[0]([{impact: 'critical', id: String(e), nodes: []}]))"
        )
        return [
            f"{one['impact']} {one['id']}: {[node['html'][:200] for node in one['nodes'][:3]]}"
            for one in found
            if one["impact"] in ("serious", "critical")
        ]

    return judged
