"""The wanted lines of some files -> scores: windows, one forward pass each, line features, risks.

What was read before is not read again: the features of a window are kept under a hash of all that
they depend on. Windows wait until there are as many as the encoder takes at once, which is one on a
CPU; so memory does not grow with the change.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from reviewbot.arrays import Array
from reviewbot.diff.comments import prose
from reviewbot.diff.languages import Language
from reviewbot.diff.model import ChangedLine, blocks_of
from reviewbot.encoders.encoder import Encoder, batches
from reviewbot.scoring.artifact import Artifact
from reviewbot.scoring.outcomes import Failed, LineScore
from reviewbot.scoring.pooling import SURPRISAL_NAMES, columns, line_tokens, pool
from reviewbot.scoring.predictor import contributions, log_odds, percentile, risks
from reviewbot.scoring.reading import Reading, TooLong, plan_reading, pool_rest, read
from reviewbot.scoring.reasons import explain

LINE_TOO_LONG = "line too long"
Groups = Mapping[str, Array]  # feature group -> (L, columns)


class FeatureCache(Protocol):
    """Line features that were read before, by name. Neither method ever fails."""

    def get(self, name: str) -> Groups | None:
        """Return what is kept under a name, every bit as it was; None where there is nothing."""

    def put(self, name: str, groups: Groups) -> None:
        """Keep the features of a window's lines, or do not."""


class NullCache:
    """Keeps nothing."""

    def get(self, name: str) -> Groups | None:  # noqa: ARG002
        """Return None."""
        return None

    def put(self, name: str, groups: Groups) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class CodeFile:
    """A file of which some lines are wanted."""

    path: str
    language: Language | None
    head: tuple[str, ...]  # its lines as the change leaves them
    added: tuple[ChangedLine, ...]
    wanted: tuple[ChangedLine, ...]  # some of these; at least one


@dataclass(frozen=True, slots=True)
class _Window:
    """A window of a file, with what scoring needs beside the features."""

    lines: tuple[ChangedLine, ...]
    inside: tuple[bool, ...]  # whether each is nothing but comment or docstring
    reading: Reading


def score(
    files: Iterable[CodeFile],
    artifact: Artifact,
    encoder: Encoder,
    *,
    cache: FeatureCache,
    description: str = "",
) -> Iterator[LineScore | Failed]:
    """Score the wanted lines, file by file. Lines that no token touches do not come up.

    Where another engine had to be loaded than the encoder promised, all is scored anew with that
    one: a line may come up twice, and what comes later holds.
    raises  what the encoder raises
    """
    files = list(files)
    promised = encoder.engine
    for outcome in _pass(files, artifact, encoder, cache, description):
        if encoder.engine != promised:
            break
        yield outcome
    else:
        return
    yield from _pass(files, artifact, encoder, cache, description)


def _pass(
    files: Iterable[CodeFile],
    artifact: Artifact,
    encoder: Encoder,
    cache: FeatureCache,
    description: str,
) -> Iterator[LineScore | Failed]:
    enough = encoder.batch_tokens if batches(encoder) else 1
    waiting: list[_Window] = []
    for file in files:
        for window in _windows(file, artifact, encoder, description):
            if isinstance(window, Failed):
                yield window
                continue
            waiting.append(window)
            if sum(len(each.reading.ids) for each in waiting) >= enough:
                yield from _scored(waiting, artifact, encoder, cache)
                waiting = []
    yield from _scored(waiting, artifact, encoder, cache)


def _windows(
    file: CodeFile, artifact: Artifact, encoder: Encoder, description: str
) -> Iterator[_Window | Failed]:
    by_index = {line.number - 1: line for line in file.wanted}
    flags = prose(file.head, file.language) if file.language else []
    for reading in plan_reading(
        encoder,
        artifact.plan,
        path=file.path,
        text="\n".join(file.head) + "\n",
        wanted=sorted(by_index),
        description=description,
        blocks=blocks_of([line.number - 1 for line in file.added], sorted(by_index)),
    ):
        if isinstance(reading, TooLong):
            yield Failed(by_index[reading.line], LINE_TOO_LONG)
            continue
        lines = tuple(by_index[index] for index in reading.lines)
        yield _Window(lines, tuple(flags[index] for index in reading.lines), reading)


def _scored(
    windows: Sequence[_Window], artifact: Artifact, encoder: Encoder, cache: FeatureCache
) -> Iterator[LineScore | Failed]:
    found = [_kept(window, artifact, encoder, cache) for window in windows]
    missing = [n for n, groups in enumerate(found) if groups is None]
    missing.sort(key=lambda n: len(windows[n].reading.ids), reverse=True)
    for n, seen in zip(missing, read(encoder, [windows[n].reading for n in missing]), strict=True):
        names = {*artifact.predictor.groups, "surprisal"}
        groups = pool(line_tokens(seen.hidden, seen.token_spans), artifact.coder, names)
        groups |= pool_rest(seen)
        found[n] = new = {name: part for name, part in groups.items() if name in names}
        # Only now is it certain which engine it was that read.
        cache.put(windows[n].reading.address(encoder.engine), new)
    for window, features in zip(windows, found, strict=True):
        yield from _outcomes(window, features or {}, artifact)


def _kept(
    window: _Window, artifact: Artifact, encoder: Encoder, cache: FeatureCache
) -> Groups | None:
    """Return what was kept of a window, if it is what reading it would give in form."""
    groups = cache.get(window.reading.address(encoder.engine))
    sizes = {name: n for name, n in artifact.predictor.groups.items() if name != "surface"}
    if groups is None or not sizes.keys() <= groups.keys() <= {*sizes, "surprisal"}:
        return None
    lines = len(window.lines)
    for name, part in groups.items():
        shape = (lines, sizes.get(name, len(SURPRISAL_NAMES)))
        if part.dtype != np.float32 or part.shape != shape or not np.isfinite(part).all():
            return None
    return groups


def _outcomes(window: _Window, groups: Groups, artifact: Artifact) -> Iterator[LineScore | Failed]:
    predictor = artifact.predictor
    surprisal_L = groups["surprisal"][:, 0] if "surprisal" in groups else None
    texts = [line.text for line in window.lines]
    columns_LN = columns(groups, list(predictor.groups), texts, window.inside)
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
