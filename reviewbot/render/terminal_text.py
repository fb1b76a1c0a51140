"""Lines of `rich.text.Text` -> text for a terminal: the same bytes on every machine."""

import io
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from reviewbot.escape import inert, visible

MIN_WIDTH, MAX_WIDTH = 40, 200


def fitting(width: int) -> int:
    """Return the width to lay out for: within our bounds."""
    return max(MIN_WIDTH, min(width, MAX_WIDTH))


def printed(lines: Iterable[Text], *, width: int, color: bool) -> str:
    """Return the lines, folded at `width` cells, without trailing spaces.

    color  False gives plain text without any escape sequence
    """
    console = _console(width, color)
    with console.capture() as captured:
        for line in lines:
            console.print(line, overflow="fold", soft_wrap=False)
    return "".join(f"{inert(line.rstrip())}\n" for line in captured.get().split("\n")[:-1])


def wrapped(text: str, width: int, indent: int, style: str = "") -> Iterable[Text]:
    """Yield a text in rows of at most `width` cells; all but the first are indented by two more."""
    rows = Text(text, style).wrap(_console(width, color=False), width - indent - 2)
    for place, row in enumerate(rows):
        row.rstrip()
        yield Text(" " * (indent + 2 * (place > 0)), style).append_text(row)


def one_line(text: Text, width: int) -> Text:
    """Cut a line to the width."""
    text.truncate(width, overflow="ellipsis")
    return text


def code_text(text: str) -> str:
    """Return a line of code that is safe to print: bounded, tabs expanded."""
    return visible(text[: 4 * MAX_WIDTH].removesuffix("\r").expandtabs(4))


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
