"""Pictures of the page for the docs: a real change of this project, checked and opened in Chromium.

    python -m research.screenshot [--range A..B] [--artifact quick] [--out docs/screenshots]

The change is a commit of this repository that adds about 500 lines, so that a clone has all that is
needed, offline; the model comes from the cache (REVIEWBOT_CACHE). Needs Debian's `chromium` and
`chromium-driver`, and selenium.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from research.chromium import chromium, media, missing, picture, window

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

ROOT = Path(__file__).parents[1]
HEAD = "31c44fe6009dc3e19c465fab21f5d53594e6626e"  # "Read windows in batches on GPUs": 513 lines
CHANGE = f"{HEAD}^..{HEAD}"
WIDTH, HEIGHT = 1280, 800
OPEN = "document.querySelector('a[data-open]').click()"
TOP = "arguments[0].closest('tr').scrollIntoView()"


def main(argv: list[str]) -> int:
    """Check the change and write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--range", default=CHANGE)
    parser.add_argument("--artifact", default="quick")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    options = parser.parse_args(argv)
    if missing():
        parser.error(f"not here: {missing()}")
    options.out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        checked(options.range, options.artifact, page)
        browser = chromium(Path(folder) / "profile")
        try:
            for name, data in pictures(browser, page).items():
                (options.out / name).write_bytes(data)
                sys.stderr.write(f"{options.out / name}: {len(data):,} bytes\n")
        finally:
            browser.quit()
    return 0


def checked(range_: str, artifact: str, page: Path) -> None:
    """Run the command as a user does. raises CalledProcessError where it says neither yes nor no"""
    command = [sys.executable, "-m", "reviewbot", "check", range_, "--artifact", artifact]
    command += ["--format", "html", "--output", str(page)]
    done = subprocess.run(command, cwd=ROOT)
    if done.returncode not in (0, 1):
        done.check_returncode()


def pictures(browser: "Chrome", page: Path) -> dict[str, bytes]:
    """Return the pictures by file name: as it opens, in light and dark, and with reasons open."""
    window(browser, WIDTH, HEIGHT)
    found = {}
    for scheme in ("light", "dark"):
        media(browser, "", scheme)
        browser.get(page.as_uri())
        found[f"report-{scheme}.png"] = picture(browser)
    media(browser)
    browser.get(page.as_uri())
    browser.execute_script(OPEN)
    browser.execute_script(TOP, browser.switch_to.active_element)
    found["report-reasons.png"] = picture(browser)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
