"""The wanted lines of some files -> scores: windows, one forward pass each, line features, risks.

Cached windows are not read again. The others wait until the encoder's batch is full, which is one
window on a CPU, so memory does not grow with the change.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reviewbot.diff.languages import Language, prose
from reviewbot.diff.model import ChangedLine, blocks_of
from reviewbot.encoders.encoder import Encoder, batches
from reviewbot.scoring.artifact import Artifact
from reviewbot.scoring.feature_cache import FeatureCache, Groups
from reviewbot.scoring.outcomes import Failed, LineScore
from reviewbot.scoring.pooling import SURPRISAL_NAMES, columns, line_tokens, pool
from reviewbot.scoring.predictor import contributions, log_odds, percentile, risks
from reviewbot.scoring.reading import Reading, TooLong, plan_reading, pool_rest, read
from reviewbot.scoring.reasons import explain

LINE_TOO_LONG = "line too long"


@dataclass(frozen=True, slots=True)
class CodeFile:
    """A file of which some lines are wanted."""

    path: str
    language: Language | None
    head: tuple[str, ...]  # its lines after the change
    added: tuple[ChangedLine, ...]
    wanted: tuple[ChangedLine, ...]  # some of these; at least one


@dataclass(frozen=True, slots=True)
class _Window:
    """A window of a file, with what scoring needs beside the features."""

    lines: tuple[ChangedLine, ...]
    in_prose: tuple[bool, ...]  # whether each is nothing but comment or docstring
    reading: Reading


@dataclass(frozen=True, slots=True)
class _Scorer:
    artifact: Artifact
    encoder: Encoder
    cache: FeatureCache
    description: str

    def score(self, files: Iterable[CodeFile]) -> Iterator[LineScore | Failed]:
        enough = self.encoder.batch_tokens if batches(self.encoder) else 1
        waiting: list[_Window] = []
        for file in files:
            for window in self.windows(file):
                if isinstance(window, Failed):
                    yield window
                    continue
                waiting.append(window)
                if sum(len(each.reading.ids) for each in waiting) >= enough:
                    yield from self.outcomes(waiting)
                    waiting = []
        yield from self.outcomes(waiting)

    def windows(self, file: CodeFile) -> Iterator[_Window | Failed]:
        by_index = {line.number - 1: line for line in file.wanted}
        flags = prose(file.head, file.language) if file.language else []
        for reading in plan_reading(
            self.encoder,
            self.artifact.plan,
            path=file.path,
            text="\n".join(file.head) + "\n",
            wanted=sorted(by_index),
            description=self.description,
            blocks=blocks_of([line.number - 1 for line in file.added], sorted(by_index)),
        ):
            if isinstance(reading, TooLong):
                yield Failed(by_index[reading.line], LINE_TOO_LONG)
                continue
            lines = tuple(by_index[index] for index in reading.lines)
            yield _Window(lines, tuple(flags[index] for index in reading.lines), reading)

    def outcomes(self, windows: Sequence[_Window]) -> Iterator[LineScore | Failed]:
        features = [self.cached(window) for window in windows]
        missing = [n for n, groups in enumerate(features) if groups is None]
        missing.sort(key=lambda n: len(windows[n].reading.ids), reverse=True)
        names = {*self.artifact.predictor.groups, "surprisal"}
        readings = [windows[n].reading for n in missing]
        for n, lines in zip(missing, read(self.encoder, readings), strict=True):
            groups = pool(
                line_tokens(lines.hidden.values_TD, lines.token_spans), self.artifact.coder, names
            )
            groups |= pool_rest(lines)
            features[n] = {name: part for name, part in groups.items() if name in names}
            # Only now is it certain which engine read the lines.
            self.cache.put(windows[n].reading.address(self.encoder.engine), features[n] or {})
        for window, found in zip(windows, features, strict=True):
            yield from _outcomes(window, found or {}, self.artifact)

    def cached(self, window: _Window) -> Groups | None:
        """Return the cached features of a window if their names and shapes are right."""
        groups = self.cache.get(window.reading.address(self.encoder.engine))
        predictor = self.artifact.predictor
        sizes = {name: n for name, n in predictor.groups.items() if name != "surface"}
        if groups is None or not sizes.keys() <= groups.keys() <= {*sizes, "surprisal"}:
            return None
        for name, part in groups.items():
            shape = (len(window.lines), sizes.get(name, len(SURPRISAL_NAMES)))
            if part.dtype != np.float32 or part.shape != shape or not np.isfinite(part).all():
                return None
        return groups


def score(
    files: Iterable[CodeFile],
    artifact: Artifact,
    encoder: Encoder,
    *,
    cache: FeatureCache,
    description: str = "",
) -> Iterator[LineScore | Failed]:
    """Score the wanted lines, file by file. Lines that no token touches get no outcome.

    If the encoder falls back to another engine, everything is scored again with that engine: a line
    may then come twice, and the later outcome counts.
    raises  what the encoder raises
    """
    files, promised = list(files), encoder.engine
    scorer = _Scorer(artifact, encoder, cache, description)
    for outcome in scorer.score(files):
        if encoder.engine != promised:
            yield from scorer.score(files)
            return
        yield outcome


def _outcomes(window: _Window, groups: Groups, artifact: Artifact) -> Iterator[LineScore | Failed]:
    predictor = artifact.predictor
    surprisal_L = groups["surprisal"][:, 0] if "surprisal" in groups else None
    texts = [line.text for line in window.lines]
    columns_LN = columns(groups, list(predictor.groups), texts, window.in_prose)
    odds_L, risk_L = log_odds(predictor, columns_LN), risks(predictor, columns_LN)
    parts_LN = contributions(predictor, columns_LN)
    for row, line in enumerate(window.lines):
        risk = float(risk_L[row])
        if not np.isfinite(risk):
            yield Failed(line, "the score is no number")
            continue
        reasons = explain(predictor, parts_LN[row], columns_LN[row], artifact.notes)
        nats = None if surprisal_L is None else float(surprisal_L[row])
        rest = float(odds_L[row]) - sum(reason.contribution for reason in reasons)
        yield LineScore(line, risk, percentile(predictor, risk), reasons, nats, rest)
