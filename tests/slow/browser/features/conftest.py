"""A real browser for the feature browser's tests."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.chromium import axe_source, started

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Chrome]":
    """One Chromium for all tests of the page."""
    with started(tmp_path_factory.mktemp("profile")) as driver:
        driver.set_window_size(1200, 900)
        yield driver


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    return axe_source()
