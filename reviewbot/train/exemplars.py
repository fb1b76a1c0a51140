"""Lines on which a feature fires most, and similar lines on which it does not."""

from collections.abc import Iterable

import numpy as np

from reviewbot.arrays import Array
from reviewbot.scoring.feature_evidence import MAX_EXEMPLARS, MAX_NEAR_MISSES, Exemplar
from reviewbot.train.firings import MAX_TOKENS, Firings
from reviewbot.train.provenance import Origins

LENGTHS = (3, 100)  # characters of a line that is shown, without blanks at its ends
MAX_CANDIDATES = 400  # of each feature, best first


class Exemplars:
    """Chooses lines to show."""

    def __init__(self, firings: Firings, origin: Origins) -> None:
        """Take what was read. `origin` returns where the file of a line comes from."""
        self._firings, self._origin = firings, origin
        texts = ["".join(line.tokens).strip() for line in firings.lines]
        self._text = [" ".join(text.split()) for text in texts]
        self._short_L = np.array(
            [
                LENGTHS[0] <= len(text) <= LENGTHS[1] and len(line.tokens) <= MAX_TOKENS
                for text, line in zip(texts, firings.lines, strict=True)
            ]
        )

    def of(
        self, strength_L: Array, feature: int | None = None
    ) -> tuple[tuple[Exemplar, ...], tuple[Exemplar, ...]]:
        """Return at most five exemplars, strongest first, and two near misses, most similar first.

        strength_L  how strongly each line fires, 0 where it does not
        feature     of the autoencoder, which fires on tokens; None for a sign of the whole line

        No two say the same, and two exemplars come from one file only if no other file has one.
        A near miss is in the language of an exemplar.
        """
        maximum = max(float(strength_L.max()), 1e-6)
        shown, near = self._choose(strength_L)
        exemplars, near_misses = (
            tuple(self._exemplar(place, feature, maximum) for place in places)
            for places in (shown, near)
        )
        return exemplars, near_misses

    def _choose(self, strength_L: Array) -> tuple[list[int], list[int]]:
        fires_N = np.flatnonzero((strength_L > 0) & self._short_L)
        ordered = fires_N[np.argsort(-strength_L[fires_N], kind="stable")][:MAX_CANDIDATES]
        shown = self._different(ordered.tolist(), MAX_EXEMPLARS)
        if not shown:
            return [], []
        lines = self._firings.lines
        languages = {lines[place].language for place in shown}
        likeness_L = self._firings.mean_LD @ self._firings.mean_LD[shown].mean(axis=0)
        likeness_L = np.where((strength_L == 0) & self._short_L, likeness_L, -1)
        last = min(MAX_CANDIDATES, len(likeness_L) - 1)
        near = np.argpartition(-likeness_L, last)[:MAX_CANDIDATES]
        near = near[np.argsort(-likeness_L[near], kind="stable")]
        similar = [
            place
            for place in near.tolist()
            if likeness_L[place] > 0 and lines[place].language in languages
        ]
        return shown, self._different(similar, MAX_NEAR_MISSES)

    def _different(self, places: Iterable[int], most: int) -> list[int]:
        """Return the first places whose texts differ; a second one of a file comes last."""
        chosen: list[int] = []
        later: list[int] = []
        texts: set[str] = set()
        files: set[str] = set()
        for place in places:
            text, file = self._text[place], self._firings.lines[place].path
            if text not in texts and file in files:
                later.append(place)
            elif text not in texts:
                texts.add(text)
                files.add(file)
                chosen.append(place)
            if len(chosen) == most:
                return chosen
        for place in later:
            if len(chosen) < most and self._text[place] not in texts:
                texts.add(self._text[place])
                chosen.append(place)
        return chosen

    def _exemplar(self, place: int, feature: int | None, maximum: float) -> Exemplar:
        line = self._firings.lines[place]
        tokens: tuple[str, ...] = ("".join(line.tokens),)
        activations: tuple[float, ...] = (0.0,)
        if feature is not None:
            span = slice(*line.token_span)
            fires_TK = self._firings.indices_TK[span] == feature
            strength_T = np.where(fires_TK, self._firings.values_TK[span], 0).max(axis=1) / maximum
            tokens = line.tokens
            activations = tuple(round(float(value), 3) for value in strength_T)
        origin = self._origin(line.path)
        return Exemplar(
            source=origin.source,
            revision=origin.revision,
            path=origin.path,
            line=line.number,
            licence=origin.licence,
            language=line.language,
            tokens=tokens,
            activations=activations,
        )
