"""A feature's label, if its strongest activations have one, and if it holds on other files."""

import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import islice

import numpy as np

from reviewbot.core.arrays import Array, Mask
from reviewbot.train.firings import Firings

STRONGEST = 20  # activations that a label is made from
MOST_TOKENS = 3  # that it may name
CLEAR = 0.7  # share of the strongest activations that those tokens must make up
RELIABLE = 0.7  # balanced accuracy on other files, below which there is no label


@dataclass(frozen=True, slots=True)
class Label:
    """What a feature is called."""

    text: str  # "" where nothing reliable is known
    score: float | None  # balanced accuracy on the files that did not make it; None without text


NONE = Label("", None)


class Labels:
    """Names features by the tokens that they fire on."""

    def __init__(self, firings: Firings, top_LF: Array) -> None:
        """Take what was read. Half of the files make labels, the other half tests them."""
        lines = firings.lines
        self._fired, self._top_LF = firings.by_feature(top_LF.shape[1]), top_LF
        self._tests_L = np.array([zlib.crc32(line.path.encode()) % 2 == 1 for line in lines])
        self._token: dict[int, str] = {}
        self._makes: set[int] = set()
        has: dict[str, set[int]] = defaultdict(set)
        for place, line in enumerate(lines):
            for t, token in zip(range(*line.token_span), line.tokens, strict=True):
                self._token[t] = name = token.strip() or ("blanks" if token else "line end")
                has[name].add(place)
                if not self._tests_L[place]:
                    self._makes.add(t)
        self._has = {name: np.array(sorted(places)) for name, places in has.items()}

    def of(self, feature: int) -> Label:
        """Return the label of a feature.

        Tokens are named where at most three make up 70 % of the twenty strongest activations in one
        half of the files; they are the label where, in the other half, holding one of them tells
        lines on which the feature fires, however weakly, from those on which it does not.
        """
        token_N, value_N = self._fired[feature]
        ordered_N = token_N[np.argsort(-value_N, kind="stable")]
        making = islice((t for t in map(int, ordered_N) if t in self._makes), STRONGEST)
        strongest = Counter(self._token[t] for t in making)
        named = strongest.most_common(MOST_TOKENS)
        enough = sum(strongest.values()) == STRONGEST
        if not enough or sum(n for _, n in named) < CLEAR * STRONGEST:
            return NONE
        said_L = np.zeros(len(self._tests_L), np.bool_)
        for name, _ in named:
            said_L[self._has[name]] = True
        score = _balanced(said_L[self._tests_L], self._top_LF[self._tests_L, feature] > 0)
        if score is None or score < RELIABLE:
            return NONE
        words = ", ".join(f"`{name}`" for name, _ in named)
        return Label(f"fires on {words}", round(score, 4))


def _balanced(said_L: Mask, fires_L: Mask) -> float | None:
    if fires_L.all() or not fires_L.any():
        return None
    return float(said_L[fires_L].mean() + 1 - said_L[~fires_L].mean()) / 2
