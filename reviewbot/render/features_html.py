"""The feature browser: one page with everything an artifact knows of its features.

Labels, code, paths and licences are untrusted: the environment makes them visible and escapes them,
and the page allows no script and no style but its own.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from reviewbot.render.evidence import (
    counts,
    exemplar_html,
    facts,
    feature_name,
    is_silent,
    lift_words,
)
from reviewbot.render.features import NO_EVIDENCE, weight_words
from reviewbot.render.jinja import html_page
from reviewbot.render.phrasing import share
from reviewbot.scoring.feature_catalog import FeatureInfo
from reviewbot.scoring.feature_evidence import MAX_EXEMPLARS, MAX_NEAR_MISSES
from reviewbot.scoring.outcomes import ArtifactInfo


def features_html(
    known: Sequence[FeatureInfo], artifact: ArtifactInfo, *, has_evidence: bool
) -> str:
    """Return the page: same artifact, same bytes; it requests nothing from the network."""
    return html_page(
        "features",
        artifact=artifact.name,
        digest=artifact.sha256[:12],
        no_evidence="" if has_evidence else NO_EVIDENCE,
        features=[_feature(place, info) for place, info in enumerate(known)],
    )


def _feature(place: int, info: FeatureInfo) -> Mapping[str, Any]:
    evidence, tally = info.evidence, info.evidence.tally
    lift = tally.lift if tally else None
    false_fire = None if tally is None or is_silent(tally) else tally.false_fire
    weight = None if info.weight is None else abs(info.weight)
    return {
        "slug": re.sub(r"[^A-Za-z0-9:_-]+", "-", info.feature),
        "place": place,
        "name": info.feature,
        "label": feature_name(info.feature, evidence.label) if evidence.label else "",
        "numbers": _numbers(info),
        "facts": [*weight_words(info), *facts(evidence)],
        "exemplars": [exemplar_html(one) for one in evidence.exemplars[:MAX_EXEMPLARS]],
        "near_misses": [exemplar_html(one) for one in evidence.near_misses[:MAX_NEAR_MISSES]],
        "lift": _sort_key(lift, 4),
        "false_fire": _sort_key(false_fire, 6),
        "density": _sort_key(evidence.density, 8),
        "weight": _sort_key(weight, 6),
        "detects": bool(evidence.detects),
    }


def _sort_key(value: float | None, digits: int) -> float:
    """Return a number that the page sorts by; -1, which sorts last, if unknown."""
    return -1 if value is None else round(value, digits)


def _numbers(info: FeatureInfo) -> list[str]:
    evidence, tally = info.evidence, info.evidence.tally
    shown = []
    if tally and tally.lift is not None:
        shown.append(f"lift {lift_words(tally.lift)}")
    if tally:
        silent = is_silent(tally)
        shown.append(counts(evidence) if silent else f"false-fire {share(tally.false_fire)}")
    if evidence.detects:
        shown.append(f"detects {evidence.detects}")
    elif evidence.languages:
        name, part = evidence.languages[0]
        shown.append(f"{name} {share(part)}")
    return shown
