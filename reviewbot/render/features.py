"""What an artifact knows of its features -> text: a table, a search in it, one feature, JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from rich.text import Text

from reviewbot.escape import visible
from reviewbot.render.evidence import (
    exemplar_words,
    feature_name,
    is_silent,
    language_words,
    lift_words,
)
from reviewbot.render.explain import evidence_lines
from reviewbot.render.phrasing import plural, share
from reviewbot.render.terminal_text import fitting, one_line, printed, wrapped
from reviewbot.report.json_values import artifact_json, clean, number
from reviewbot.scoring.feature_catalog import FeatureInfo
from reviewbot.scoring.feature_evidence import Exemplar, evidence_to_json
from reviewbot.scoring.outcomes import ArtifactInfo

SCHEMA = "reviewbot-features/1"
NO_EVIDENCE = (
    "this artifact has no evidence: where its features fire, how often and on what is not known. "
    "`reviewbot train evidence` adds it"
)
HEAD = ("feature", "weight", "at most", "lift", "false", "density", "language")
MAX_PLACES = 3  # shown of a feature that a search found


class FeatureMatch(NamedTuple):
    """A feature, and where a search found its text."""

    info: FeatureInfo
    places: tuple[str, ...] = ()


class Rank(IntEnum):
    """How much a place says about the feature: most if the feature fires on the text."""

    LABEL = 0
    TOKEN = 1
    CODE = 2  # the text is in the line, beside the tokens that fire
    LANGUAGE = 3
    PATH = 4  # or the source; often by chance


def search(known: Sequence[FeatureInfo], text: str) -> list[FeatureMatch]:
    """Return the features whose label, examples, languages or paths contain a text.

    Case is ignored. Sorted by the best place of each, then by lift.
    """
    wanted = " ".join(text.casefold().split())
    found = [(info, sorted(_places(info, wanted), key=lambda place: place[0])) for info in known]
    hits = [(places[0][0], -_lift(info), info, places) for info, places in found if places]
    hits.sort(key=lambda hit: hit[:2])
    return [FeatureMatch(info, tuple(words for _, words in places)) for *_, info, places in hits]


def _lift(info: FeatureInfo) -> float:
    lift = info.evidence.tally.lift if info.evidence.tally else None
    return -1.0 if lift is None else lift


def _places(info: FeatureInfo, wanted: str) -> Iterator[tuple[Rank, str]]:
    evidence = info.evidence
    if wanted in " ".join(evidence.label.casefold().split()):
        yield Rank.LABEL, "in its label"
    for example in evidence.exemplars:
        if (fires := _fires_on(example, wanted)) is not None:
            rank, words = (Rank.TOKEN, "fires on it") if fires else (Rank.CODE, "in an example")
            yield rank, f"{words}: {exemplar_words(example)}"
        elif wanted in f"{example.source} {example.path}".casefold():
            yield Rank.PATH, f"in the path of an example: {exemplar_words(example)}"
    languages = [*(name for name, _ in evidence.languages), evidence.detects or ""]
    if any(wanted in name.casefold() for name in languages):
        yield Rank.LANGUAGE, f"by language: {language_words(evidence)}"


def _fires_on(example: Exemplar, wanted: str) -> bool | None:
    """Return True if a token that is part of the text fires; None if the line lacks the text."""
    chars: list[str] = []
    fired: list[bool] = []
    for token, strength in zip(example.tokens, example.activations, strict=True):
        for char in token.casefold():
            if not char.isspace() or (chars and chars[-1] != " "):
                chars.append(" " if char.isspace() else char)
                fired.append(strength > 0 and not char.isspace())
    line = "".join(chars)
    starts = [at for at in range(len(line)) if line.startswith(wanted, at)]
    return any(any(fired[at : at + len(wanted)]) for at in starts) if starts else None


def features_terminal(
    shown: Sequence[FeatureMatch], *, hidden: int, has_evidence: bool, width: int, color: bool
) -> str:
    """Return a table: a row per feature, and below it where a search found the text.

    hidden        number of further features
    has_evidence  whether the artifact has any evidence
    """
    lines = _table(shown, hidden, has_evidence, fitting(width))
    return printed(lines, width=fitting(width), color=color)


def _table(
    shown: Sequence[FeatureMatch], hidden: int, has_evidence: bool, width: int
) -> Iterable[Text]:
    if not shown:
        yield Text("no feature matches")
        return
    rows = [_cells(match.info) for match in shown]
    widths = [max(map(len, column)) for column in zip(HEAD, *rows, strict=True)]
    yield one_line(Text(f"{_row(HEAD, widths)}  label", "bold"), width)
    for (info, places), cells in zip(shown, rows, strict=True):
        label = feature_name(info.feature, info.evidence.label)
        yield one_line(Text(f"{_row(cells, widths)}  {label}"), width)
        for place in places[:MAX_PLACES]:
            yield from wrapped(place, width, 2)
        if len(places) > MAX_PLACES:
            yield Text(f"  and {len(places) - MAX_PLACES} more", "dim")
    if hidden > 0:
        yield Text(f"{plural(hidden, 'more feature')}: --output FILE has all", "dim")
    if not has_evidence:
        yield from wrapped(NO_EVIDENCE, width, 0)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Align the first and the last column to the left, the numbers between to the right."""
    last = len(cells) - 1
    return "  ".join(
        f"{cell:<{width}}" if place in (0, last) else f"{cell:>{width}}"
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )


