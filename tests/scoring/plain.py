"""The hot paths as they were first written: slow and easy to believe. The fast ones must agree with
them bit for bit (`test_bits.py`); float additions stand in the order of these loops."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from reviewbot.arrays import Array, Indices
from reviewbot.encoders.spans import Span, split_lines
from reviewbot.scoring.outcomes import Reason
from reviewbot.scoring.pooling import LineTokens
from reviewbot.scoring.predictor import Predictor
from reviewbot.scoring.reasons import MAX_REASONS, NEGLIGIBLE, FeatureNote
from reviewbot.scoring.sae import SparseCoder, SparseFeatures
from reviewbot.scoring.surface import SURFACE_NAMES
from reviewbot.scoring.surface_words import words_of


def line_spans(offsets: Sequence[Span], text: str) -> list[Span]:
    descends = any(b.start < a.start or b.end < a.end for a, b in pairwise(offsets))
    if descends or (offsets and offsets[-1].end > len(text)):
        raise ValueError("offsets must ascend and stay within the text")
    spans, char = [], 0
    for line in split_lines(text):
        line_end = char + len(line) + 1
        first = bisect_right(offsets, char, key=lambda span: span.end)
        stop = bisect_left(offsets, line_end, key=lambda span: span.start)
        spans.append(Span(first, max(first, stop)))
        char = line_end
    return spans


def encode_normed(coder: SparseCoder, normed_TD: Array) -> SparseFeatures:
    pre_TF = (normed_TD - coder.bias_D) @ coder.enc_DF + coder.bias_F
    top_TK = np.argpartition(-pre_TF, coder.k - 1, axis=1)[:, : coder.k]
    least_T1 = np.take_along_axis(pre_TF, top_TK, axis=1).min(axis=1, keepdims=True)
    tied_T = (pre_TF >= least_T1).sum(axis=1) > coder.k
    if tied_T.any():
        top_TK[tied_T] = np.argsort(-pre_TF[tied_T], axis=1, kind="stable")[:, : coder.k]
    top_TK.sort(axis=1)
    values_TK = np.take_along_axis(pre_TF, top_TK, axis=1)
    order_TK = np.argsort(-values_TK, axis=1, kind="stable")
    indices_TK = np.take_along_axis(top_TK, order_TK, axis=1)
    values_TK = np.take_along_axis(values_TK, order_TK, axis=1)
    return SparseFeatures(indices_TK, np.maximum(values_TK, 0).astype(np.float32))


def pool_sparse(coder: SparseCoder, tokens: LineTokens) -> dict[str, Array]:
    sparse = encode_normed(coder, tokens.normed_TD)
    max_LF = np.zeros((len(tokens.counts_L), coder.features), np.float32)
    mean_LF = np.zeros((len(tokens.counts_L), coder.features), np.float32)
    for line, span in enumerate(_ranges(tokens.counts_L)):
        indices_TK, values_TK = sparse.indices_TK[slice(*span)], sparse.values_TK[slice(*span)]
        np.maximum.at(max_LF[line], indices_TK, values_TK)
        np.add.at(mean_LF[line], indices_TK, values_TK)
        mean_LF[line] /= max(span.end - span.start, 1)
    return {"sae_max": max_LF, "sae_mean": mean_LF}


def _ranges(counts_L: Indices) -> list[Span]:
    ends = np.cumsum(counts_L)
    return [Span(int(end - n), int(end)) for end, n in zip(ends, counts_L, strict=True)]


def explain(
    predictor: Predictor, parts_N: Array, columns_N: Array, notes: Mapping[int, FeatureNote]
) -> tuple[Reason, ...]:
    signs: list[Reason] = []
    sparse: dict[int, list[int]] = {}
    start = 0
    for group, size in predictor.groups.items():
        for at in range(start, start + size):
            place, column, part = at - start, columns_N[at], float(parts_N[at])
            if group.startswith("sae_") and column != 0:
                sparse.setdefault(place, []).append(at)
            elif group == "surface" and column > 0 and part >= NEGLIGIBLE:
                name = SURFACE_NAMES[place]
                label = words_of(name, above=bool(column >= predictor.centre_N[at]))
                signs.append(Reason(f"surface:{name}", label, part, None))
        start += size
    labelled: list[Reason] = []
    for index, places in sparse.items():
        raised = float(sum(parts_N[place] for place in places))
        if index in notes and notes[index].label and raised >= NEGLIGIBLE:
            note = notes[index]
            strongest = float(max(columns_N[place] for place in places))
            share = min(strongest / note.maximum, 1.0) if note.maximum > 0 else None
            labelled.append(Reason(f"sae:{index}", note.label, raised, share))
    first = [
        sorted(some, key=lambda reason: (-reason.contribution, reason.feature))
        for some in (labelled, signs)
    ]
    return tuple([*first[0][:1], *first[1]][:MAX_REASONS])
