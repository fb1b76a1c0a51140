"""The named features behind a risk, and what each adds to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reviewbot.core.arrays import Array
from reviewbot.core.pooling import BLOCK_NAMES, SURPRISAL_NAMES
from reviewbot.core.predictor import Predictor
from reviewbot.core.spans import Span
from reviewbot.core.surface import SURFACE_NAMES

MOST_REASONS = 3
# Groups whose columns have names that a person can read.
NAMED = {"surface": SURFACE_NAMES, "surprisal": SURPRISAL_NAMES, "block": BLOCK_NAMES}


@dataclass(frozen=True, slots=True)
class FeatureNote:
    """What we know about one feature of the autoencoder, from code it was run over."""

    label: str  # "" where no reliable label is known: shown as unlabelled
    maximum: float  # the strongest activation seen
    density: float  # share of tokens it fires on


@dataclass(frozen=True, slots=True)
class Reason:
    """One feature that raised the risk of a line."""

    feature: str  # "sae:417", "surface:line length", "state"
    label: str
    contribution: float  # log-odds it adds against an average line
    activation: float | None  # share of the feature's maximum; None where it has none


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

    A feature counts once, whatever the number of columns it is pooled into. An autoencoder feature
    that does not fire in the line is no reason, nor is a sign that is not in it, though their
    absence moves the score. The dense
    states have no names: all their columns together are one reason, with its true weight.
    """
    found: list[Reason] = []
    sparse: list[Span] = []  # in columns
    dense = 0.0
    start = 0
    for group, size in predictor.groups.items():
        span = Span(start, start + size)
        if group.startswith("sae_"):
            sparse.append(span)
        elif group in NAMED:
            found += _named(group, NAMED[group], parts_N[slice(*span)], columns_N[slice(*span)])
        else:
            dense += float(parts_N[slice(*span)].sum())
        start = span.end
    if sparse:
        found += _fired(sparse, parts_N, columns_N, notes)
    found.append(Reason("state", "the model's state as a whole", dense, None))
    raising = (reason for reason in found if reason.contribution > 0)
    ordered = sorted(raising, key=lambda reason: (-reason.contribution, reason.feature))
    return tuple(ordered[:MOST_REASONS])


def _fired(
    spans: Sequence[Span], parts_N: Array, columns_N: Array, notes: Mapping[int, FeatureNote]
) -> list[Reason]:
    """Return the autoencoder's features that raise the risk most, all where several are equal.

    Hundreds fire in a line and three are shown, so only these become values.
    """
    columns_GF = np.stack([columns_N[slice(*span)] for span in spans])
    parts_GF = np.stack([parts_N[slice(*span)] for span in spans])
    part_F = np.where(columns_GF != 0, parts_GF, np.float32(0)).sum(axis=0)
    (raising_N,) = np.nonzero(part_F > 0)
    if len(raising_N) > MOST_REASONS:
        least = np.partition(part_F[raising_N], -MOST_REASONS)[-MOST_REASONS]
        raising_N = raising_N[part_F[raising_N] >= least]
    found = []
    for index in raising_N.tolist():
        note = notes.get(index, FeatureNote("", 0.0, 0.0))
        strongest = float(max(column for column in columns_GF[:, index] if column))
        share = min(strongest / note.maximum, 1.0) if note.maximum > 0 else None
        found.append(Reason(f"sae:{index}", note.label, float(part_F[index]), share))
    return found


def _named(kind: str, names: Sequence[str], parts_N: Array, columns_N: Array) -> list[Reason]:
    return [
        Reason(f"{kind}:{name}", name, part, None)
        for name, part, column in zip(names, parts_N.tolist(), columns_N.tolist(), strict=True)
        if column > 0 and part > 0
    ]
