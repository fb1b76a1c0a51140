"""Lines of `rich.text.Text` -> text for a terminal: the same bytes wherever it runs."""

import io
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from reviewbot.escape import inert

MIN_WIDTH, MAX_WIDTH = 40, 200


def fitting(width: int) -> int:
    """Return the width that a report is laid out for."""
    return max(MIN_WIDTH, min(width, MAX_WIDTH))


def printed(lines: Iterable[Text], *, width: int, color: bool) -> str:
    """Return the lines, folded where they are longer than `width` cells, without trailing spaces.

    color  False gives plain text without any escape sequence
    """
    out = _console(width, color)
    with out.capture() as captured:
        for line in lines:
            out.print(line, overflow="fold", soft_wrap=False)
    return "".join(f"{inert(line.rstrip())}\n" for line in captured.get().split("\n")[:-1])


def wrapped(text: str, width: int, indent: int, style: str = "") -> Iterable[Text]:
    """Yield a text in rows of at most `width` cells, indented; all but the first a little more."""
    rows = Text(text, style).wrap(_console(width, color=False), width - indent - 2)
    for place, row in enumerate(rows):
        row.rstrip()
        yield Text(" " * (indent + 2 * (place > 0)), style).append_text(row)


def _console(width: int, color: bool) -> Console:
    return Console(
        file=io.StringIO(),
        width=width,
        force_terminal=color,
        color_system="256" if color else None,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},  # the caller alone decides about width and colour
    )


def one_line(text: Text, width: int) -> Text:
    """Cut a line to the width."""
    text.truncate(width, overflow="ellipsis")
    return text
