"""The report as one page for a browser: nothing is fetched, and no stranger's text can act.

`templates/report.html.j2` lays it out, `report.css` and `report.js` are put into it. Three walls
stand between a stranger's text and the reader: whatever the template prints has been through
`visible` and is escaped, whether or not its author thought of it; a content security policy names
our style and our script by their hashes and forbids all else; the script never makes HTML of text.
"""

import base64
import hashlib
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from reviewbot.escape import visible
from reviewbot.render.html_files import files_of
from reviewbot.render.html_reasons import features_of, known_of
from reviewbot.render.html_top import top
from reviewbot.render.riskiest import places_of
from reviewbot.render.untrusted import template
from reviewbot.report.model import Report


def html(report: Report) -> str:
    """Return the page: same report, same bytes; ASCII only, so that no encoding can spoil it."""
    css, script = template("report.css"), template("report.js")
    places, known = places_of(report), known_of(report)
    text = (
        environment()
        .from_string(template("report.html.j2"))
        .render(
            policy=policy_of(css, script),
            css=Markup(css),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            **top(report, places, known),
            **files_of(report, places, known),
            features=features_of(known),
        )
    )
    return text.encode("ascii", "xmlcharrefreplace").decode()


def environment() -> SandboxedEnvironment:
    """Return the environment for pages: every printed value is made visible, then escaped."""
    return SandboxedEnvironment(
        autoescape=True,
        finalize=_printed,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def policy_of(css: str, script: str) -> str:
    """Return a content security policy under which nothing but this style and script is loaded."""
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src {_hash(css)}",
            f"script-src {_hash(script)}",
            "img-src data:",  # the empty icon: without one a browser asks the server for it
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",  # text can never become HTML, or a script
        ]
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _printed(value: Any) -> Any:
    match value:
        case Markup():
            return value
        case str():
            return visible(value)
        case int():
            return value
        case _:
            raise TypeError(f"the template prints a {type(value).__name__}")
