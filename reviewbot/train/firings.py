"""Where the autoencoder's features fire in unlabelled code: one pass, held in memory."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reviewbot.arrays import Array, Indices, Mask
from reviewbot.diff.languages import language_of, prose
from reviewbot.encoders.encoder import Encoder
from reviewbot.encoders.prompt import ReadingPlan
from reviewbot.encoders.spans import Span, split_lines
from reviewbot.encoders.states import layer_norm, sinks
from reviewbot.errors import UsageError
from reviewbot.scoring.plan import read_lines
from reviewbot.scoring.reading import ReadLines
from reviewbot.scoring.sae import SparseCoder, encode
from reviewbot.train.text_shards import SourceFile

MAX_LINES = 100  # of one file: many files are better than long ones
MAX_TOKENS = 60  # of a line that may be shown


@dataclass(frozen=True, slots=True)
class Line:
    """One line that was read."""

    path: str  # below its corpus directory
    number: int  # 1-based
    language: str
    inside: bool  # nothing but comment or docstring
    tokens: tuple[str, ...]  # joined they are the line
    token_span: Span  # of all tokens that were read


@dataclass(frozen=True, slots=True, eq=False)
class Firings:
    """T tokens of L lines, and which features each token fires."""

    lines: tuple[Line, ...]
    indices_TK: npt.NDArray[np.int32]  # int64 would double the largest array
    values_TK: Array  # 0 where the token is an attention sink
    mean_LD: Array  # unit length: the mean state of a line, to find similar lines

    def by_feature(self, features: int) -> list[tuple[Indices, Array]]:
        """Return for each feature the tokens of `lines` it fires on, and how strongly."""
        token_N, place_N = np.nonzero((self.values_TK > 0) & self.kept_tokens()[:, None])
        feature_N = self.indices_TK[token_N, place_N]
        order_N = np.argsort(feature_N, kind="stable")
        ends = np.searchsorted(feature_N[order_N], np.arange(features), side="right")[:-1]
        value_N = self.values_TK[token_N, place_N]
        parts = (np.split(token_N[order_N], ends), np.split(value_N[order_N], ends))
        return list(zip(*parts, strict=True))

    def kept_tokens(self) -> Mask:
        """Return True for each token of one of `lines`, (T,); blank lines are not among them."""
        kept_T = np.zeros(len(self.values_TK), np.bool_)
        for line in self.lines:
            kept_T[slice(*line.token_span)] = True
        return kept_T


def read_firings(
    sources: Iterable[SourceFile],
    encoder: Encoder,
    plan: ReadingPlan,
    coder: SparseCoder,
    *,
    tokens: int,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Firings:
    """Read the first lines of one file after another, until there are about `tokens` tokens.

    Lines that are not ASCII are read as context, and left out.
    raises  UsageError where no line is left; what the encoder raises
    """
    lines: list[Line] = []
    parts: list[tuple[npt.NDArray[np.int32], Array, Array]] = []
    total = 0
    for source in sources:
        texts = split_lines(source.text)[:MAX_LINES]
        text = "\n".join(texts) + "\n"
        wanted = [n for n, line in enumerate(texts) if line.strip()]
        # The first window is enough of a file, and its tokens are the text's first ones.
        read = next(read_lines(encoder, plan, path=source.path, text=text, wanted=wanted), None)
        if read is None:
            continue
        sparse = encode(coder, read.hidden.values_TD)
        values_TK = np.where(sinks(read.hidden.values_TD)[:, None], 0, sparse.values_TK)
        new = _lines(source, texts, encoder.tokenize(text).offsets, read, total)
        lines += new
        means_LD = _means(read)[[read.lines.index(line.number - 1) for line in new]]
        parts.append((sparse.indices_TK.astype(np.int32), values_TK, means_LD))
        total += len(values_TK)
        progress(min(total, tokens), tokens)
        if total >= tokens:
            break
    if not lines:
        raise UsageError(
            "no line of the corpus can be shown: it has none, or none is ASCII, so nothing was "
            "written",
            fix="name code with such lines as --corpus",
        )
    indices, values, means = zip(*parts, strict=True)
    return Firings(
        tuple(lines),
        np.concatenate(indices),
        np.concatenate(values).astype(np.float32),
        np.concatenate(means),
    )


def _lines(
    source: SourceFile, texts: list[str], offsets: list[Span], read: ReadLines, before: int
) -> list[Line]:
    starts = np.cumsum([0, *(len(text) + 1 for text in texts)])
    language = language_of(source.path)
    flags = prose(texts, language) if language else [False] * len(texts)
    lines = []
    for index, span in zip(read.lines, read.token_spans, strict=True):
        if not texts[index].isascii():  # tables of translations would fire strongest
            continue
        line = Span(int(starts[index]), int(starts[index]) + len(texts[index]))
        cut = [_within(offsets[t], line) for t in range(*span)]
        tokens = tuple(texts[index][a - line.start : b - line.start] for a, b in cut)
        if "".join(tokens) != texts[index]:  # only the exact text of a line is shown
            continue
        place = Span(before + span.start, before + span.end)
        where = (source.path, index + 1, source.language, flags[index])
        lines.append(Line(*where, tokens, place))
    return lines


def _within(offset: Span, line: Span) -> Span:
    start = min(max(offset.start, line.start), line.end)
    return Span(start, max(start, min(offset.end, line.end)))


def _means(read: ReadLines) -> Array:
    normed_TD = layer_norm(read.hidden.values_TD)
    mean_LD = np.stack([normed_TD[slice(*span)].mean(axis=0) for span in read.token_spans])
    norm_L1 = np.linalg.norm(mean_LD, axis=1, keepdims=True)
    return np.asarray(mean_LD / np.maximum(norm_L1, 1e-6), np.float32)