def _cells(info: FeatureInfo) -> tuple[str, ...]:
    evidence, tally = info.evidence, info.evidence.tally
    language = f"only {visible(evidence.detects)}" if evidence.detects else ""
    if not language and evidence.languages:
        name, part = evidence.languages[0]
        language = f"{visible(name)} {share(part)}"
    return (
        visible(info.feature)[:30],
        "-" if info.weight is None else f"{info.weight:+.3f}",
        "-" if info.strongest is None else f"{info.strongest:+.2f}",
        "-" if tally is None or tally.lift is None else lift_words(tally.lift),
        "-" if tally is None or is_silent(tally) else share(tally.false_fire),
        "-" if evidence.density is None else share(evidence.density),
        language[:20] or "-",
    )


def feature_terminal(info: FeatureInfo, *, has_evidence: bool, width: int, color: bool) -> str:
    """Return everything known of one feature."""
    width = fitting(width)
    name = feature_name(info.feature, info.evidence.label)
    lines = [
        *wrapped(f"{visible(info.feature)}: {name}", width, 0, "bold"),
        *(line for words in weight_words(info) for line in wrapped(words, width, 2)),
        *evidence_lines(info.evidence, width),
        *(() if has_evidence else wrapped(NO_EVIDENCE, width, 0)),
    ]
    return printed(lines, width=width, color=color)


def weight_words(info: FeatureInfo) -> list[str]:
    """Return how much weight the predictor gives a feature."""
    words = []
    if info.weight is not None:
        words.append(f"{info.weight:+.3f} log-odds per standard deviation")
    if info.strongest is not None:
        words.append(f"{info.strongest:+.2f} log-odds at its strongest, compared with not firing")
    if info.evidence.maximum is not None:
        words.append(f"strongest activation seen: {info.evidence.maximum:.4g}")
    return words or ["many columns with a weight each: only their sum in a line has a meaning"]


def features_json(
    artifact: ArtifactInfo, about: Mapping[str, Any] | None, shown: Sequence[FeatureMatch]
) -> str:
    """Return features as JSON, ASCII only; docs/formats.md describes the keys.

    about  the corpus and the labels of the evidence; None without evidence
    """
    value = {
        "schema": SCHEMA,
        "artifact": artifact_json(artifact),
        "about": about,
        "features": [
            {
                "feature": info.feature,
                "weight": number(info.weight, 6),
                "strongest": number(info.strongest, 4),
                "matches": places,
                "evidence": evidence_to_json(info.evidence),
            }
            for info, places in shown
        ],
    }
    return json.dumps(clean(value), indent=1, allow_nan=False) + "\n"
