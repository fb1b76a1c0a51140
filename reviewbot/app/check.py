"""Use case `check`: a change source -> load -> attribute -> score -> judge -> a report."""

import os
from typing import TYPE_CHECKING

from reviewbot.app.artifact import artifact_for, calibration_for, line_cache
from reviewbot.app.attribute import attribute_change
from reviewbot.app.load import load_model
from reviewbot.app.load_change import FILES, ChangeSource, attributes_of, load_change
from reviewbot.app.progress import Clock, reading, untimed

if TYPE_CHECKING:
    from reviewbot.app.score import ScoredChange
    from reviewbot.app.warm import Warm
    from reviewbot.diff.model import Change
    from reviewbot.report.model import Report


def check_change(
    source: ChangeSource, clock: Clock = untimed, warm: "Warm | None" = None
) -> "Report":
    """Check a change as its settings say.

    warm    keeps artifact and model for the next check; None: both are loaded for this one
    raises  every kind of ReviewbotError
    """
    from reviewbot.app.judge import find, gate_rules, judge

    scored = score_source(source, clock, warm=warm)
    rules = gate_rules(scored)
    return judge(scored, rules, find(scored, rules))


def score_source(
    source: ChangeSource,
    clock: Clock = untimed,
    *,
    warm: "Warm | None" = None,
    part: "Change | None" = None,
) -> "ScoredChange":
    """Load a change, find its authors and score it: all of `check` but the judgement.

    The model is only loaded if a line has to be read.
    part    what to score of the change; None: all of it
    raises  every kind of ReviewbotError
    """
    from reviewbot.app.score import score_change

    settings, request = source.settings, source.request
    loaded = load_change(source)
    clock("reading the diff")
    change = attribute_change(loaded, os.environ)
    clock("finding the authors")
    if part is not None:  # after the authors: the evidence may be in another file
        change = change.part(part)
    artifact = warm.artifact(settings) if warm else artifact_for(settings)
    clock("loading the artifact")
    lines = line_cache(settings, artifact)
    in_checkout = request.head != FILES and not source.remote
    scored = score_change(
        change,
        artifact,
        lambda: (warm.encoder if warm else load_model)(settings, artifact, clock),
        attributes_of(change),
        cache=lines,
        calibration=calibration_for(settings, request if in_checkout else None, artifact),
        progress=reading,
    )
    if lines:
        lines.close()
    clock("reading the code and scoring")
    return scored
