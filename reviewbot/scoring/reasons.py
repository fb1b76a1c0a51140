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
# Groups whose columns have names that a person can read.
NAMED = {"surface": SURFACE_NAMES, "surprisal": SURPRISAL_NAMES, "block": BLOCK_NAMES}


@dataclass(frozen=True, slots=True)
class FeatureNote:
    """What we know about one feature of the autoencoder, from code it was run over."""

    label: str  # "" where no reliable label is known: shown as unlabelled
    maximum: float  # the strongest activation seen
    density: float  # share of the tokens it fires on, of lines that were kept


def explain(
    predictor: Predictor,
    parts_N: Array,
    columns_N: Array,
    notes: Mapping[int, FeatureNote],
) -> tuple[Reason, ...]:
    """Return the at most three parts of the score that raise a line's risk most, strongest first.

    parts_N    the line's row of `predictor.contributions`
    columns_N  its row of columns
    notes      feature number -> what is known about it

    The last place goes to the strongest autoencoder feature where none is stronger: signs of the
    text are few and each weighs much, features are thousands and weigh more together.

    A feature counts once, whatever the number of columns it is pooled into. An autoencoder feature
    that does not fire in the line is no reason, nor is a sign that is not in it, though their
    absence moves the score. The dense
    states have no names: all their columns together are one reason, with its true weight.
    """
    found: list[Reason] = []
    sparse: list[tuple[Array, Array]] = []  # contributions and columns of each "sae_" group
    dense = 0.0
    start = 0
    for group, size in predictor.groups.items():
        part_N = parts_N[start : start + size]
        if group.startswith("sae_"):
            sparse.append((part_N, columns_N[start : start + size]))
        elif group in NAMED:
            found += _named(group, NAMED[group], part_N, columns_N[start : start + size])
        else:
            dense += float(part_N.sum())
        start += size
    found += _fired(sparse, notes) if sparse else []
    found.append(Reason("state", "the model's state as a whole", dense, None))
    raising = (reason for reason in found if reason.contribution > 0)
    ordered = sorted(raising, key=lambda reason: (-reason.contribution, reason.feature))
    first = ordered[:MAX_REASONS]
    if len(first) == MAX_REASONS and not any(map(_is_sparse, first)):
        first[-1] = next(filter(_is_sparse, ordered), first[-1])
    return tuple(first)


def _is_sparse(reason: Reason) -> bool:
    return reason.feature.startswith("sae:")


def without(predictor: Predictor, feature: str) -> Predictor:
    """Return the predictor as if a feature had no weight.

    Where the feature is a reason, the log-odds fall by the reason's contribution.
    feature  as `Reason.feature`
    raises   ValueError where the predictor has no such feature
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
    start = 0
    for group, size in predictor.groups.items():
        if group.startswith("sae_"):
            if kind == "sae" and name.isdecimal() and int(name) < size:
                yield start + int(name)
        elif group in NAMED:
            if kind == group and name in NAMED[group]:
                yield start + NAMED[group].index(name)
        elif feature == "state":
            yield from range(start, start + size)
        start += size


def _fired(sparse: Sequence[tuple[Array, Array]], notes: Mapping[int, FeatureNote]) -> list[Reason]:
    """Return the features that fired and raise the risk most; more than are kept only on a tie.

    A line fires some hundred of thousands: only the few that can be kept become a `Reason`.
    """
    total_F = np.zeros_like(sparse[0][0])
    for parts_F, columns_F in sparse:
        total_F += np.where(columns_F != 0, parts_F, np.float32(0))
    raising = np.flatnonzero(total_F > 0)
    sums = total_F[raising]
    if len(raising) > MAX_REASONS:
        raising = raising[sums >= np.partition(sums, -MAX_REASONS)[-MAX_REASONS]]
    found = []
    for index in map(int, raising):
        note = notes.get(index, FeatureNote("", 0.0, 0.0))
        strongest = max(float(columns_F[index]) for _, columns_F in sparse if columns_F[index])
        activation = min(strongest / note.maximum, 1.0) if note.maximum > 0 else None
        found.append(Reason(f"sae:{index}", note.label, float(total_F[index]), activation))
    return found


def _named(kind: str, names: Sequence[str], parts_N: Array, columns_N: Array) -> list[Reason]:
    return [
        Reason(f"{kind}:{name}", name, float(part), None)
        for name, part, column in zip(names, parts_N, columns_N, strict=True)
        if column > 0
    ]
