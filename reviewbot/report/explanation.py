"""Why one line has its risk: the sum that gives it, and the risk without each part."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from reviewbot.report.model import LineReport, Report
from reviewbot.scoring.feature_evidence import FeatureEvidence
from reviewbot.scoring.outcomes import LineScore

MAX_ODDS = 60.0  # as in `scoring.predictor.risks`


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything known of one line of a change."""

    line: LineReport  # without a gate status if the change does not add it
    around: tuple[tuple[int, str], ...]  # numbers and texts of the lines near it, itself included
    evidence: Mapping[str, FeatureEvidence]  # for the features of its reasons
    has_evidence: bool  # whether the artifact, or the report, has any evidence
    report: Report  # for model, artifact, change, recent lines and notes


def log_odds_of(score: LineScore) -> float:
    """Return the log-odds of a line's risk: the rest plus its reasons.

    Computed from the risk if the score has no rest. NaN if the risk is NaN.
    """
    if score.rest is not None:
        return score.rest + sum(reason.contribution for reason in score.reasons)
    if not 0 < score.risk < 1:
        return math.nan if math.isnan(score.risk) else math.copysign(MAX_ODDS, score.risk - 0.5)
    return math.log(score.risk / (1 - score.risk))


def rest_of(score: LineScore) -> float:
    """Return the log-odds of everything but the reasons, also for a score without a rest."""
    if score.rest is not None:
        return score.rest
    return log_odds_of(score) - sum(reason.contribution for reason in score.reasons)


def share_of_rise(score: LineScore, average: float | None) -> float | None:
    """Return the share of a line's log-odds above an average line that its reasons explain.

    Above 1 if all other features together lower the risk. None if the line is not above the
    average, has no reasons, or the average is unknown.
    """
    if average is None or not abs(average) <= MAX_ODDS or not score.reasons:
        return None
    rise = log_odds_of(score) - average
    return sum(reason.contribution for reason in score.reasons) / rise if rise > 0 else None


def risk_without(score: LineScore, place: int) -> float:
    """Return the line's risk without one of its reasons.

    It is the risk that the predictor `scoring.reasons.without` this feature gives to the line.
    place  of the reason, from 0
    """
    return sigmoid(log_odds_of(score) - score.reasons[place].contribution)


def sigmoid(odds: float) -> float:
    """Return the probability of log-odds; NaN for NaN."""
    if math.isnan(odds):
        return odds
    return 1 / (1 + math.exp(-max(-MAX_ODDS, min(MAX_ODDS, odds))))
