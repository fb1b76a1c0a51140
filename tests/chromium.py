"""One real browser for the tests of every page; without one they are skipped, and say why.

BROWSER_TESTS=required makes a failure of that; AXE_JS names the file axe.min.js (npm's
axe-core 4.14.1), which judges accessibility.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from research.chromium import chromium, missing

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


def lack(what: str) -> NoReturn:
    """Skip, or fail where a browser is required."""
    if os.environ.get("BROWSER_TESTS") == "required":
        pytest.fail(f"BROWSER_TESTS=required, and there is no {what}")
    pytest.skip(f"no {what}")


@contextmanager
def started(profile: Path) -> "Iterator[Chrome]":
    """Start Chromium with the empty directory `profile`; it logs the console and every request."""
    if find_spec("selenium") is None:
        lack("selenium (pip install -e '.[dev]')")
    if missing():
        lack(f"browser: {missing()} (Debian: chromium, chromium-driver)")
    browser = chromium(profile)
    try:
        yield browser
    finally:
        browser.quit()


def axe_source() -> str:
    """Return the text of axe-core."""
    path = os.environ.get("AXE_JS", "")
    if not path or not Path(path).is_file():
        lack("axe.min.js: AXE_JS does not name it (npm install axe-core@4.14.1)")
    return Path(path).read_text(encoding="utf-8")
