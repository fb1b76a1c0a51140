"""The pictures of the docs are of a real change, which every clone has, and small."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from research.screenshot import CHANGE, pictures
from tests.render import examples
from tests.slow.browser.conftest import Page, browser, show

ROOT = Path(__file__).parents[2]
NAMES = ("report-light.png", "report-dark.png", "report-reasons.png")
MAX_BYTES = 300_000
__all__ = ["browser", "show"]  # fixtures


def test_the_change_in_the_pictures_adds_about_500_lines() -> None:
    command = ["git", "diff", "--numstat", *CHANGE.split("..")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"this clone does not have the commit: {done.stderr.strip()[:100]}")

    assert sum(int(row.split("\t")[0]) for row in done.stdout.splitlines()) == 513


@pytest.mark.parametrize("name", NAMES)
def test_the_pictures_are_there_and_small(name: str) -> None:
    data = (ROOT / "docs" / "screenshots" / name).read_bytes()

    assert data.startswith(b"\x89PNG")
    assert len(data) < MAX_BYTES


def test_a_picture_of_each_kind_is_taken(show: Callable[..., Page], tmp_path: Path) -> None:
    page = show(examples.rich())

    found = pictures(page.browser, tmp_path / "report.html")  # where `show` has written it

    assert tuple(found) == NAMES
    assert len(set(found.values())) == len(NAMES)
