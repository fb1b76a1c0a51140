"""Lines on which a feature fires most, and the most similar ones on which it does not."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from reviewbot.arrays import Array
from reviewbot.scoring.feature_evidence import MAX_EXEMPLARS, MAX_NEAR_MISSES, Exemplar
from reviewbot.train.firings import Firings, Line
from reviewbot.train.provenance import Origins

SHORT = (3, 100)  # characters of a line that is shown, blanks at its ends not counted
MAX_TOKENS = 60
LOOKED_AT = 400  # candidates of each feature, best first


class Examples:
    """Chooses lines to show; `top_LF` has the strongest activation of each feature in each line."""

    def __init__(self, firings: Firings, top_LF: Array, origin: Origins) -> None:
        """Take what was read. `origin` says where the file of a line comes from."""
        self._firings, self._top_LF, self._origin = firings, top_LF, origin
        texts = ["".join(line.tokens).strip() for line in firings.lines]
        self._text = [" ".join(text.split()) for text in texts]
        self._short_L = np.array(
            [
                SHORT[0] <= len(text) <= SHORT[1] and len(line.tokens) <= MAX_TOKENS
                for text, line in zip(texts, firings.lines, strict=True)
            ]
        )

    def of(self, feature: int) -> tuple[tuple[Exemplar, ...], tuple[Exemplar, ...]]:
        """Return at most five exemplars, strongest first, and two near misses, most similar first.

        No two say the same, and no two exemplars stand in one file while others are to be had. A
        near miss is in the language of an exemplar.
        """
        top_L = self._top_LF[:, feature]
        maximum = max(float(top_L.max()), 1e-6)
        shown, missed = self._chosen(top_L)
        return (
            tuple(self._exemplar(place, *self._fired(place, feature, maximum)) for place in shown),
            tuple(self._exemplar(place, *self._fired(place, feature, maximum)) for place in missed),
        )

    def of_sign(self, strength_L: Array) -> tuple[tuple[Exemplar, ...], tuple[Exemplar, ...]]:
        """Do the same for a sign of the text, which is in a line and in no token of it.

        strength_L  how much it raises the risk of each line; 0 where it does not
        """
        shown, missed = self._chosen(strength_L)
        return tuple(map(self._plain, shown)), tuple(map(self._plain, missed))

    def _chosen(self, strength_L: Array) -> tuple[list[int], list[int]]:
        fires_N = np.flatnonzero((strength_L > 0) & self._short_L)
        ordered = fires_N[np.argsort(-strength_L[fires_N], kind="stable")][:LOOKED_AT]
        shown = list(_different(ordered, self._keys, MAX_EXEMPLARS))
        if not shown:
            return [], []
        languages = {self._firings.lines[place].language for place in shown}
        centre_D = self._firings.mean_LD[shown].mean(axis=0)
        likeness_L = self._firings.mean_LD @ centre_D
        likeness_L = np.where((strength_L == 0) & self._short_L, likeness_L, -1)
        near = np.argpartition(-likeness_L, min(LOOKED_AT, len(likeness_L) - 1))[:LOOKED_AT]
        near = near[np.argsort(-likeness_L[near], kind="stable")]
        alike = [
            place
            for place in near
            if likeness_L[place] > 0 and self._firings.lines[place].language in languages
        ]
        return shown, list(_different(alike, self._keys, MAX_NEAR_MISSES))

    def _keys(self, place: int) -> tuple[str, str]:
        return self._text[place], self._firings.lines[place].path

    def _fired(
        self, place: int, feature: int, maximum: float
    ) -> tuple[tuple[str, ...], tuple[float, ...]]:
        line: Line = self._firings.lines[place]
        tokens = slice(*line.token_span)
        hit_TK = self._firings.indices_TK[tokens] == feature
        strength_T = np.where(hit_TK, self._firings.values_TK[tokens], 0).max(axis=1) / maximum
        return line.tokens, tuple(round(float(value), 3) for value in strength_T)

    def _plain(self, place: int) -> Exemplar:
        return self._exemplar(place, ("".join(self._firings.lines[place].tokens),), (0.0,))

    def _exemplar(
        self, place: int, tokens: tuple[str, ...], activations: tuple[float, ...]
    ) -> Exemplar:
        line: Line = self._firings.lines[place]
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


def _different(
    places: Iterable[int], keys: Callable[[int], tuple[str, str]], most: int
) -> Iterator[int]:
    """Yield the first places whose texts differ, those of files not seen yet before the others."""
    texts: set[str] = set()
    files: set[str] = set()
    later: list[int] = []
    found = 0
    for place in map(int, places):
        text, file = keys(place)
        if text in texts:
            continue
        if file in files:
            later.append(place)
            continue
        texts.add(text)
        files.add(file)
        yield place
        found += 1
        if found == most:
            return
    for place in later:
        if found < most and keys(place)[0] not in texts:
            texts.add(keys(place)[0])
            found += 1
            yield place
