"""A real browser for the feature browser's tests; skipped, with the reason, where there is none."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1200,900",
)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A selenium driver of Debian's Chromium with a profile of its own; it logs every request."""
    lacking = [str(path) for path in (CHROMIUM, DRIVER) if not path.exists()]
    lacking += [] if find_spec("selenium") else ["selenium"]
    if lacking:
        pytest.skip(f"not installed: {', '.join(lacking)}")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which AXE_JS names."""
    path = os.environ.get("AXE_JS", "")
    if not path:
        pytest.skip("AXE_JS does not name the axe.min.js of npm's axe-core")
    return Path(path).read_text(encoding="utf-8")
