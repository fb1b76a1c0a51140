"""The named features behind a risk, and what each adds to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reviewbot.arrays import Array
from reviewbot.scoring.outcomes import Reason
from reviewbot.scoring.pooling import BLOCK_NAMES, SURPRISAL_NAMES
from reviewbot.scoring.predictor import Predictor
from reviewbot.scoring.surface import SURFACE_NAMES
from reviewbot.scoring.surface_words import words_of

MAX_REASONS = 3
NEGLIGIBLE = 0.05  # log-odds: less moves no risk by more than 0.0125, and is no reason
STATE, STATE_LABEL = "state", "the model's state as a whole"
# Groups whose columns have readable names.
NAMED = {"surface": SURFACE_NAMES, "surprisal": SURPRISAL_NAMES, "block": BLOCK_NAMES}


@dataclass(frozen=True, slots=True)
class FeatureNote:
    """What features.json says about one feature of the autoencoder."""

    label: str  # "" without a reliable label: it is no reason then
    maximum: float  # the strongest activation seen
    density: float  # share of the corpus tokens it fires on


def explain(
    predictor: Predictor,
    parts_N: Array,
    columns_N: Array,
    notes: Mapping[int, FeatureNote],
    most: int = MAX_REASONS,
) -> tuple[Reason, ...]:
    """Return at most `most` features that raise a line's risk and that a reader can understand.

    parts_N    the line's row of `predictor.contributions`
    columns_N  its row of columns
    notes      feature number -> what is known about it

    First the strongest autoencoder feature with a label, if one raises the risk, then signs of the
    text, strongest first. Everything else has no words, and is in the rest: features without a
    label, the output head's signals, and the model's states, most of the score.

    A feature counts once, however many columns it is pooled into. A feature that is absent from
    the line is no reason, though its absence moves the score.
    """
    signs: list[Reason] = []
    sparse: list[tuple[Array, Array]] = []  # contributions and columns of each "sae_" group
    for group, where in predictor.columns():
        if group.startswith("sae_"):
            sparse.append((parts_N[where], columns_N[where]))
        elif group == "surface":
            signs += [
                Reason(f"{group}:{name}", words_of(name, above=bool(high)), float(part), None)
                for name, part, column, high in zip(
                    NAMED[group],
                    parts_N[where],
                    columns_N[where],
                    columns_N[where] >= predictor.centre_N[where],
                    strict=True,
                )
                if column > 0 and part >= NEGLIGIBLE
            ]
    ordered = sorted(signs, key=_strongest_first)
    return (*_fired(sparse, notes), *ordered)[:most]


def _strongest_first(reason: Reason) -> tuple[float, str]:
    return -reason.contribution, reason.feature


def without(predictor: Predictor, feature: str) -> Predictor:
    """Return the predictor with a feature's weights set to 0.

    If the feature is a reason of a line, the line's log-odds fall by its contribution.
    feature  as `Reason.feature`
    raises   ValueError if the predictor has no such feature
    """
    weight_N = predictor.weight_N.copy()
    places = list(places_of(predictor, feature))
    if not places:
        raise ValueError(f"no column belongs to {feature!r}")
    weight_N[places] = 0
    return replace(predictor, weight_N=weight_N)


def places_of(predictor: Predictor, feature: str) -> Iterator[int]:
    """Yield the columns that belong to a feature."""
    kind, _, name = feature.partition(":")
    for group, where in predictor.columns():
        if group.startswith("sae_"):
            if kind == "sae" and name.isdecimal() and int(name) < where.stop - where.start:
                yield where.start + int(name)
        elif group in NAMED:
            if kind == group and name in NAMED[group]:
                yield where.start + NAMED[group].index(name)
        elif feature == STATE:
            yield from range(where.start, where.stop)


def _fired(
    sparse: Sequence[tuple[Array, Array]], notes: Mapping[int, FeatureNote]
) -> Iterator[Reason]:
    """Yield the labelled feature that fired and raises the risk most, if there is one."""
    if not sparse:
        return
    total_F = np.zeros_like(sparse[0][0])
    for parts_F, columns_F in sparse:
        total_F += np.where(columns_F != 0, parts_F, np.float32(0))
    named = [
        n for n in map(int, np.flatnonzero(total_F >= NEGLIGIBLE)) if n in notes and notes[n].label
    ]
    if not named:
        return
    index = min(named, key=lambda n: (-total_F[n], f"sae:{n}"))
    note = notes[index]
    strongest = max(float(columns_F[index]) for _, columns_F in sparse if columns_F[index])
    activation = min(strongest / note.maximum, 1.0) if note.maximum > 0 else None
    yield Reason(f"sae:{index}", note.label, float(total_F[index]), activation)
