"""The man pages are those of the commands, and man itself has nothing to complain about."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from reviewbot.cli import COMMANDS
from tests.man import escape, pages, text

FOLDER = Path(__file__).parents[1] / "docs" / "man"
PAGES = pages()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_what_the_command_says(
    name: str, golden: Callable[[Path, str], None]
) -> None:
    golden(FOLDER / name, PAGES[name])


def test_every_command_has_a_page_and_no_other_is_left() -> None:
    found = {path.name for path in FOLDER.iterdir()}

    assert found == {"reviewbot.1", *(f"reviewbot-{name}.1" for name in COMMANDS)}


@pytest.mark.parametrize("name", PAGES)
def test_man_shows_the_page_without_a_warning(name: str) -> None:
    if shutil.which("man") is None:
        pytest.skip("man (man-db) is not installed, so the pages are not shown by it")

    command = ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(FOLDER / name)]
    done = subprocess.run(
        command, capture_output=True, text=True, env={"MANROFFSEQ": "", "MANWIDTH": "80",
        "LC_ALL": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"},
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout) > 500


def test_a_page_says_nothing_of_the_day_or_of_this_machine() -> None:
    for page in PAGES.values():
        assert re.search('^\\.TH "[^"]+" "1" "" "reviewbot" "reviewbot"$', page, re.M)
        assert not re.search("/home/|/root/|/work/|/tmp/", page)


def test_words_cannot_become_requests() -> None:
    assert text(".so /etc/passwd") == "\\&.so /etc/passwd"
    assert text("'x' a\n  b\\n") == "\\&\\(aqx\\(aq a b\\en"
    assert escape("--format") == "\\-\\-format"
