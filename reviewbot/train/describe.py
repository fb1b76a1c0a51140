"""What the autoencoder's features fire on, from a pass over unlabelled code."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from itertools import count

import numpy as np

from reviewbot.core.plan import ReadingPlan
from reviewbot.core.reasons import FeatureNote
from reviewbot.core.sae import SparseCoder, encode
from reviewbot.core.spans import split_lines
from reviewbot.core.states import sinks
from reviewbot.encoders import Encoder
from reviewbot.encoders.reading import read_lines
from reviewbot.train.corpus import SourceFile

STRONGEST = 20  # activations looked at per feature
MOST_TOKENS = 3  # that a label may name
CLEAR = 0.7  # share of the strongest activations that those tokens must make up


@dataclass(slots=True)
class _Seen:
    fired: int = 0
    strongest: list[tuple[float, int, str]] = field(default_factory=list)


def describe(
    sources: Iterable[SourceFile],
    encoder: Encoder,
    plan: ReadingPlan,
    coder: SparseCoder,
    *,
    tokens: int,
    lines_per_file: int = 100,
) -> dict[int, FeatureNote]:
    """Say for each feature how often it fires, how strongly at most, and on which tokens.

    tokens   stop after about that many
    returns  feature -> note; features that never fired are missing

    A label is given only where at most three different tokens make up 70 % of the twenty strongest
    activations; every other feature stays unlabelled, which is said where it is shown.
    """
    seen: dict[int, _Seen] = {}
    total, tie = 0, count()
    for source in sources:
        lines = split_lines(source.text)[:lines_per_file]
        text = "\n".join(lines) + "\n"
        offsets = encoder.tokenize(text).offsets
        wanted = list(range(len(lines)))
        # The first window is enough of a file, and its tokens are the text's first ones.
        read = next(read_lines(encoder, plan, path=source.path, text=text, wanted=wanted), None)
        if read is None:
            continue
        sparse = encode(coder, read.hidden.values_TD)
        for t in np.flatnonzero(~sinks(read.hidden.values_TD)):
            token = text[slice(*offsets[t])]
            for index, value in zip(sparse.indices_TK[t], sparse.values_TK[t], strict=True):
                if value > 0:
                    _note(seen.setdefault(int(index), _Seen()), float(value), token, next(tie))
        total += len(read.hidden.values_TD)
        if total >= tokens:
            break
    return {
        index: FeatureNote(_label(entry), max(e[0] for e in entry.strongest), entry.fired / total)
        for index, entry in sorted(seen.items())
    }


def _note(entry: _Seen, value: float, token: str, tie: int) -> None:
    entry.fired += 1
    item = (value, -tie, token)  # among equals the first seen stays
    if len(entry.strongest) < STRONGEST:
        heappush(entry.strongest, item)
    else:
        heappushpop(entry.strongest, item)


def _label(entry: _Seen) -> str:
    tokens = Counter(token.strip() or _blank(token) for _, _, token in entry.strongest)
    named = tokens.most_common(MOST_TOKENS)
    if len(entry.strongest) < STRONGEST or sum(n for _, n in named) < CLEAR * STRONGEST:
        return ""
    return "fires on " + ", ".join(f"`{token}`" for token, _ in named)


def _blank(token: str) -> str:
    return "line end" if "\n" in token else "blanks"
