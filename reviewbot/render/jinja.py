"""Templates and their two environments: Markdown prints text through filters, HTML escapes it."""

import base64
import hashlib
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from reviewbot.escape import visible
from reviewbot.render.untrusted import FILTERS


def template(name: str) -> str:
    """Read a template: from the package in a wheel, from its folder in a checkout."""
    packed = resources.files("reviewbot") / "_templates"
    # The workflow has one copy: pyproject.toml puts the file of docs/ beside the templates.
    folder = "docs/workflows" if name.endswith(".yml") else "templates"
    checkout = Path(__file__).parents[2] / folder
    return ((packed if packed.is_dir() else checkout) / name).read_text(encoding="utf-8")


def markdown_environment() -> SandboxedEnvironment:
    """Return the environment for Markdown: `UntrustedText` without a filter is a TypeError."""
    environment = _environment(autoescape=False, finalize=_refuse_raw)
    environment.filters.update(FILTERS)
    return environment


def html_environment() -> SandboxedEnvironment:
    """Return the environment for HTML: every printed text is made visible, then escaped."""
    return _environment(autoescape=True, finalize=_visible)


def html_page(name: str, *, scripted: bool = True, **words: Any) -> str:
    """Render `name`.html.j2 with `name`.css and `name`.js, the only style and script it allows."""
    css, script = template(f"{name}.css"), template(f"{name}.js") if scripted else ""
    page = html_environment().from_string(template(f"{name}.html.j2"))
    own = {"css": Markup(css), "script": Markup(script)}  # noqa: S704 - our own files
    return page.render(policy=content_policy(css, script), **own, **words)


def content_policy(css: str, script: str) -> str:
    """Return a content security policy that allows this style and this script, and nothing else."""
    rules = (
        "default-src 'none'",
        f"style-src {_hash(css)}",
        f"script-src {_hash(script)}" if script else "script-src 'none'",
        "img-src data:",  # the empty icon: without one a browser requests the server's
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",  # text can never become HTML or a script
    )
    return "; ".join(rules)


def _environment(**options: Any) -> SandboxedEnvironment:
    return SandboxedEnvironment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _refuse_raw(value: object) -> object:
    if not isinstance(value, str | int | float):
        raise TypeError(f"the template prints a {type(value).__name__} without a filter")
    return value


def _visible(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return _refuse_raw(value)
