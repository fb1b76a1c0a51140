"""Untrusted text in Markdown: it travels as `UntrustedText`, and only a filter here can print it.

The filters make it inert: no link, no @mention, no HTML, no end of a code block or table cell, no
command to a CI runner ("##[...", "##vso[..."; "::" counts only where a line starts).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reviewbot.escape import visible

MAX_CHARS = 300  # of one piece of text


@dataclass(frozen=True, slots=True)
class UntrustedText:
    """Text from the change, the artifact or a report. Printing it without a filter is an error."""

    text: str


def code_span(untrusted: UntrustedText) -> str:
    """Quote as inline code. Not for table cells: a pipe ends a cell even in code."""
    text = _line(untrusted.text) or "(empty)"
    fence = "`" * (1 + _longest_run(text))
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def cell(untrusted: UntrustedText) -> str:
    """Quote for a table cell: as code, with every ASCII sign as a character reference."""
    text = re.sub(r"[!-/:-@\[-`{-~]", lambda sign: f"&#{ord(sign[0])};", _line(untrusted.text))
    return f"<code>{text}</code>"


def fenced(lines: Sequence[tuple[str, UntrustedText]]) -> str:
    """Quote lines of code, each after a trusted prefix, in a fence longer than any inside."""
    rows = [f"{prefix}{_code(untrusted.text)}".rstrip() for prefix, untrusted in lines]
    fence = "`" * max(3, 1 + max(map(_longest_run, rows), default=0))
    return "\n".join([f"{fence}text", *rows, fence])


FILTERS = {"code_span": code_span, "cell": cell, "fenced": fenced}


def _line(text: str) -> str:
    return _bounded(visible(" ".join(text.split())))


def _code(text: str) -> str:
    return _bounded(visible(text[: 4 * MAX_CHARS].removesuffix("\r").expandtabs(4)))


def _bounded(text: str) -> str:
    text = text if len(text) <= MAX_CHARS else text[:MAX_CHARS] + "..."
    return re.sub(r"##(\w*)\[", r"##\1<U+005B>", text)


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
