"""A feature's label: the tokens of its strongest activations, if they hold on other files."""

import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import islice

import numpy as np

from reviewbot.arrays import Array
from reviewbot.train.firings import Firings

STRONGEST = 20  # activations that a label is made from
MAX_TOKENS = 3  # that it may name
CLEAR = 0.7  # share of the strongest activations that those tokens must make up
RELIABLE = 0.7  # balanced accuracy on other files, below which there is no label
# Without the marks around code in a label: an identifier may be called `blanks`.
LINE_END, BLANKS = "line end", "blanks"


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
        parts: dict[int, list[str]] = defaultdict(list)
        lines_of: dict[int, list[int]] = defaultdict(list)
        for place, line in enumerate(lines):
            for t, token in zip(range(*line.token_span), line.tokens, strict=True):
                parts[t].append(token)
                lines_of[t].append(place)
        self._token = {t: _name(texts) for t, texts in parts.items()}
        # Both lines of a token are of one file, so of one half.
        self._makes = {t for t, places in lines_of.items() if not self._tests_L[places[0]]}
        has: dict[str, set[int]] = defaultdict(set)
        for t, name in self._token.items():
            has[name].update(lines_of[t])
        self._has = {name: np.array(sorted(places)) for name, places in has.items()}

    def of(self, feature: int) -> Label:
        """Return the label of a feature.

        Up to three tokens are named if they make up 70 % of the twenty strongest activations in one
        half of the files. They are the label if, in the other half, the lines with one of them are
        the lines on which the feature fires.
        """
        token_N, value_N = self._fired[feature]
        ordered_N = token_N[np.argsort(-value_N, kind="stable")]
        making = islice((t for t in map(int, ordered_N) if t in self._makes), STRONGEST)
        strongest = Counter(self._token[t] for t in making)
        named = strongest.most_common(MAX_TOKENS)
        if strongest.total() < STRONGEST or sum(n for _, n in named) < CLEAR * STRONGEST:
            return NONE
        named_L = np.zeros(len(self._tests_L), np.bool_)
        for name, _ in named:
            named_L[self._has[name]] = True
        named_L, fires_L = named_L[self._tests_L], self._top_LF[self._tests_L, feature] > 0
        if fires_L.all() or not fires_L.any():
            return NONE
        score = float(named_L[fires_L].mean() + 1 - named_L[~fires_L].mean()) / 2
        if score < RELIABLE:
            return NONE
        return Label(f"fires on {', '.join(name for name, _ in named)}", round(score, 4))


def _name(texts: list[str]) -> str:
    """Return the name of a token.

    texts  its part of each line; two where it ends one line and begins the next
    """
    code = " ".join(filter(None, (text.strip() for text in texts)))
    if code:
        return f"`{code}`"
    if len(texts) > 1:
        return f"{LINE_END} with {BLANKS}"
    return BLANKS if texts[0] else LINE_END
