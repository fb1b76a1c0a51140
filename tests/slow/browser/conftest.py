"""A real browser for the tests of every page; without one they are skipped, and say why.

BROWSER_TESTS=required makes a failure of that; AXE_JS names the file axe.min.js (npm's
axe-core 4.14.1), which judges accessibility, and GITHUB_MARKDOWN_CSS the file github-markdown.css
(npm's github-markdown-css 5.9.0).
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from research.chromium import chromium, command, media, missing, window
from research.github_markdown import PACKAGE
from reviewbot.render.html import html
from reviewbot.report.model import Report

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

SERIOUS = ("serious", "critical")


def lack(what: str) -> NoReturn:
    """Skip, or fail where a browser is required."""
    if os.environ.get("BROWSER_TESTS") == "required":
        pytest.fail(f"BROWSER_TESTS=required, and there is no {what}")
    pytest.skip(f"no {what}")


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
    """One Chromium for all tests of the session; it logs the console and every request."""
    if find_spec("selenium") is None:
        lack("selenium (pip install -e '.[dev]')")
    if missing():
        lack(f"browser: {missing()} (Debian: chromium, chromium-driver)")
    driver = chromium(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture
def show(browser: "Chrome", tmp_path: Path) -> Callable[..., Page]:
    """Open a report, or a page in a file, in a window of 1280 times 800."""

    def opened(
        shown: Report | Path, *, scheme: str = "light", scripts: bool = True, fragment: str = ""
    ) -> Page:
        path = shown if isinstance(shown, Path) else tmp_path / "report.html"
        if isinstance(shown, Report):
            path.write_text(html(shown), encoding="ascii")
        window(browser, 1280, 800)
        media(browser, "", scheme)
        command(browser, "Emulation.setScriptExecutionDisabled", value=not scripts)
        browser.get("about:blank")
        page = Page(browser, path.as_uri() + fragment)
        page.said(), page.requests()  # those of the page before
        browser.get(page.url)
        return page

    return opened


@pytest.fixture(scope="session")
def github_css() -> str:
    """GitHub's style for Markdown."""
    file = os.environ.get("GITHUB_MARKDOWN_CSS", "")
    if not file or not Path(file).is_file():
        lack(f"github-markdown.css: GITHUB_MARKDOWN_CSS does not name it (npm install {PACKAGE})")
    return Path(file).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def axe() -> Callable[..., list[str]]:
    """Judge a page: a line for each thing that axe finds of these impacts, or of any for ()."""
    file = os.environ.get("AXE_JS", "")
    if not file or not Path(file).is_file():
        lack("axe.min.js: AXE_JS does not name it (npm install axe-core@4.14.1)")
    source = Path(file).read_text(encoding="utf-8")

    def judged(page: Page, impacts: tuple[str, ...] = SERIOUS) -> list[str]:
        page.js(source)
        found = page.later(
            "axe.run().then(arguments[0],"
            " e => arguments[0]({violations: [{impact: 'critical', id: String(e), nodes: []}]}))"
        )
        assert found["violations"] or len(found["passes"]) > 10
        return [
            f"{one['impact']} {one['id']}: {[node['html'][:200] for node in one['nodes'][:3]]}"
            for one in found["violations"]
            if not impacts or one["impact"] in impacts
        ]

    return judged
