"""The trend as one HTML page: no script, no request. `templates/trend.html.j2` lays it out.

Strangers' text travels as `quote.Foreign`; the filter `seen` makes it visible, and Jinja's own
escaping makes it harmless.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from reviewbot.core.weeks import Trend
from reviewbot.render.escape import visible
from reviewbot.render.quote import MOST_CHARS, Foreign, template
from reviewbot.render.trend_json import iso
from reviewbot.render.trend_parts import letters, sections
from reviewbot.render.words import plural

MOST_NAMES = 50  # files that are named; the rest is counted


def trend_html(trend: Trend) -> str:
    """Return the page: same trend, same bytes."""
    css = template("trend.css")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode("ascii")
    return (
        _environment()
        .from_string(template("trend.html.j2"))
        .render(
            css=Markup(css),  # noqa: S704 - ours, and named by its hash
            style_hash=f"sha256-{digest}",
            title="reviewbot: trend",
            period=_period(trend),
            days=trend.days,
            sections=sections(trend),
            rulers=[_ruler(trend, at) for at in range(len(trend.rulers))],
            left=_left(trend),
            undated=_names([(file, "") for file in trend.undated]),
            broken=_names(trend.broken),
            unknown=list(trend.unknown),
            notes=[Foreign(note) for note in trend.notes],
        )
    )


def _period(trend: Trend) -> str:
    first, last = iso(trend.weeks[0]), iso(trend.weeks[-1])
    span = first if first == last else f"{first} to {last}"
    return f"{span}: {plural(trend.total.reports, 'report')}"


def _ruler(trend: Trend, at: int) -> dict[str, Any]:
    ruler = trend.rulers[at]
    others = f", other limits: {' '.join(ruler.limits)}" if ruler.limits else ""
    return {
        "letter": letters((at,)),
        "artifact": Foreign(ruler.artifact),
        "sha256": Foreign(ruler.artifact_sha256[:12]),
        "model": Foreign(ruler.model),
        "layer": str(ruler.layer),
        "limits": Foreign(
            f"limit {ruler.max_risk}{others}, findings above {ruler.show_above},"
            f" scope {ruler.scope}; gate: scope {ruler.gate_scope}, lets {ruler.max_lines_over}"
            f" lines through, blocks from {ruler.min_lines} scored lines on,"
            f" coverage {ruler.min_coverage}"
        ),
    }


def _left(trend: Trend) -> list[str]:
    """Say what was left out, and what to keep in mind; nothing where all was shown."""
    said = []
    if trend.broken:
        said.append(f"{plural(len(trend.broken), 'file')} could not be used; named below")
    if trend.undated:
        said.append(f"{plural(len(trend.undated), 'report')} without a known day; named below")
    if trend.repeated:
        files = plural(trend.repeated, "file")
        said.append(f"{files} about a head that has another report: each head counts once")
    if trend.older:
        said.append(f"{plural(trend.older, 'report')} from before the first week shown")
    if trend.same_base:
        reports = plural(trend.same_base, "report")
        said.append(
            f"{reports} with the same base as an earlier one, such as the next push of a pull"
            " request: lines of both count"
        )
    if trend.unmatched:
        records = plural(trend.unmatched, "record")
        said.append(f"{records} of outcomes or acknowledgements of a finding that no report holds")
    return said


def _names(rows: Sequence[tuple[str, str]]) -> dict[str, Any]:
    shown = [(Foreign(file), Foreign(why)) for file, why in rows[:MOST_NAMES]]
    return {"rows": shown, "more": max(0, len(rows) - MOST_NAMES)}


def _seen(foreign: Foreign) -> str:
    text = visible(" ".join(foreign.text.split()))
    return text if len(text) <= MOST_CHARS else text[:MOST_CHARS] + "..."


def _refuse_raw(value: object) -> object:
    if not isinstance(value, str | int):
        raise TypeError(f"the template prints a {type(value).__name__} without a filter")
    return value


def _environment() -> SandboxedEnvironment:
    made = SandboxedEnvironment(
        autoescape=True,
        finalize=_refuse_raw,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["seen"] = _seen
    return made
