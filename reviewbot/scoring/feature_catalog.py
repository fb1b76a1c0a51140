"""Everything that an artifact knows of its features, one value each. No model is needed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from reviewbot.scoring.feature_evidence import FeatureEvidence
from reviewbot.scoring.predictor import Predictor
from reviewbot.scoring.reasons import NAMED, FeatureNote, places_of

SORTS = ("weight", "lift", "false-fire", "density", "id")
STATE = "state"
MAX_NEAR = 5  # names that are offered for one that is not known


@dataclass(frozen=True, slots=True)
class FeatureInfo:
    """One feature."""

    feature: str  # as `Reason.feature`
    evidence: FeatureEvidence  # with nothing but label, maximum and density where none was found
    weight: float | None  # log-odds for one deviation more; None for the state, which has many
    # Log-odds at its maximum against a line where it does not fire. Where the predictor reads means
    # too (`sae_mean`): of a line whose every token fires at the maximum, which hardly any does.
    strongest: float | None


def known_features(
    predictor: Predictor,
    notes: Mapping[int, FeatureNote],
    evidence: Mapping[str, FeatureEvidence],
    features: int,
) -> tuple[FeatureInfo, ...]:
    """Return all features: the autoencoder's by number, the named signs, the state.

    notes     what features.json says of the autoencoder's
    evidence  of all features; may be empty
    features  F of the autoencoder
    """
    return tuple(
        FeatureInfo(
            name, evidence.get(name) or _noted(name, notes), *_weights(predictor, name, notes)
        )
        for name in feature_names(predictor, features)
    )


def feature_names(predictor: Predictor, features: int) -> Iterator[str]:
    """Yield the name of every feature, also of those that the predictor gives no column."""
    yield from (f"sae:{number}" for number in range(features))
    for group in predictor.groups:
        yield from (f"{group}:{name}" for name in NAMED.get(group, ()))
    if any(not group.startswith("sae_") and group not in NAMED for group in predictor.groups):
        yield STATE


def resolve_name(asked: str, names: Sequence[str]) -> str | None:
    """Return the feature that somebody means: "417", "sae:417", "surface:commas", "commas"."""
    asked = " ".join(asked.split())
    if asked.isdecimal() and asked.isascii():
        asked = f"sae:{int(asked)}" if len(asked) < 20 else asked
    if asked in names:
        return asked
    folded = asked.casefold()
    found = [name for name in names if folded in (name.casefold(), _bare(name).casefold())]
    return found[0] if len(found) == 1 else None


def near_names(asked: str, names: Sequence[str]) -> list[str]:
    """Return the names that may be meant by one that is not known; [] where none is much like it.

    Numbers are no names: one is as near as another.
    """
    asked = " ".join(asked[:200].casefold().split())
    kind, _, rest = asked.partition(":")
    asked = rest if kind in NAMED else asked  # what all names of a group share says nothing
    named = [name for name in names if not name.startswith("sae:")]
    words = {_bare(name).casefold(): name for name in named}
    close = get_close_matches(asked, list(words), n=MAX_NEAR, cutoff=0.7)
    return list(dict.fromkeys(words[word] for word in close))


def order(known: Sequence[FeatureInfo], by: str) -> list[FeatureInfo]:
    """Return the features sorted by one of `SORTS`, greatest first.

    Equal ones stay as they came; those of which it is not known stand last.
    """
    return sorted(known, key=lambda one: -_measure(one, by))


def _measure(one: FeatureInfo, by: str) -> float:
    tally = one.evidence.tally
    found: float | None = None
    match by:
        case "weight":
            found = None if one.weight is None else abs(one.weight)
        case "lift":
            found = tally.lift if tally else None
        case "false-fire":
            found = tally.false_fire if tally else None
        case "density":
            found = one.evidence.density
    return -1.0 if found is None else found


def _bare(name: str) -> str:
    return name.partition(":")[2] or name


def _noted(name: str, notes: Mapping[int, FeatureNote]) -> FeatureEvidence:
    kind, _, rest = name.partition(":")
    note = notes.get(int(rest)) if kind == "sae" else None
    label = rest if kind in NAMED else STATE_LABEL if name == STATE else ""
    return FeatureEvidence(
        feature=name,
        label=note.label if note else label,
        label_score=None,
        maximum=note.maximum if note and note.maximum > 0 else None,
        density=note.density if note else None,
        tally=None,
        languages=(),
        detects=None,
        indentation=None,
        exemplars=(),
        near_misses=(),
    )


STATE_LABEL = "the model's state as a whole"


def _weights(
    predictor: Predictor, name: str, notes: Mapping[int, FeatureNote]
) -> tuple[float | None, float | None]:
    places = list(places_of(predictor, name))
    if name == STATE or not places:
        return None, None
    per_scale = predictor.weight_N[places] * predictor.slope
    weight = float(per_scale.sum())
    number = int(_bare(name)) if name.startswith("sae:") else None
    note = None if number is None else notes.get(number)
    if note is None or note.maximum <= 0:
        return weight, None
    return weight, float((per_scale / predictor.scale_N[places]).sum() * note.maximum)
