"""The shipped tiny artifact with its real model, on the demo change: its reasons are what they say.

The model lies inside the package: nothing is fetched.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from reviewbot.app.load import load_model
from reviewbot.app.load_change import ChangeSource, LoadedChange
from reviewbot.app.score import score_change
from reviewbot.config.choices import Server
from reviewbot.config.schema import Settings
from reviewbot.diff.parser import parse
from reviewbot.git.changes import ChangeRequest
from reviewbot.git.files import WorktreeFiles
from reviewbot.report.explanation import log_odds_of, risk_without
from reviewbot.scoring.artifact import PRESETS, load_artifact
from reviewbot.scoring.feature_cache import Groups
from reviewbot.scoring.outcomes import LineScore
from reviewbot.scoring.reasons import without

pytestmark = pytest.mark.real_model
DEMO = Path(__file__).parents[2] / "examples"


@dataclass
class Memory:
    """Keeps every window, so that the model reads each once."""

    windows: dict[str, Groups] = field(default_factory=dict)

    def get(self, name: str) -> Groups | None:
        return self.windows.get(name)

    def put(self, name: str, groups: Groups) -> None:
        self.windows[name] = groups


def test_without_any_one_reason_a_line_s_log_odds_are_lower_by_its_contribution() -> None:
    artifact = load_artifact(PRESETS["quick"])
    kept = Memory()
    settings = Settings(artifact="quick", server=Server.NEVER, line_cache=0)
    encoder = load_model(settings, artifact, lambda _step: None)
    change = parse((DEMO / "demo.diff").read_text())
    request = ChangeRequest(root=DEMO, base=None, head="files", diff="")
    source = ChangeSource(request=request, settings=settings, root=DEMO)

    def scores(*, lacking: str | None = None) -> list[LineScore]:
        predictor = without(artifact.predictor, lacking) if lacking else artifact.predictor
        scored = score_change(
            LoadedChange(source=source, change=change, head=WorktreeFiles(DEMO / "demo")),
            replace(artifact, predictor=predictor),
            lambda: encoder,
            {},
            cache=kept,
        )
        return scored.scores

    whole = scores()
    named = sorted({reason.feature for score in whole for reason in score.reasons})
    removed = {name: scores(lacking=name) for name in named}

    assert whole == scores()
    assert len(whole) == 147
    pairs = 0
    for place, score in enumerate(whole):
        # The rest is what is left of the log-odds; the risk, computed by itself, must agree.
        parts = sum(reason.contribution for reason in score.reasons)
        assert score.rest is not None
        alone = replace(score, rest=None)
        assert score.rest + parts == pytest.approx(log_odds_of(alone), abs=1e-4)
        for n, reason in enumerate(score.reasons):
            new = removed[reason.feature][place]
            assert log_odds_of(new) == pytest.approx(
                log_odds_of(score) - reason.contribution, abs=1e-4
            )
            assert new.risk == pytest.approx(risk_without(score, n), abs=1e-5)
            pairs += 1
    assert pairs > 50
