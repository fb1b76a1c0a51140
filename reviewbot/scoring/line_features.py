"""The wanted lines of some files -> line features. Training and scoring both call this.

Cached windows are not read again. The others wait until there are enough of them for the encoder,
so memory does not grow with the change.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache

import numpy as np

from reviewbot.arrays import Array
from reviewbot.diff.languages import Language, prose
from reviewbot.diff.model import ChangedLine
from reviewbot.encoders.encoder import Encoder, at_once
from reviewbot.encoders.prompt import ReadingPlan
from reviewbot.encoders.spans import Span
from reviewbot.scoring import expectations
from reviewbot.scoring.expectations import WORD, Rule
from reviewbot.scoring.feature_cache import FeatureCache, Groups
from reviewbot.scoring.outcomes import Expectation, Failed
from reviewbot.scoring.plan import plan_reading
from reviewbot.scoring.pooling import SURPRISAL_NAMES, columns, line_tokens, pool
from reviewbot.scoring.reading import Reading, ReadLines, TooLong, enough, pool_rest, read
from reviewbot.scoring.sae import SparseCoder

LINE_TOO_LONG = "line too long"
# Groups that are kept whether the predictor reads them or not, where the output head was run.
_ALWAYS = {"surprisal": len(SURPRISAL_NAMES), expectations.GROUP: expectations.SIZE}


@dataclass(frozen=True, slots=True)
class CodeFile:
    """A file of which some lines are wanted."""

    path: str
    language: Language | None
    head: tuple[str, ...]  # its lines after the change
    added: tuple[ChangedLine, ...]
    wanted: tuple[ChangedLine, ...]  # some of these; at least one


@dataclass(frozen=True, slots=True)
class LineFeatures:
    """The features of some lines that were read together."""

    lines: tuple[ChangedLine, ...]
    in_prose: tuple[bool, ...]  # whether each is nothing but comment or docstring
    groups: Groups
    char_spans: tuple[tuple[Span, ...], ...] = ()  # of each line's tokens, in characters of it
    words: Callable[[], Set[str]] = frozenset  # returns the words of the file

    def columns(self, names: Sequence[str]) -> Array:
        """Return the named groups side by side, a row per line; "surface" is computed here."""
        return columns(self.groups, names, [line.text for line in self.lines], self.in_prose)

    def expectations(
        self, row: int, token: Callable[[int], str], rule: Rule
    ) -> tuple[Expectation, ...]:
        """Return what the model expected in a line; nothing in prose.

        token  returns the text of a token id
        """
        if self.in_prose[row] or expectations.GROUP not in self.groups:
            return ()
        row_N, text = self.groups[expectations.GROUP][row], self.lines[row].text
        chars = self.char_spans[row]
        return tuple(expectations.expectations(row_N, chars, text, token, self.words, rule))


@dataclass(frozen=True, slots=True)
class _Window:
    lines: tuple[ChangedLine, ...]
    in_prose: tuple[bool, ...]
    reading: Reading
    words: Callable[[], Set[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureReader:
    """A model, and all that decides which features it gives."""

    encoder: Encoder
    plan: ReadingPlan
    coder: SparseCoder | None  # None where no "sae_" group is wanted
    groups: Mapping[str, int]  # group -> columns, of `pooling.group_sizes`
    cache: FeatureCache

    def costs(
        self, files: Iterable[CodeFile], description: str = ""
    ) -> Iterator[tuple[tuple[ChangedLine, ...], int]]:
        """Yield the lines and the tokens of each forward pass that `read` would make."""
        for file in files:
            for window in self._windows(file, description):
                if not isinstance(window, Failed):
                    yield window.lines, len(window.reading.ids)

    def read(
        self,
        files: Iterable[CodeFile],
        description: str = "",
        only: Set[ChangedLine] | None = None,
    ) -> Iterator[LineFeatures | Failed]:
        """Yield the features of the wanted lines, window by window, files in the order given.

        only    make just the forward passes with one of these lines; then nothing fails. The passes
                are the same as without

        A line that fits into no window has failed. Lines that no token touches get no features.
        If the encoder falls back to another engine, everything is read again with that engine: a
        line may then come twice, and the later features count.
        raises  what the encoder raises
        """
        files, engine = list(files), ""
        for part in self._read(files, description, only):
            engine = engine or self.encoder.engine
            if self.encoder.engine != engine:
                yield from self._read(files, description, only)
                return
            yield part

    def _read(
        self, files: Iterable[CodeFile], description: str, only: Set[ChangedLine] | None
    ) -> Iterator[LineFeatures | Failed]:
        waiting: list[_Window] = []
        for file in files:
            for window in self._windows(file, description):
                if isinstance(window, Failed):
                    if only is None:
                        yield window
                    continue
                if only is not None and only.isdisjoint(window.lines):
                    continue
                waiting.append(window)
                if sum(len(each.reading.ids) for each in waiting) >= enough(self.encoder):
                    yield from self._features(waiting)
                    waiting = []
        yield from self._features(waiting)

    def _windows(self, file: CodeFile, description: str) -> Iterator[_Window | Failed]:
        by_index = {line.number - 1: line for line in file.wanted}
        flags = prose(file.head, file.language) if file.language else []
        words = cache(lambda: {word for line in file.head for word in WORD.findall(line)})
        for reading in plan_reading(
            self.encoder,
            self.plan,
            path=file.path,
            text="\n".join(file.head) + "\n",
            wanted=sorted(by_index),
            description=description,
            added=[line.number - 1 for line in file.added],
        ):
            if isinstance(reading, TooLong):
                yield Failed(by_index[reading.line], LINE_TOO_LONG)
                continue
            lines = tuple(by_index[index] for index in reading.lines)
            yield _Window(lines, tuple(flags[index] for index in reading.lines), reading, words)

    def _features(self, windows: Sequence[_Window]) -> Iterator[LineFeatures]:
        engine = self.encoder.engine
        features = [self._cached(window) for window in windows]
        if None in features and at_once(self.encoder) and self.encoder.engine != engine:
            # Only with the model loaded is it certain which engine reads.
            features = [self._cached(window) for window in windows]
        missing = [n for n, groups in enumerate(features) if groups is None]
        missing.sort(key=lambda n: len(windows[n].reading.ids), reverse=True)
        names = {*self.groups, *_ALWAYS}
        readings = [windows[n].reading for n in missing]
        for n, lines in zip(missing, read(self.encoder, readings), strict=True):
            groups = pool(line_tokens(lines.hidden.values_TD, lines.token_spans), self.coder, names)
            groups |= pool_rest(lines)
            groups |= self._expected(windows[n], lines)
            features[n] = {name: part for name, part in groups.items() if name in names}
            self.cache.put(windows[n].reading.address(self.encoder.engine), features[n] or {})
        for window, found in zip(windows, features, strict=True):
            chars = window.reading.char_spans
            yield LineFeatures(window.lines, window.in_prose, found or {}, chars, window.words)

    def _expected(self, window: _Window, lines: ReadLines) -> Groups:
        signals_TS, likeliest_T = lines.hidden.signals_TS, lines.hidden.likeliest_T
        if signals_TS is None or likeliest_T is None:
            return {}
        texts, spans = [line.text for line in window.lines], (lines.token_spans, lines.char_spans)
        token = self.encoder.token
        return {
            expectations.GROUP: expectations.strongest(
                signals_TS, likeliest_T, *spans, texts, token
            )
        }

    def _cached(self, window: _Window) -> Groups | None:
        """Return the cached features of a window if their names and shapes are right."""
        groups = self.cache.get(window.reading.address(self.encoder.engine))
        sizes = {name: n for name, n in self.groups.items() if name != "surface"}
        if groups is None or not sizes.keys() <= groups.keys() <= sizes.keys() | _ALWAYS:
            return None
        sizes |= _ALWAYS
        for name, part in groups.items():
            shape = (len(window.lines), sizes[name])
            if part.dtype != np.float32 or part.shape != shape or not np.isfinite(part).all():
                return None
        return groups
