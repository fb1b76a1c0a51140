"""Markdown as GitHub shows it in a comment: markdown-it-py, and GitHub's style from npm.

Not GitHub's own code: mentions, issue numbers and bare addresses become no links, and nothing takes
out HTML. So text that becomes an element here may be harmless on GitHub, but not the reverse.
"""

import subprocess
import tarfile
from pathlib import Path

from markdown_it import MarkdownIt

PACKAGE, SHEET = "github-markdown-css@5.9.0", "package/github-markdown.css"
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>comment</title><style>{css}
body {{ margin: 0; padding: 16px; background: #f6f8fa }}
article {{ max-width: 860px; padding: 16px; border: 1px solid #d1d9e0; border-radius: 6px }}
</style></head><body><article class="markdown-body">
{body}</article></body></html>
"""


def page(markdown: str, css: str) -> str:
    """Return a page that shows the comment `markdown` in the style `css`."""
    # In a comment, unlike in a file, GitHub shows each line end.
    reader = MarkdownIt("commonmark", {"breaks": True, "html": True})
    body = reader.enable(["table", "strikethrough"]).render(markdown)
    return PAGE.format(css=css, body=body)


def stylesheet(folder: Path) -> str:
    """Fetch GitHub's style with npm into the folder, and return it.

    raises  CalledProcessError, FileNotFoundError without npm
    """
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    with tarfile.open(folder / done.stdout.split()[-1]) as archive:
        member = archive.extractfile(SHEET)
        if member is None:
            raise FileNotFoundError(f"{PACKAGE} holds no file {SHEET}")
        return member.read().decode()
