"""Pictures for the docs: what a user sees of a branch with planted faults, opened in Chromium.

    python -m research.screenshot [--artifact auto] [--out docs/screenshots]

The branch is the one in tests/trials/python; models come from the cache (REVIEWBOT_CACHE). Needs
Debian's `chromium` and `chromium-driver`, selenium, and npm for GitHub's style.
"""

import argparse
import os
import pty
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from research import github_markdown, trials
from research.chromium import chromium, media, missing, picture, window
from research.png import png

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

ROOT = Path(__file__).parents[1]
CHANGE = "main..feature"
COLUMNS = 100
TERMINAL = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>terminal</title><style>
{stylesheet}
body {{ margin: 0; padding: 16px; background: {background}; color: {foreground} }}
span {{ padding-bottom: 2px }} /* else an underscore is below its background */
pre {{ margin: 0; font: 14px/1.3 "DejaVu Sans Mono", monospace }}
</style></head><body><pre><code style="font: inherit">{code}</code></pre></body></html>"""


def main(argv: list[str]) -> int:
    """Check the branch in each way and write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifact", default="auto")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    options = parser.parse_args(argv)
    if missing():
        parser.error(f"not here: {missing()}")
    options.out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as name:
        folder = Path(name)
        pages = made(folder, options.artifact)
        browser = chromium(folder / "profile")
        try:
            for file, data in pictures(browser, pages).items():
                (options.out / file).write_bytes(data)
                sys.stderr.write(f"{options.out / file}: {len(data):,} bytes\n")
        finally:
            browser.quit()
    return 0


def made(folder: Path, artifact: str) -> dict[str, Path]:
    """Run the command as a user does, and return the pages "terminal", "report" and so on.

    raises  CalledProcessError where a command fails
    """
    root = folder / "trial"
    trials.branch("python", root)
    report = folder / "report.html"
    check = ["check", CHANGE, "--artifact", artifact]
    seen = on_terminal(root, *check, "--also", f"html={report}")
    posted = reviewbot(root, "review", CHANGE, "--dry-run", "--artifact", artifact)
    css = github_markdown.stylesheet(folder)
    bodies = {name: github_markdown.page(body, css) for name, body in posts(posted).items()}
    pages = {"report": report}
    for name, text in {"terminal": terminal_page(" ".join(check), seen), **bodies}.items():
        pages[name] = folder / f"{name}.html"
        pages[name].write_text(text, encoding="utf-8")
    return pages


def reviewbot(root: Path, *args: str) -> str:
    """Run the command in a repository and return its stdout. raises CalledProcessError"""
    command = [sys.executable, "-m", "reviewbot", *args]
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def on_terminal(root: Path, *args: str) -> str:
    """Run the command with a terminal as stdout and return what it wrote, colours included.

    raises  CalledProcessError
    """
    ours, its = pty.openpty()
    look = {"COLUMNS": str(COLUMNS), "TERM": "xterm-256color", "NO_COLOR": ""}
    command = [sys.executable, "-m", "reviewbot", *args]
    running = subprocess.Popen(command, cwd=root, env={**os.environ, **look}, stdout=its)
    os.close(its)
    written = []
    while True:
        try:
            written.append(os.read(ours, 4096))
        except OSError:  # Linux says so when the other end is closed
            break
    os.close(ours)
    if running.wait():
        raise subprocess.CalledProcessError(running.returncode, command)
    return b"".join(written).decode().replace("\r\n", "\n")  # a terminal adds the first


def terminal_page(command: str, seen: str) -> str:
    """Return a page that shows a command and what a terminal showed of it."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), color_system="truecolor")
    console.print(Text(f"$ reviewbot {command}", style="bold"))
    console.print(Text.from_ansi(seen))
    return console.export_html(theme=MONOKAI, code_format=TERMINAL)


def posts(dry_run: str) -> dict[str, str]:
    """Return the Markdown of the first comment and of the summary. raises KeyError"""
    _, *parts = re.split(r"^--- (comment on|summary\b)[^\n]*\n", dry_run, flags=re.MULTILINE)
    bodies = dict(reversed(list(zip(parts[::2], parts[1::2], strict=True))))
    return {"comment": bodies["comment on"], "summary": bodies["summary"]}


def pictures(browser: "Chrome", pages: dict[str, Path]) -> dict[str, bytes]:
    """Return the pictures by file name.

    pages  the files "terminal", "report", "comment", "summary"
    """
    found = {}
    for name, page, width, height, scheme in (
        ("terminal", "terminal", 900, 0, "light"),
        ("report-light", "report", 1280, 800, "light"),
        ("report-dark", "report", 1280, 800, "dark"),
        ("report-phone", "report", 390, 844, "light"),
        ("comment", "comment", 892, 0, "light"),
        ("summary", "summary", 892, 0, "light"),
    ):
        window(browser, width, height or 100, scale=2 if width < 400 else 1)
        media(browser, "", scheme)
        browser.get(pages[page].as_uri())
        if not height:
            tall = browser.execute_script("return document.documentElement.scrollHeight")
            window(browser, width, tall)
        found[f"{name}.png"] = png(picture(browser))
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
