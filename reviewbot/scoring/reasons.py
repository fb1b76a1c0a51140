"""The named features behind a risk, and what each adds to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reviewbot.arrays import Array
from reviewbot.scoring.outcomes import Reason
from reviewbot.scoring.pooling import BLOCK_NAMES, SURPRISAL_NAMES
from reviewbot.scoring.predictor import Predictor
from reviewbot.scoring.surface import SURFACE_NAMES

MAX_REASONS = 3
STATE, STATE_LABEL = "state", "the model's state as a whole"
# Groups whose columns have readable names.
NAMED = {"surface": SURFACE_NAMES, "surprisal": SURPRISAL_NAMES, "block": BLOCK_NAMES}


@dataclass(frozen=True, slots=True)
class FeatureNote:
    """What features.json says about one feature of the autoencoder."""

    label: str  # "" without a reliable label: shown as unlabelled
    maximum: float  # the strongest activation seen
    density: float  # share of the corpus tokens it fires on


def explain(
    predictor: Predictor,
    parts_N: Array,
    columns_N: Array,
    notes: Mapping[int, FeatureNote],
) -> tuple[Reason, ...]:
    """Return the at most three features that raise a line's risk most, strongest first.

    parts_N    the line's row of `predictor.contributions`
    columns_N  its row of columns
    notes      feature number -> what is known about it

    The last of three is an autoencoder feature, if one raises the risk: text features are few and
    heavy, autoencoder features are many and weigh more together.

    A feature counts once, however many columns it is pooled into. A feature that is absent from
    the line is no reason, though its absence moves the score. The dense states have no names: all
    their columns together are one reason.
    """
    reasons: list[Reason] = []
    sparse: list[tuple[Array, Array]] = []  # contributions and columns of each "sae_" group
    dense = 0.0
    for group, where in predictor.columns():
        if group.startswith("sae_"):
            sparse.append((parts_N[where], columns_N[where]))
        elif group in NAMED:
            reasons += [
                Reason(f"{group}:{name}", name, float(part), None)
                for name, part, column in zip(
                    NAMED[group], parts_N[where], columns_N[where], strict=True
                )
                if column > 0
            ]
        else:
            dense += float(parts_N[where].sum())
    reasons += _fired(sparse, notes) if sparse else []
    reasons.append(Reason(STATE, STATE_LABEL, dense, None))
    raising = (reason for reason in reasons if reason.contribution > 0)
    ordered = sorted(raising, key=lambda reason: (-reason.contribution, reason.feature))
    first = ordered[:MAX_REASONS]
    if len(first) == MAX_REASONS and not any(map(_is_sparse, first)):
        first[-1] = next(filter(_is_sparse, ordered), first[-1])
    return tuple(first)


def _is_sparse(reason: Reason) -> bool:
    return reason.feature.startswith("sae:")


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


def _fired(sparse: Sequence[tuple[Array, Array]], notes: Mapping[int, FeatureNote]) -> list[Reason]:
    """Return the `MAX_REASONS` features that fired and raise the risk most; more only on a tie."""
    total_F = np.zeros_like(sparse[0][0])
    for parts_F, columns_F in sparse:
        total_F += np.where(columns_F != 0, parts_F, np.float32(0))
    raising = np.flatnonzero(total_F > 0)
    sums = total_F[raising]
    if len(raising) > MAX_REASONS:
        raising = raising[sums >= np.partition(sums, -MAX_REASONS)[-MAX_REASONS]]
    reasons = []
    for index in map(int, raising):
        note = notes.get(index, FeatureNote("", 0.0, 0.0))
        strongest = max(float(columns_F[index]) for _, columns_F in sparse if columns_F[index])
        activation = min(strongest / note.maximum, 1.0) if note.maximum > 0 else None
        reasons.append(Reason(f"sae:{index}", note.label, float(total_F[index]), activation))
    return reasons
