"""A text -> the features that have to do with it, and where it was found: the best first."""

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum

from rich.text import Text

from reviewbot.escape import visible
from reviewbot.render.evidence import exemplar_words, feature_name, language_words
from reviewbot.render.phrasing import plural
from reviewbot.render.terminal_text import fitting, printed, wrapped
from reviewbot.scoring.feature_catalog import FeatureInfo
from reviewbot.scoring.feature_evidence import Exemplar

MAX_PLACES = 3  # of a feature that a search found


class Rank(IntEnum):
    """What a place says of the feature: most where the text is what it fires on."""

    LABEL = 0
    TOKEN = 1
    CODE = 2  # the text stands in the line, beside what it fires on
    LANGUAGE = 3
    PATH = 4  # or the source: of many lines by chance


def search(known: Sequence[FeatureInfo], text: str) -> list[tuple[FeatureInfo, list[str]]]:
    """Return the features whose label, examples, languages or paths hold a text, with where.

    Case does not count. In the order of the best place of each, and there by lift.
    """
    wanted = " ".join(text.casefold().split())
    found = [(one, sorted(_places(one, wanted), key=lambda place: place[0])) for one in known]
    hits = [(places[0][0], -_lift(one), one, places) for one, places in found if places]
    hits.sort(key=lambda hit: hit[:2])
    return [(one, [words for _, words in places]) for _, _, one, places in hits]


def _lift(one: FeatureInfo) -> float:
    lift = one.evidence.tally.lift if one.evidence.tally else None
    return -1.0 if lift is None else lift


def _places(one: FeatureInfo, wanted: str) -> Iterator[tuple[Rank, str]]:
    known = one.evidence
    if wanted in " ".join(known.label.casefold().split()):
        yield Rank.LABEL, "in its label"
    for example in known.exemplars:
        where = f"{example.source} {example.path}".casefold()
        if (fires := _fires_on(example, wanted)) is not None:
            rank, words = (Rank.TOKEN, "fires on it") if fires else (Rank.CODE, "in an example")
            yield rank, f"{words}: {exemplar_words(example)}"
        elif wanted in where:
            yield Rank.PATH, f"in the path of an example: {exemplar_words(example)}"
    languages = [*(name for name, _ in known.languages), known.detects or ""]
    if any(wanted in name.casefold() for name in languages):
        yield Rank.LANGUAGE, f"by language: {language_words(known)}"


def _fires_on(example: Exemplar, wanted: str) -> bool | None:
    """Return True if a token that is part of the text fires; None where the line lacks the text."""
    chars: list[str] = []
    fired: list[bool] = []
    for token, strength in zip(example.tokens, example.activations, strict=True):
        for char in token.casefold():
            if not char.isspace() or (chars and chars[-1] != " "):
                chars.append(" " if char.isspace() else char)
                fired.append(strength > 0 and not char.isspace())
    line = "".join(chars)
    at = line.find(wanted)
    if at < 0:
        return None
    while at >= 0:
        if any(fired[at : at + len(wanted)]):
            return True
        at = line.find(wanted, at + 1)
    return False


def search_terminal(
    shown: Sequence[tuple[FeatureInfo, list[str]]], *, hidden: int, width: int, color: bool
) -> str:
    """Return what a search found, and where. hidden: how many more there are."""
    return printed(_found(shown, hidden, fitting(width)), width=width, color=color)


def _found(
    shown: Sequence[tuple[FeatureInfo, list[str]]], hidden: int, width: int
) -> Iterable[Text]:
    for one, places in shown:
        name = feature_name(one.feature, one.evidence.label)
        yield from wrapped(f"{visible(one.feature)}: {name}", width, 0, "bold")
        for place in places[:MAX_PLACES]:
            yield from wrapped(place, width, 2)
        if len(places) > MAX_PLACES:
            yield Text(f"  and {len(places) - MAX_PLACES} more", "dim")
    if hidden > 0:
        yield Text(
            f"{plural(hidden, 'more feature')}: --top {len(shown) + hidden} shows all", "dim"
        )
    if not shown:
        yield Text("no feature has it in its label, examples, paths or languages")
