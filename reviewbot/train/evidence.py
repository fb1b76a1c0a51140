"""Unlabelled code and labelled lines -> what is known of each feature."""

from collections.abc import Iterable, Mapping

import numpy as np

from reviewbot.arrays import Array
from reviewbot.scoring.feature_evidence import FeatureEvidence, Tally
from reviewbot.scoring.predictor import Predictor
from reviewbot.scoring.reasons import FeatureNote, places_of
from reviewbot.scoring.surface import SURFACE_NAMES, surface
from reviewbot.train.autolabel import Label, Labels
from reviewbot.train.correlates import correlates
from reviewbot.train.examples import Examples
from reviewbot.train.firings import Firings
from reviewbot.train.provenance import Origins


def evidence(
    firings: Firings,
    features: int,
    predictor: Predictor,
    origin: Origins,
    counted: Mapping[str, Tally],
) -> list[FeatureEvidence]:
    """Return the evidence of every autoencoder feature that fired, then of all others counted.

    features   F of the autoencoder
    predictor  says where a sign of the text raises the risk
    origin     where the file of a line comes from
    counted    by name, as `tally.tallies`
    """
    top_LF, fired_F = strongest(firings, features)
    labels, examples = Labels(firings, top_LF), Examples(firings, top_LF, origin)
    beside = correlates(firings.lines, top_LF > 0)
    tokens = int(firings.kept_tokens().sum())
    found = []
    for feature in map(int, np.flatnonzero(fired_F)):
        name, label, own = f"sae:{feature}", labels.of(feature), beside[feature]
        note = _note(label, top_LF[:, feature], fired_F[feature], tokens)
        exemplars, near_misses = examples.of(feature)
        found.append(
            FeatureEvidence(
                feature=name,
                label=note.label,
                label_score=label.score,
                maximum=note.maximum,
                density=note.density,
                tally=counted.get(name),
                languages=own.languages,
                detects=own.detects,
                indentation=own.indentation,
                exemplars=exemplars,
                near_misses=near_misses,
            )
        )
    signs = _signs(firings, predictor)
    for name, tally in counted.items():
        kind, _, own_name = name.partition(":")
        if kind != "sae":  # what has a name of its own needs no label
            both = examples.of_sign(signs[name]) if name in signs else ((), ())
            words = own_name or "the model's state as a whole"
            found.append(
                FeatureEvidence(name, words, None, None, None, tally, (), None, None, *both)
            )
    return found


def _signs(firings: Firings, predictor: Predictor) -> dict[str, Array]:
    """Return how much each sign of the text raises the risk of each line, (L,), or 0."""
    if "surface" not in predictor.groups:
        return {}
    texts = ["".join(line.tokens) for line in firings.lines]
    columns_LN = surface(texts, [line.inside for line in firings.lines])
    found = {}
    for n, name in enumerate(SURFACE_NAMES):
        (place,) = places_of(predictor, f"surface:{name}")
        over_L = (columns_LN[:, n] - predictor.centre_N[place]) * predictor.weight_N[place]
        found[f"surface:{name}"] = np.where(columns_LN[:, n] > 0, np.maximum(over_L, 0), 0)
    return found


def notes(found: Iterable[FeatureEvidence]) -> dict[int, FeatureNote]:
    """Return of the evidence what `features.json` holds: that which every check needs."""
    return {
        int(one.feature.removeprefix("sae:")): FeatureNote(one.label, one.maximum, one.density)
        for one in found
        if one.maximum is not None and one.density is not None
    }


def describe(firings: Firings, features: int) -> dict[int, FeatureNote]:
    """Return the same where nothing else is wanted; features that never fired are missing."""
    top_LF, fired_F = strongest(firings, features)
    labels = Labels(firings, top_LF)
    tokens = int(firings.kept_tokens().sum())
    return {
        feature: _note(labels.of(feature), top_LF[:, feature], fired_F[feature], tokens)
        for feature in map(int, np.flatnonzero(fired_F))
    }


def _note(label: Label, top_L: Array, fired: float, tokens: int) -> FeatureNote:
    return FeatureNote(label.text, round(float(top_L.max()), 4), round(float(fired / tokens), 8))


def strongest(firings: Firings, features: int) -> tuple[Array, Array]:
    """Return the strongest activation in each line, (L, F), and how many tokens fire, (F,).

    A token that ends one line and begins the next counts for both, as it does in a check; it is one
    token that fires. Tokens of lines that were not kept count nowhere.
    """
    top_LF = np.zeros((len(firings.lines), features), np.float32)
    for place, line in enumerate(firings.lines):
        tokens = slice(*line.token_span)
        np.maximum.at(top_LF[place], firings.indices_TK[tokens], firings.values_TK[tokens])
    fired_F = [len(token_N) for token_N, _ in firings.by_feature(features)]
    return top_LF, np.array(fired_F, np.float32)
