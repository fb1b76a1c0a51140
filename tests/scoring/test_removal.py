"""A reason is what it says: without its feature, the log-odds are lower by its contribution."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reviewbot.arrays import Array
from reviewbot.diff.model import ChangedLine
from reviewbot.report.explanation import log_odds_of, rest_of, risk_without, sigmoid
from reviewbot.scoring.artifact import load_artifact
from reviewbot.scoring.outcomes import LineScore, Reason
from reviewbot.scoring.predictor import contributions, log_odds, percentile, risks
from reviewbot.scoring.reasons import explain, without
from tests import tiny
from tests.changes import CODE, ODD, Check, made, outcomes

GROUPS = [
    ("sae_max", "state_mean", "surface"),
    ("sae_max", "sae_mean", "surprisal", "block", "surface"),
    ("state_last", "surface", "sae_mean"),
]


def scored(groups: tuple[str, ...], row_N: Array) -> LineScore:
    """Score one row of columns, as `reviewbot.scoring.score` does."""
    predictor = tiny.predictor(groups)
    row_1N = row_N[None, :]
    reasons = explain(predictor, contributions(predictor, row_1N)[0], row_N, {})
    odds, risk = float(log_odds(predictor, row_1N)[0]), float(risks(predictor, row_1N)[0])
    rest = odds - sum(reason.contribution for reason in reasons)
    line = ChangedLine("a.py", 1, "x")
    return LineScore(line, risk, percentile(predictor, risk), reasons, None, rest)


@pytest.mark.parametrize("groups", GROUPS)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_removing_any_one_reason_lowers_the_score_by_its_contribution(
    groups: tuple[str, ...], data: st.DataObject
) -> None:
    predictor = tiny.predictor(groups)
    numbers = st.just(0.0) | st.floats(0.125, 4, width=32)
    fires_F = data.draw(arrays(np.float32, tiny.FEATURES, elements=numbers))
    parts = [  # a feature that fires at all fires in its mean, too
        fires_F / (1 + (group == "sae_mean"))
        if group.startswith("sae_")
        else data.draw(arrays(np.float32, size, elements=numbers))
        for group, size in predictor.groups.items()
    ]
    row_N = np.concatenate(parts).astype(np.float32)
    score = scored(groups, row_N)

    for place, reason in enumerate(score.reasons):
        removed = without(predictor, reason.feature)
        odds = float(log_odds(removed, row_N[None, :])[0])
        assert odds == pytest.approx(log_odds_of(score) - reason.contribution, abs=1e-4)
        assert risk_without(score, place) == pytest.approx(
            float(risks(removed, row_N[None, :])[0]), abs=1e-5
        )
    assert rest_of(score) + sum(r.contribution for r in score.reasons) == pytest.approx(
        float(log_odds(predictor, row_N[None, :])[0]), abs=1e-5
    )


def test_so_it_is_for_every_line_that_a_model_has_read(
    check: Check, tiny_artifact: Path, tmp_path: Path
) -> None:
    case = made(tmp_path, {}, {**ODD, "code.py": CODE})
    artifact = load_artifact(tiny_artifact)
    scores = [one for one in outcomes(check(case)) if isinstance(one, LineScore)]
    removed = {}
    for feature in {reason.feature for score in scores for reason in score.reasons}:
        other = replace(artifact, predictor=without(artifact.predictor, feature))
        again = outcomes(check(case, artifact=other))
        removed[feature] = {one.line: one for one in again if isinstance(one, LineScore)}

    assert len(scores) > 15
    for score in scores:
        for place, reason in enumerate(score.reasons):
            new = removed[reason.feature][score.line]
            assert log_odds_of(new) == pytest.approx(
                log_odds_of(score) - reason.contribution, abs=1e-4
            )
            assert new.risk == pytest.approx(risk_without(score, place), abs=1e-5)
            assert reason.feature not in {other.feature for other in new.reasons}


def test_without_a_feature_that_there_is_not_is_an_error() -> None:
    with pytest.raises(ValueError, match="no column"):
        without(tiny.predictor(), "sae:99999")


@pytest.mark.parametrize(
    ("risk", "odds"), [(0.5, 0.0), (0.1, math.log(1 / 9)), (0.0, -60.0), (math.nan, math.nan)]
)
def test_a_score_of_an_older_report_has_its_log_odds_from_the_risk(
    risk: float, odds: float
) -> None:
    reasons = (Reason("state", "x", 0.5, None),)
    score = LineScore(ChangedLine("a.py", 1, "x"), risk, 1.0, reasons)

    assert log_odds_of(score) == pytest.approx(odds, nan_ok=True)
    assert rest_of(score) == pytest.approx(odds - 0.5, nan_ok=True)
    assert risk_without(score, 0) == pytest.approx(sigmoid(odds - 0.5), nan_ok=True)
