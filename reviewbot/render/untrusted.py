"""Strangers' text in Markdown: it travels as `UntrustedText`, and only a filter here can print it.

The filters make it inert: no link, no @mention, no HTML, no end of a code block or table cell, no
command to a CI runner ("::...", "##[...", "##vso[...").
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from reviewbot.escape import visible
from reviewbot.render.evidence import (
    counts,
    exemplars,
    feature_name,
    near_misses,
    reason_weight,
    where_words,
)
from reviewbot.scoring.feature_evidence import MAX_EXEMPLARS, FeatureEvidence
from reviewbot.scoring.outcomes import Reason

MAX_CHARS = 300  # of one piece of text


@dataclass(frozen=True, slots=True)
class UntrustedText:
    """Text that is not ours. Printing it raw is an error."""

    text: str


def code_span(foreign: UntrustedText) -> str:
    """Quote as inline code. Not for table cells: a pipe would end one even here."""
    text = _line(foreign.text) or "(empty)"
    fence = "`" * (1 + _longest_run(text))
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def cell(foreign: UntrustedText) -> str:
    """Quote for a table cell: code, every ASCII sign in it as a character reference."""
    text = re.sub(r"[!-/:-@\[-`{-~]", lambda sign: f"&#{ord(sign[0])};", _line(foreign.text))
    return f"<code>{text}</code>"


def fenced(lines: Sequence[tuple[str, UntrustedText]]) -> str:
    """Quote lines of code, each behind a prefix of ours, in a fence longer than any inside."""
    rows = [f"{prefix}{_code(foreign.text)}".rstrip() for prefix, foreign in lines]
    fence = "`" * max(3, 1 + max(map(_longest_run, rows), default=0))
    return "\n".join([f"{fence}text", *rows, fence])


def reason_words(
    reason: Reason, found: FeatureEvidence | None = None, most: int = MAX_EXEMPLARS
) -> dict[str, Any]:
    """Return a reason as templates print it: untrusted parts as `UntrustedText`.

    found  what is known of its feature; where nothing is, the parts are None, the lists empty
    most   examples in each list
    """
    return {
        "label": UntrustedText(feature_name(reason.feature, reason.label)),
        "weight": reason_weight(reason),
        "evidence": counts(found) if found and found.tally else None,
        "detects": UntrustedText(found.detects) if found and found.detects else None,
        "where": where_words(found) if found else "",
        "exemplars": [UntrustedText(one) for one in (exemplars(found) if found else ())][:most],
        "near_misses": [UntrustedText(one) for one in (near_misses(found) if found else ())][:most],
    }


def _line(text: str) -> str:
    return _inert(visible(" ".join(text.split())))


def _code(text: str) -> str:
    return _inert(visible(text[: 4 * MAX_CHARS].removesuffix("\r").expandtabs(4)))


def _inert(text: str) -> str:
    """Cut, and break what a CI runner obeys anywhere in a line that a step prints.

    Its other kind of command, "::", counts at the start of a line only; no text stands there.
    """
    text = text if len(text) <= MAX_CHARS else text[:MAX_CHARS] + "..."
    return re.sub(r"##(\w*)\[", r"##\1<U+005B>", text)


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _refuse_raw(value: object) -> object:
    if not isinstance(value, str | int):
        raise TypeError(f"the template prints a {type(value).__name__} without a filter")
    return value


def environment() -> SandboxedEnvironment:
    made = SandboxedEnvironment(
        autoescape=False,  # this is Markdown: the filters below quote for it
        finalize=_refuse_raw,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(code_span=code_span, cell=cell, fenced=fenced)
    return made


def template(name: str) -> str:
    """Read a template: inside the package in a wheel, beside it in a checkout."""
    packed = resources.files("reviewbot") / "_templates"
    beside = Path(__file__).parents[2] / "templates"
    return ((packed if packed.is_dir() else beside) / name).read_text(encoding="utf-8")
