"""Line features -> scores: risk, percentile, reasons."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from reviewbot.encoders.encoder import Encoder
from reviewbot.errors import ArtifactError
from reviewbot.scoring.artifact import Artifact
from reviewbot.scoring.feature_cache import FeatureCache
from reviewbot.scoring.line_features import CodeFile, FeatureReader, LineFeatures
from reviewbot.scoring.outcomes import Failed, LineScore
from reviewbot.scoring.predictor import contributions, log_odds, percentile, risks
from reviewbot.scoring.reasons import MAX_REASONS, explain
from reviewbot.scoring.token_budget import Budgeted, within_budget


def score(
    files: Iterable[CodeFile],
    artifact: Artifact,
    encoder: Encoder,
    *,
    cache: FeatureCache,
    description: str = "",
) -> Iterator[LineScore | Failed]:
    """Score the wanted lines, file by file. Lines that no token touches get no outcome.

    A line may come twice (see `FeatureReader.read`); the later outcome counts.
    raises  what the encoder raises
    """
    for part in _reader(artifact, encoder, cache).read(files, description):
        if isinstance(part, Failed):
            yield part
        else:
            yield from _scores(part, artifact, encoder.token)


def score_again(
    files: Iterable[CodeFile],
    scores: Iterable[LineScore],
    artifact: Artifact,
    encoder: Encoder,
    *,
    budget: int,
    cache: FeatureCache,
    description: str = "",
) -> tuple[Budgeted, Iterator[LineScore | Failed]]:
    """Score the riskiest lines again, by a deeper artifact; the result is lazy.

    files   with all wanted lines: a line is read as if all of them were
    scores  of the first reading, which say what is riskiest
    budget  tokens at most, see `within_budget`
    """
    files = list(files)
    reader = _reader(artifact, encoder, cache)
    chosen = within_budget(reader.costs(files, description), scores, budget)
    parts = reader.read(files, description, chosen.lines)
    return chosen, (
        replace(outcome, deep=True) if isinstance(outcome, LineScore) else outcome
        for part in parts
        if isinstance(part, LineFeatures)
        for outcome in _scores(part, artifact, encoder.token)
    )


def _reader(artifact: Artifact, encoder: Encoder, cache: FeatureCache) -> FeatureReader:
    pieces = artifact.plan.pieces
    if pieces and not all(map(encoder.token, pieces.marks or ())):
        raise ArtifactError(
            f"nothing was scored: the artifact {artifact.info.name!r} names tokens that the model "
            "does not have",
            fix="install reviewbot again, or train the artifact again",
        )
    return FeatureReader(
        encoder=encoder,
        plan=artifact.plan,
        coder=artifact.coder,
        groups=artifact.predictor.groups,
        cache=cache,
    )


def _scores(
    features: LineFeatures, artifact: Artifact, token: Callable[[int], str]
) -> Iterator[LineScore | Failed]:
    predictor, groups = artifact.predictor, features.groups
    surprisal_L = groups["surprisal"][:, 0] if "surprisal" in groups else None
    columns_LN = features.columns(list(predictor.groups))
    odds_L, risk_L = log_odds(predictor, columns_LN), risks(predictor, columns_LN)
    parts_LN = contributions(predictor, columns_LN)
    for row, line in enumerate(features.lines):
        risk = float(risk_L[row])
        if not np.isfinite(risk):
            yield Failed(line, "the score is no number")
            continue
        expected = features.expectations(row, token, artifact.expected)
        most = MAX_REASONS - len(expected)
        reasons = explain(predictor, parts_LN[row], columns_LN[row], artifact.notes, most)
        nats = None if surprisal_L is None else float(surprisal_L[row])
        rest = float(odds_L[row]) - sum(reason.contribution for reason in reasons)
        yield LineScore(
            line,
            risk,
            percentile(predictor, risk),
            reasons,
            nats,
            rest,
            expectations=expected,
        )
