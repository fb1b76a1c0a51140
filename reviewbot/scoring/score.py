"""Line features -> scores: risk, percentile, reasons."""

from collections.abc import Iterable, Iterator

import numpy as np

from reviewbot.encoders.encoder import Encoder
from reviewbot.scoring.artifact import Artifact
from reviewbot.scoring.feature_cache import FeatureCache
from reviewbot.scoring.line_features import CodeFile, FeatureReader, LineFeatures
from reviewbot.scoring.outcomes import Failed, LineScore
from reviewbot.scoring.predictor import contributions, log_odds, percentile, risks
from reviewbot.scoring.reasons import explain


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
    reader = FeatureReader(
        encoder=encoder,
        plan=artifact.plan,
        coder=artifact.coder,
        groups=artifact.predictor.groups,
        cache=cache,
    )
    for part in reader.read(files, description):
        if isinstance(part, Failed):
            yield part
        else:
            yield from _scores(part, artifact)


def _scores(features: LineFeatures, artifact: Artifact) -> Iterator[LineScore | Failed]:
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
        reasons = explain(predictor, parts_LN[row], columns_LN[row], artifact.notes)
        nats = None if surprisal_L is None else float(surprisal_L[row])
        rest = float(odds_L[row]) - sum(reason.contribution for reason in reasons)
        yield LineScore(line, risk, percentile(predictor, risk), reasons, nats, rest)
