"""Everything that an artifact knows about its features, one value each. Needs no model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from reviewbot.scoring.feature_evidence import FeatureEvidence
from reviewbot.scoring.predictor import Predictor
from reviewbot.scoring.reasons import NAMED, STATE, STATE_LABEL, FeatureNote, places_of

MAX_NEAR = 5  # names that are suggested for an unknown one
MAX_CHARS = 200  # of a name that is looked up


@dataclass(frozen=True, slots=True)
class FeatureInfo:
    """One feature."""

    feature: str  # as `Reason.feature`
    evidence: FeatureEvidence  # without evidence: only label, maximum and density
    weight: float | None  # log-odds per standard deviation; None for the state, which has many
    # Log-odds at its maximum against a line where it does not fire. If the predictor reads means
    # too (`sae_mean`): of a line whose every token fires at the maximum, which hardly ever happens.
    strongest: float | None


def known_features(
    predictor: Predictor,
    notes: Mapping[int, FeatureNote],
    evidence: Mapping[str, FeatureEvidence],
    features: int,
) -> tuple[FeatureInfo, ...]:
    """Return all features: the autoencoder's by number, the named ones, the state.

    notes     what features.json says about the autoencoder's
    evidence  by feature; may be empty
    features  F of the autoencoder
    """
    return tuple(
        FeatureInfo(
            name, evidence.get(name) or _noted(name, notes), *_weights(predictor, name, notes)
        )
        for name in feature_names(predictor, features)
    )


def feature_names(predictor: Predictor, features: int) -> Iterator[str]:
    """Yield the name of every feature, including those without a column of the predictor."""
    yield from (f"sae:{number}" for number in range(features))
    for group in predictor.groups:
        yield from (f"{group}:{name}" for name in NAMED.get(group, ()))
    if any(not group.startswith("sae_") and group not in NAMED for group in predictor.groups):
        yield STATE


def resolve_name(text: str, names: Sequence[str]) -> str | None:
    """Return the feature that a user means: "417", "sae:417", "surface:commas", "commas"."""
    text = " ".join(text.split())
    if text.isdecimal() and text.isascii() and len(text) < 20:
        text = f"sae:{int(text)}"
    if text in names:
        return text
    folded = text.casefold()
    matches = [name for name in names if folded in (name.casefold(), _bare(name).casefold())]
    return matches[0] if len(matches) == 1 else None


def near_names(text: str, names: Sequence[str]) -> list[str]:
    """Return the names most like an unknown one, if any. Numbered features are never suggested."""
    text = " ".join(text[:MAX_CHARS].casefold().split())
    kind, _, rest = text.partition(":")
    text = rest if kind in NAMED else text  # a prefix that all names of a group share says nothing
    words = {_bare(name).casefold(): name for name in names if not name.startswith("sae:")}
    close = get_close_matches(text, list(words), n=MAX_NEAR, cutoff=0.7)
    return list(dict.fromkeys(words[word] for word in close))


def by_lift(known: Sequence[FeatureInfo]) -> list[FeatureInfo]:
    """Return the features, greatest lift first, then by absolute weight; unknown values last."""

    def key(info: FeatureInfo) -> tuple[float, float]:
        lift = info.evidence.tally.lift if info.evidence.tally else None
        weight = None if info.weight is None else abs(info.weight)
        return 1.0 if lift is None else -lift, 1.0 if weight is None else -weight

    return sorted(known, key=key)


def _bare(name: str) -> str:
    return name.partition(":")[2] or name


def _noted(name: str, notes: Mapping[int, FeatureNote]) -> FeatureEvidence:
    kind, _, rest = name.partition(":")
    note = notes.get(int(rest)) if kind == "sae" else None
    label = rest if kind in NAMED else STATE_LABEL if name == STATE else ""
    return FeatureEvidence(
        feature=name,
        label=note.label if note else label,
        maximum=note.maximum if note and note.maximum > 0 else None,
        density=note.density if note else None,
    )


def _weights(
    predictor: Predictor, name: str, notes: Mapping[int, FeatureNote]
) -> tuple[float | None, float | None]:
    places = list(places_of(predictor, name))
    if name == STATE or not places:
        return None, None
    per_scale = predictor.weight_N[places] * predictor.slope
    weight = float(per_scale.sum())
    note = notes.get(int(_bare(name))) if name.startswith("sae:") else None
    if note is None or note.maximum <= 0:
        return weight, None
    return weight, float((per_scale / predictor.scale_N[places]).sum() * note.maximum)
