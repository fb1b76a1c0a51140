"""The named features behind a risk, and what each adds to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reviewbot.core.arrays import Array
from reviewbot.core.pooling import BLOCK_NAMES, SURPRISAL_NAMES
from reviewbot.core.predictor import Predictor
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
    sparse: dict[int, list[int]] = {}
    dense = 0.0
    start = 0
    for group, size in predictor.groups.items():
        part_N = parts_N[start : start + size]
        if group.startswith("sae_"):
            for fired in np.flatnonzero(columns_N[start : start + size]):
                sparse.setdefault(int(fired), []).append(start + int(fired))
        elif group in NAMED:
            found += _named(group, NAMED[group], part_N, columns_N[start : start + size])
        else:
            dense += float(part_N.sum())
        start += size
    for index, places in sparse.items():
        note = notes.get(index, FeatureNote("", 0.0, 0.0))
        strongest = float(max(columns_N[place] for place in places))
        found.append(
            Reason(
                f"sae:{index}",
                note.label,
                float(sum(parts_N[place] for place in places)),
                min(strongest / note.maximum, 1.0) if note.maximum > 0 else None,
            )
        )
    found.append(Reason("state", "the model's state as a whole", dense, None))
    raising = (reason for reason in found if reason.contribution > 0)
    ordered = sorted(raising, key=lambda reason: (-reason.contribution, reason.feature))
    return tuple(ordered[:MOST_REASONS])


def _named(kind: str, names: Sequence[str], parts_N: Array, columns_N: Array) -> list[Reason]:
    return [
        Reason(f"{kind}:{name}", name, float(part), None)
        for name, part, column in zip(names, parts_N, columns_N, strict=True)
        if column > 0
    ]
