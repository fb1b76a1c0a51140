"""The pictures of the docs: all there, small, named in a document, and made from what users see."""

import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from research.github_markdown import page
from research.png import png
from research.screenshot import on_terminal, pictures, posts, terminal_page
from research.trials import branch
from tests.render import examples
from tests.slow.browser.conftest import Page, browser, show

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "screenshots"
NAMES = (
    "terminal.png",
    "report-light.png",
    "report-dark.png",
    "report-phone.png",
    "comment.png",
    "summary.png",
)
MAX_BYTES = 150_000
__all__ = ["browser", "show"]  # fixtures


def test_the_docs_show_every_picture_and_each_is_small() -> None:
    docs = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("docs/*.md"))

    assert {path.name for path in PICTURES.iterdir()} == set(NAMES)
    assert set(re.findall(r"\(screenshots/([^)]+)\)", docs)) == set(NAMES)
    for name in NAMES:
        data = (PICTURES / name).read_bytes()
        assert data.startswith(b"\x89PNG")
        assert len(data) < MAX_BYTES


def test_a_picture_of_each_kind_is_taken(show: Callable[..., Page], tmp_path: Path) -> None:
    shown = show(examples.rich())
    pages = {"report": tmp_path / "report.html"}  # where `show` has written it
    for name, text in {
        "terminal": terminal_page("check", "\x1b[1mPASS\x1b[0m\n" * 40),
        "comment": page("one line", ""),
        "summary": page("### two\n\nlines", ""),
    }.items():
        pages[name] = tmp_path / f"{name}.html"
        pages[name].write_text(text, encoding="utf-8")

    found = pictures(shown.browser, pages)

    sizes = {name: struct.unpack(">II", data[16:24]) for name, data in found.items()}
    assert tuple(found) == NAMES
    assert len(set(found.values())) == len(NAMES)
    assert sizes["report-light.png"] == (1280, 800)
    assert sizes["report-phone.png"] == (780, 1688)
    assert sizes["terminal.png"][1] > 40 * 14  # all lines
    assert sizes["comment.png"][1] < sizes["summary.png"][1]


def test_the_terminal_shows_colours_and_every_line(tmp_path: Path) -> None:
    branch("python", tmp_path / "trial")

    seen = on_terminal(tmp_path / "trial", "check", "main..feature", "--artifact", "quick")
    shown = terminal_page("check main..feature", seen)

    assert "\x1b[" in seen
    assert "$ reviewbot check main..feature" in shown
    assert "jobs/scheduler.py" in shown
    assert re.search(r'<span class="r\d+">PASS</span>', shown)


def test_a_dry_run_is_split_into_its_first_comment_and_its_summary() -> None:
    said = "dry run\n\n--- comment on a.py:1\nx\n\n--- comment on b.py:2\ny\n\n--- summary\n### z\n"

    assert posts(said) == {"comment": "x\n\n", "summary": "### z\n"}


@pytest.mark.parametrize("colours", [2, 256, 4000])
def test_a_png_keeps_the_256_most_frequent_colours(colours: int) -> None:
    number = np.concatenate([np.arange(colours), np.arange(256) % colours])
    number = np.pad(number, (0, -len(number) % 20))
    spread = np.stack([number * 61 % 256, number // 256 * 16, number % 256], axis=1)
    pixels_HWC = spread.astype(np.uint8).reshape(-1, 20, 3)

    data = png(pixels_HWC)

    palette, rows = (
        data[data.index(kind) + 4 :][: struct.unpack(">I", data[data.index(kind) - 4 :][:4])[0]]
        for kind in (b"PLTE", b"IDAT")
    )
    index_HW = np.frombuffer(zlib.decompress(rows), np.uint8).reshape(-1, 21)[:, 1:]
    read_HWC = np.frombuffer(palette, np.uint8).reshape(-1, 3)[index_HW]
    assert len(palette) == 3 * min(colours, 256)
    frequent = number.reshape(-1, 20) < 256
    assert (read_HWC == pixels_HWC)[frequent].all()
