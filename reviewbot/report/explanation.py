"""Why one line has its risk: what adds up to it, and what it would be without each part."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from reviewbot.authorship.model import Attribution
from reviewbot.report.findings import GateStatus
from reviewbot.report.model import ChangeInfo, ModelInfo
from reviewbot.scoring.feature_evidence import FeatureEvidence
from reviewbot.scoring.outcomes import ArtifactInfo, LineScore, Outcome
from reviewbot.scoring.recent_risks import RecentInfo

MAX_ODDS = 60.0  # as `scoring.predictor.risks` has it


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that is known of one line of a change."""

    outcome: Outcome
    author: Attribution
    gate_status: GateStatus | None  # to the gate; None: not scored, not of the change, or not known
    around: tuple[tuple[int, str], ...]  # numbers and texts of the lines near it, itself included
    evidence: Mapping[str, FeatureEvidence]  # of the features that its reasons name
    has_evidence: bool  # whether the artifact holds any at all; the report, where it comes from one
    model: ModelInfo
    artifact: ArtifactInfo
    change: ChangeInfo
    recent: RecentInfo | None
    notes: tuple[str, ...]


def log_odds_of(score: LineScore) -> float:
    """Return the log-odds of a line's risk: what is left beside the reasons, and the reasons.

    Of a score that does not say what is left, they come from the risk. NaN where that is no number.
    """
    if score.rest is not None:
        return score.rest + sum(reason.contribution for reason in score.reasons)
    if not 0 < score.risk < 1:
        return math.nan if math.isnan(score.risk) else math.copysign(MAX_ODDS, score.risk - 0.5)
    return math.log(score.risk / (1 - score.risk))


def rest_of(score: LineScore) -> float:
    """Return the log-odds of all but the reasons, also of a score that does not say them."""
    if score.rest is not None:
        return score.rest
    return log_odds_of(score) - sum(reason.contribution for reason in score.reasons)


def share_of_rise(score: LineScore, average: float | None) -> float | None:
    """Return which share of a line's log-odds above an average line its reasons make.

    Above 1 where all other features together lower the risk. None where the line is not above the
    average, where it has no reasons, and where the average is not known.
    """
    if average is None or not abs(average) <= MAX_ODDS or not score.reasons:
        return None
    rise = log_odds_of(score) - average
    return sum(reason.contribution for reason in score.reasons) / rise if rise > 0 else None


def risk_without(score: LineScore, place: int) -> float:
    """Return what the line's risk would be without one of its reasons.

    It is the risk that the predictor `scoring.reasons.without` this feature gives to the line.
    place  of the reason, from 0
    """
    return sigmoid(log_odds_of(score) - score.reasons[place].contribution)


def sigmoid(odds: float) -> float:
    """Return the probability that log-odds stand for; NaN for NaN."""
    if math.isnan(odds):
        return odds
    return 1 / (1 + math.exp(-max(-MAX_ODDS, min(MAX_ODDS, odds))))
