"""Use case `check`: a change source -> load -> attribute -> score -> judge -> a report."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.app.artifact import Artifacts, artifacts_for, calibration_for, line_cache
from reviewbot.app.attribute import attribute_change
from reviewbot.app.load import load_model
from reviewbot.app.load_change import FILES, ChangeSource, LoadedChange, attributes_of, load_change
from reviewbot.app.progress import Clock, reading, untimed
from reviewbot.errors import UsageError
from reviewbot.escape import visible
from reviewbot.git.changes import INDEX, WORKTREE

if TYPE_CHECKING:
    from reviewbot.app.score import ScoredChange
    from reviewbot.app.select_lines import Attributes
    from reviewbot.app.warm import Warm
    from reviewbot.config.schema import Settings
    from reviewbot.diff.model import Change
    from reviewbot.encoders.encoder import Encoder
    from reviewbot.report.model import Report
    from reviewbot.scoring.artifact import Artifact
    from reviewbot.scoring.calibration import Calibration


def check_change(
    source: ChangeSource, clock: Clock = untimed, warm: "Warm | None" = None
) -> "Report":
    """Check a change as its settings say.

    warm    keeps artifacts and models for the next check; None: both are loaded for this one
    raises  every kind of ReviewbotError
    """
    from reviewbot.app.judge import find, gate_rules, judge
    from reviewbot.app.local_acks import local_acks
    from reviewbot.report.comment_sync import LOCAL, by_id

    # An editor shows lines, and gates nothing.
    acks = None if warm else local_acks(source, os.environ)
    reasons = acks.read(doing="nothing was checked") if acks else {}  # before the work
    scored = score_source(source, clock, warm=warm)
    rules = gate_rules(scored)
    findings = find(scored, rules)
    known = by_id(LOCAL, findings)
    acknowledged = {known[name]: why for name, why in reasons.items() if name in known}
    report = judge(scored, rules, findings, acknowledged)
    return acks.ask(report) if acks else report


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
    settings, request = source.settings, source.request
    loaded = load_change(source)
    clock("reading the diff")
    _require_untouched(settings, loaded)
    change = attribute_change(loaded, os.environ)
    clock("finding the authors")
    if part is not None:  # after the authors: the evidence may be in another file
        change = change.part(part)
    artifacts = warm.artifacts(settings) if warm else artifacts_for(settings)
    clock("loading the artifact")
    in_checkout = request.head != FILES and not source.remote
    calibration, notes = calibration_for(settings, request if in_checkout else None, artifacts)
    change = replace(change, source=replace(source, notes=[*source.notes, *notes]))
    if part is None:  # a part has no place among changes
        _require_reference(settings, artifacts, calibration)
    load = warm.encoder if warm else load_model
    scored = score_by(
        artifacts,
        change,
        attributes_of(change),
        lambda artifact: load(settings, artifact, clock),
        calibration=calibration,
    )
    clock("reading the code and scoring")
    return scored


def _require_untouched(settings: "Settings", loaded: LoadedChange) -> None:
    """Refuse commits that edit what scores them. raises UsageError"""
    from reviewbot.scoring.artifact import PRESETS

    request = loaded.source.request
    if request.head in (FILES, WORKTREE, INDEX):  # the user's own
        return
    root = Path(os.path.realpath(request.root))
    edited = {path for file in loaded.change.files for path in (file.path, file.base_path) if path}
    for name in ("artifact", "calibration", "model"):
        value = getattr(settings, name)
        if value in (*PRESETS, "auto", "off", "default"):
            continue
        place = Path(os.path.realpath(os.path.expanduser(value)))  # noqa: PTH111 - as it is read
        inside = [path for path in sorted(edited) if (root / path).is_relative_to(place)]
        if inside and place != root:
            raise UsageError(
                f"nothing was scored: the change edits {visible(inside[0])}, which is part of the"
                f" {name} that would score it",
                fix=f"give --{name} a copy outside of the checkout",
            )


def _require_reference(
    settings: "Settings", artifacts: Artifacts, calibration: "Calibration | None"
) -> None:
    """Refuse a limit for whole changes if there are none to compare with. raises UsageError"""
    if settings.fail_on_change is None or calibration or artifacts.first.changes:
        return
    raise UsageError(
        f"nothing was scored: fail-on-change {settings.fail_on_change:g} compares with other"
        f" changes, and artifact {artifacts.first.info.name!r} knows none",
        fix="run `reviewbot calibrate`, give --artifact quick or auto, or leave fail-on-change out",
    )


def score_by(
    artifacts: Artifacts,
    change: LoadedChange,
    attributes: "Attributes",
    load: Callable[["Artifact"], "Encoder"],
    *,
    calibration: "Calibration | None" = None,
    progress: Callable[[int, int], None] = reading,
) -> "ScoredChange":
    """Score a change by one artifact or two, with the line caches that its settings allow.

    load    returns the model of an artifact
    raises  what `load` and the model raise
    """
    from reviewbot.app.score import SecondReader, score_change

    first, deep, settings = artifacts.first, artifacts.deep, change.source.settings
    cache = line_cache(settings, first)
    deep_cache = line_cache(settings, deep) if deep else None
    second = None
    if deep:
        second = SecondReader(deep, lambda: load(deep), artifacts.budget, deep_cache)
    scored = score_change(
        change,
        first,
        lambda: load(first),
        attributes,
        cache=cache,
        deep=second,
        calibration=calibration,
        progress=progress,
    )
    for used in filter(None, (cache, deep_cache)):
        used.close()
    return scored
