"""What an artifact knows of its features -> text: a table, one feature, JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.text import Text

from reviewbot.escape import visible
from reviewbot.render.evidence import feature_name, is_silent, lift_words
from reviewbot.render.explain import evidence_lines
from reviewbot.render.phrasing import plural, share
from reviewbot.render.terminal_text import fitting, one_line, printed, wrapped
from reviewbot.report.json_values import artifact_json, clean, number
from reviewbot.scoring.feature_catalog import FeatureInfo
from reviewbot.scoring.feature_evidence import evidence_to_json
from reviewbot.scoring.outcomes import ArtifactInfo

SCHEMA = "reviewbot-features/1"
NO_EVIDENCE = (
    "this artifact holds no evidence: where its features fire, how often and on what is not known. "
    "`reviewbot train evidence` finds it"
)
HEAD = ("feature", "weight", "at most", "lift", "false", "density", "language")


def features_terminal(
    shown: Sequence[FeatureInfo], *, hidden: int, has_evidence: bool, width: int, color: bool
) -> str:
    """Return a table, a row each.

    hidden        how many more there are
    has_evidence  whether the artifact holds any evidence
    """
    return printed(_table(shown, hidden, has_evidence, fitting(width)), width=width, color=color)


def _table(
    shown: Sequence[FeatureInfo], hidden: int, has_evidence: bool, width: int
) -> Iterable[Text]:
    rows = [_cells(one) for one in shown]
    wide = [max(map(len, column)) for column in zip(HEAD, *rows, strict=True)]
    yield one_line(Text(f"{_joined(HEAD, wide)}  label", "bold"), width)
    for one, cells in zip(shown, rows, strict=True):
        label = feature_name(one.feature, one.evidence.label)
        yield one_line(Text(f"{_joined(cells, wide)}  {label}"), width)
    if hidden > 0:
        yield Text(
            f"{plural(hidden, 'more feature')}: --top {len(shown) + hidden} shows all", "dim"
        )
    if not has_evidence:
        yield from wrapped(NO_EVIDENCE, width, 0)


def _joined(cells: Sequence[str], wide: Sequence[int]) -> str:
    first, *rest = zip(cells, wide, strict=True)
    last = len(rest) - 1
    return f"{first[0]:<{first[1]}}  " + "  ".join(
        f"{cell:<{w}}" if place == last else f"{cell:>{w}}" for place, (cell, w) in enumerate(rest)
    )


def _cells(one: FeatureInfo) -> tuple[str, ...]:
    found, tally = one.evidence, one.evidence.tally
    language = f"only {visible(found.detects)}" if found.detects else ""
    if not language and found.languages:
        name, part = found.languages[0]
        language = f"{visible(name)} {share(part)}"
    return (
        visible(one.feature)[:30],
        "-" if one.weight is None else f"{one.weight:+.3f}",
        "-" if one.strongest is None else f"{one.strongest:+.2f}",
        "-" if tally is None or tally.lift is None else lift_words(tally.lift),
        "-" if tally is None or is_silent(tally) else share(tally.false_fire),
        "-" if found.density is None else share(found.density),
        language[:20] or "-",
    )


def feature_terminal(one: FeatureInfo, *, has_evidence: bool, width: int, color: bool) -> str:
    """Return everything that is known of one feature."""
    return printed(_one(one, has_evidence, fitting(width)), width=width, color=color)


def _one(one: FeatureInfo, has_evidence: bool, width: int) -> Iterable[Text]:
    name = feature_name(one.feature, one.evidence.label)
    yield from wrapped(f"{visible(one.feature)}: {name}", width, 0, "bold")
    for words in weight_words(one):
        yield from wrapped(words, width, 2)
    yield from evidence_lines(one.evidence, width)
    if not has_evidence:
        yield from wrapped(NO_EVIDENCE, width, 0)


def weight_words(one: FeatureInfo) -> list[str]:
    """Say what the predictor makes of a feature."""
    found = []
    if one.weight is not None:
        found.append(f"{one.weight:+.3f} log-odds for each standard deviation more of it")
    if one.strongest is not None:
        found.append(f"{one.strongest:+.2f} log-odds at its strongest, against not firing at all")
    if one.evidence.maximum is not None:
        found.append(f"strongest activation seen: {one.evidence.maximum:.4g}")
    return found or ["many columns with a weight each: only its sum in a line means something"]


def features_json(
    artifact: ArtifactInfo,
    about: Mapping[str, Any] | None,
    shown: Sequence[tuple[FeatureInfo, list[str]]],
) -> str:
    """Return features as JSON, ASCII only; docs/formats.md says what stands where.

    about  what was read and counted for the evidence; None where there is none
    shown  with what a search says of each
    """
    value = {
        "schema": SCHEMA,
        "artifact": artifact_json(artifact),
        "about": about,
        "features": [
            {
                "feature": one.feature,
                "weight": number(one.weight, 6),
                "strongest": number(one.strongest, 4),
                "matches": places,
                "evidence": evidence_to_json(one.evidence),
            }
            for one, places in shown
        ],
    }
    return json.dumps(clean(value), indent=1, allow_nan=False) + "\n"
