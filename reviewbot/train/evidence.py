"""Unlabelled code and labelled lines -> what is known of each feature."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from reviewbot.arrays import Array, Indices, Mask
from reviewbot.scoring.feature_evidence import MAX_LANGUAGES, FeatureEvidence, Tally
from reviewbot.scoring.predictor import Predictor, contributions
from reviewbot.scoring.reasons import NAMED, FeatureNote, places_of
from reviewbot.scoring.surface import SURFACE_NAMES, surface
from reviewbot.train.dataset import Table
from reviewbot.train.exemplars import Exemplars
from reviewbot.train.feature_labels import Label, Labels
from reviewbot.train.firings import Firings, Line
from reviewbot.train.provenance import Origins

CHUNK = 8192  # lines at once
LENGTHS = (12, 20, 28, 36, 44, 52, 64, 80, 100)  # characters at which a stratum begins
DETECTS_SHARE = 0.5  # of a feature's firing that one language has at least
DETECTS_SCORE = 0.75  # balanced accuracy with which its firing alone detects that language


def evidence(
    firings: Firings,
    features: int,
    predictor: Predictor,
    origin: Origins,
    counted: Mapping[str, Tally],
) -> list[FeatureEvidence]:
    """Return the evidence of every autoencoder feature that fired, then of all others counted.

    features   F of the autoencoder
    predictor  decides where a sign of the text raises the risk
    origin     where the file of a line comes from
    counted    by name, from `tallies`
    """
    top_LF, fired_F = strongest(firings, features)
    labels, exemplars = Labels(firings, top_LF), Exemplars(firings, origin)
    correlates = _correlates(firings.lines, top_LF > 0)
    tokens = int(firings.kept_tokens().sum())
    entries = []
    for feature in map(int, np.flatnonzero(fired_F)):
        name, label = f"sae:{feature}", labels.of(feature)
        note = _note(label, top_LF[:, feature], fired_F[feature], tokens)
        languages, detects, indentation = correlates[feature]
        shown, near_misses = exemplars.of(top_LF[:, feature], feature)
        entries.append(
            FeatureEvidence(
                feature=name,
                label=note.label,
                label_score=label.score,
                maximum=note.maximum,
                density=note.density,
                tally=counted.get(name),
                languages=languages,
                detects=detects,
                indentation=indentation,
                exemplars=shown,
                near_misses=near_misses,
            )
        )
    signs = _signs(firings, predictor)
    for name, tally in counted.items():
        kind, _, own_name = name.partition(":")
        if kind != "sae":  # it has a name of its own, so it needs no label
            both = exemplars.of(signs[name]) if name in signs else ((), ())
            words = own_name or "the model's state as a whole"
            entries.append(
                FeatureEvidence(name, words, None, None, None, tally, (), None, None, *both)
            )
    return entries


def notes(entries: Iterable[FeatureEvidence]) -> dict[int, FeatureNote]:
    """Return the part of the evidence that every check needs: `features.json`."""
    return {
        int(entry.feature.removeprefix("sae:")): FeatureNote(
            entry.label, entry.maximum, entry.density
        )
        for entry in entries
        if entry.maximum is not None and entry.density is not None
    }


def describe(firings: Firings, features: int) -> dict[int, FeatureNote]:
    """Return `notes` without the rest of the evidence; features that never fired are missing."""
    top_LF, fired_F = strongest(firings, features)
    labels = Labels(firings, top_LF)
    tokens = int(firings.kept_tokens().sum())
    return {
        feature: _note(labels.of(feature), top_LF[:, feature], fired_F[feature], tokens)
        for feature in map(int, np.flatnonzero(fired_F))
    }


def strongest(firings: Firings, features: int) -> tuple[Array, Array]:
    """Return the strongest activation in each line, (L, F), and how many tokens fire, (F,).

    A token that ends one line and begins the next counts for both lines, as in a check, but as one
    token that fires. Tokens of lines that were not kept do not count.
    """
    top_LF = np.zeros((len(firings.lines), features), np.float32)
    for place, line in enumerate(firings.lines):
        tokens = slice(*line.token_span)
        np.maximum.at(top_LF[place], firings.indices_TK[tokens], firings.values_TK[tokens])
    fired_F = [len(token_N) for token_N, _ in firings.by_feature(features)]
    return top_LF, np.array(fired_F, np.float32)


def tallies(table: Table, predictor: Predictor) -> dict[str, Tally]:
    """Count how often every feature that can be a reason fires on risky and sound lines.

    table    its groups are the predictor's
    returns  by name of the feature

    The expected count is the share of risky lines in the same set, language and length, so that a
    feature which only detects these has a lift of 1. Length, because long lines are corrected more
    often, and more features fire in them.
    """
    use_L = ~table.is_fixed_L & (table.weight_L > 0)
    risky_L = table.y_L[use_L]
    length_L = np.searchsorted(LENGTHS, table.length_L[use_L], side="right").astype(np.str_)
    strata = np.stack([table.set_L[use_L], table.lang_L[use_L], length_L])
    _, stratum_L = np.unique(strata, axis=1, return_inverse=True)
    lines_S = np.bincount(stratum_L)
    share_L = (np.bincount(stratum_L, weights=risky_L) / lines_S)[stratum_L]
    return {
        name: Tally(
            risky=int(risky_L.sum()),
            fired_risky=int((fired_L & risky_L).sum()),
            sound=int((~risky_L).sum()),
            fired_sound=int((fired_L & ~risky_L).sum()),
            expected=round(float(share_L[fired_L].sum()), 4),
        )
        for name, fired_L in _fired(predictor, table.columns_LN[use_L])
    }


def _fired(predictor: Predictor, columns_LN: Array) -> Iterator[tuple[str, Mask]]:
    sparse, start = [], 0
    for group, size in predictor.groups.items():
        if group.startswith("sae_"):
            sparse.append(columns_LN[:, start : start + size])
        elif group in NAMED:
            for place, name in enumerate(NAMED[group], start):
                column_L = columns_LN[:, place]
                above_L = (column_L - predictor.centre_N[place]) * predictor.weight_N[place] > 0
                yield f"{group}:{name}", above_L & (column_L > 0)
        start += size
    for feature in range(sparse[0].shape[1] if sparse else 0):
        yield f"sae:{feature}", np.any([part[:, feature] != 0 for part in sparse], axis=0)
    if places := list(places_of(predictor, "state")):
        score_L = np.zeros(len(columns_LN))
        for at in range(0, len(columns_LN), CHUNK):
            chunk = slice(at, at + CHUNK)
            score_L[chunk] = contributions(predictor, columns_LN[chunk])[:, places].sum(axis=1)
        yield "state", score_L > 0


def _signs(firings: Firings, predictor: Predictor) -> dict[str, Array]:
    """Return how much each sign of the text raises the risk of each line, (L,), or 0."""
    if "surface" not in predictor.groups:
        return {}
    texts = ["".join(line.tokens) for line in firings.lines]
    columns_LN = surface(texts, [line.inside for line in firings.lines])
    strengths = {}
    for n, name in enumerate(SURFACE_NAMES):
        (place,) = places_of(predictor, f"surface:{name}")
        over_L = (columns_LN[:, n] - predictor.centre_N[place]) * predictor.weight_N[place]
        strengths[f"surface:{name}"] = np.where(columns_LN[:, n] > 0, np.maximum(over_L, 0), 0)
    return strengths


def _note(label: Label, top_L: Array, fired: float, tokens: int) -> FeatureNote:
    return FeatureNote(label.text, round(float(top_L.max()), 4), round(float(fired / tokens), 8))


def _correlates(
    lines: tuple[Line, ...], fires_LF: Mask
) -> list[tuple[tuple[tuple[str, float], ...], str | None, float | None]]:
    """Return what goes with the firing of each feature.

    fires_LF  does it fire anywhere in the line
    returns   languages with their share of the firing, if all had as many lines; the language that
              its firing detects, or None; the correlation of firing with depth, within languages

    A feature detects a language if it fires on most of its lines and on few others: then it shows
    where the code is written, not what is wrong with it.
    """
    names = sorted({line.language for line in lines})
    language_L = np.array([names.index(line.language) for line in lines])
    rate_GF = np.stack([fires_LF[language_L == place].mean(axis=0) for place in range(len(names))])
    total_F = rate_GF.sum(axis=0)
    share_GF = rate_GF / np.maximum(total_F, 1e-12)
    indent_F = _indentation(lines, language_L, fires_LF)
    entries = []
    for feature in range(fires_LF.shape[1]):
        order = np.argsort(-share_GF[:, feature], kind="stable")[:MAX_LANGUAGES]
        shares = [(names[g], round(float(share_GF[g, feature]), 4)) for g in order]
        first, depth = order[0], indent_F[feature]
        others = (total_F[feature] - rate_GF[first, feature]) / max(len(names) - 1, 1)
        score = (rate_GF[first, feature] + 1 - others) / 2
        detects = len(names) > 1 and shares[0][1] >= DETECTS_SHARE and score >= DETECTS_SCORE
        entries.append(
            (
                tuple((name, share) for name, share in shares if share > 0),
                names[first] if detects else None,
                None if np.isnan(depth) else round(float(depth), 4),
            )
        )
    return entries


def _indentation(lines: tuple[Line, ...], language_L: Indices, fires_LF: Mask) -> Array:
    """Correlate firing and depth, each less its mean in the line's language; NaN without firing."""
    depth_L = np.array([_depth("".join(line.tokens)) for line in lines], np.float64)
    centred_LF = fires_LF.astype(np.float32)
    for language in np.unique(language_L):
        here = language_L == language
        depth_L[here] -= depth_L[here].mean()
        centred_LF[here] -= centred_LF[here].mean(axis=0)
    norm_F = np.sqrt((centred_LF**2).sum(axis=0, dtype=np.float64)) * np.sqrt((depth_L**2).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((depth_L.astype(np.float32) @ centred_LF) / norm_F, np.float32)


def _depth(text: str) -> int:
    wide = text.expandtabs(4)
    return min(len(wide) - len(wide.lstrip()), 40)
