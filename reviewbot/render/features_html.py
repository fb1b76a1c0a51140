"""The feature browser: one page that holds all an artifact knows of its features.

Labels, code, paths and licences are strangers' text: jinja2 escapes all of it, `escape.visible`
shows what would hide, and the page allows no script and no style but its own two, by their hashes.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from reviewbot.escape import visible
from reviewbot.render.evidence import (
    counts,
    facts,
    feature_name,
    is_silent,
    lift_words,
    pieces,
    place_of,
)
from reviewbot.render.features import NO_EVIDENCE, weight_words
from reviewbot.render.phrasing import share
from reviewbot.scoring.feature_catalog import FeatureInfo
from reviewbot.scoring.feature_evidence import MAX_EXEMPLARS, MAX_NEAR_MISSES, Exemplar
from reviewbot.scoring.outcomes import ArtifactInfo

STRONG, MIDDLE = 0.7, 0.35  # shares of the maximum from which a token is marked more heavily


def features_html(
    known: Sequence[FeatureInfo], artifact: ArtifactInfo, *, has_evidence: bool
) -> str:
    """Return the page: same artifact, same bytes; it asks nobody for anything."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    from reviewbot.render.untrusted import template

    style, script = template("features.css"), template("features.js")
    page = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(template("features.html.j2"))
    return page.render(
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        style_hash=_hash(style),
        script_hash=_hash(script),
        artifact=visible(artifact.name),
        digest=artifact.sha256[:12],
        no_evidence=None if has_evidence else NO_EVIDENCE,
        features=[_feature(place, one) for place, one in enumerate(known)],
    )


def _hash(text: str) -> str:
    """Return what a content security policy calls a script or style that it allows."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _feature(place: int, one: FeatureInfo) -> Mapping[str, Any]:
    found, tally = one.evidence, one.evidence.tally
    lift = tally.lift if tally else None
    return {
        "slug": re.sub(r"[^A-Za-z0-9:_-]+", "-", one.feature),
        "place": place,
        "name": visible(one.feature),
        "label": feature_name(one.feature, found.label) if found.label else None,
        "numbers": _numbers(one),
        "facts": [*weight_words(one), *facts(found)],
        "exemplars": [_example(example) for example in found.exemplars[:MAX_EXEMPLARS]],
        "near_misses": [_example(example) for example in found.near_misses[:MAX_NEAR_MISSES]],
        # What the page sorts and filters by; -1 stands last.
        "lift": -1 if lift is None else round(lift, 4),
        "false_fire": -1 if tally is None or is_silent(tally) else round(tally.false_fire, 6),
        "density": -1 if found.density is None else round(found.density, 8),
        "weight": -1 if one.weight is None else round(abs(one.weight), 6),
        "detects": bool(found.detects),
    }


def _numbers(one: FeatureInfo) -> list[str]:
    found, tally = one.evidence, one.evidence.tally
    shown = []
    if tally and tally.lift is not None:
        shown.append(f"lift {lift_words(tally.lift)}")
    if tally and is_silent(tally):
        shown.append(counts(found))
    elif tally:
        shown.append(f"false-fire {share(tally.false_fire)}")
    if found.detects:
        shown.append(f"detects {visible(found.detects)}")
    elif found.languages:
        shown.append(f"{visible(found.languages[0][0])} {share(found.languages[0][1])}")
    return shown


def _example(one: Exemplar) -> Mapping[str, Any]:
    return {
        "place": place_of(one),
        "revision": visible(one.revision),
        "parts": [(text, _degree(strength)) for text, strength in pieces(one)],
    }


def _degree(strength: float) -> int:
    """Return how heavily a token is marked: 0 not at all, to 3."""
    if strength <= 0:
        return 0
    return 3 if strength >= STRONG else 2 if strength >= MIDDLE else 1
