"""Use case `calibrate`: a repository's recent merged changes, each read as `check` reads it."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import fsum
from pathlib import Path

from reviewbot.app.artifact import Artifacts
from reviewbot.app.attribute import attribute_change
from reviewbot.app.check import score_by
from reviewbot.app.fault_labels import Labels
from reviewbot.app.load_change import ChangeSource, LoadedChange, attributes_of, load_change
from reviewbot.app.progress import reading, say, untimed
from reviewbot.app.score import ScoredChange
from reviewbot.app.select_lines import Attributes, select
from reviewbot.app.warm import Warm
from reviewbot.config.schema import Settings
from reviewbot.errors import ReviewbotError
from reviewbot.git.bases import settled
from reviewbot.git.changes import between, blamed
from reviewbot.git.merged_changes import MergedChange, from_labelled, merged_changes
from reviewbot.git.repository import open_repository
from reviewbot.report.budgets import MIN_CHANGES, ReplayedChange, ReplayedLine
from reviewbot.scoring.calibration import Calibration, calibration_of

MAX_ADDED = 100_000  # lines of any kind that one change may add
MAX_WANTED = 2_000  # lines to score in one change: a larger one is an import, not a change
MAX_FAILED = 20  # changes that cannot be read, before it is an error
MAX_TEXT = 200  # characters of a line that are kept


@dataclass(frozen=True, slots=True)
class Replay:
    """What was read."""

    artifacts: Artifacts
    base: str  # the first parent of the oldest change
    head: str  # the newest change
    changes: tuple[ReplayedChange, ...]  # newest first, those with a scored line
    large: int  # changes that were left out because they are too large

    @property
    def lines(self) -> int:
        """How many lines were scored."""
        return sum(len(change.lines) for change in self.changes)

    def calibration(self) -> Calibration:
        """Return what is stored. raises ValueError if no line was scored"""
        risks = [[line.risk for line in change.lines] for change in self.changes]
        every = [risk for part in risks for risk in part]
        identity = self.artifacts.identity
        return calibration_of(identity, self.base, self.head, every, list(map(fsum, risks)))


def replay(root: Path, settings: Settings, lines: int, labels: Labels) -> Replay:
    """Score the newest merged changes: `lines` lines at least, of MIN_CHANGES changes at least.

    They come from before HEAD left the default branch: a change under review is not compared with
    itself. With labels, they begin at the newest change that has some: faults take time to be
    found. Rules about authors and attributes are those of the tip, and `settings` count for all.
    raises  every kind of ReviewbotError
    """
    repo = open_repository(root, needs_worktree=False)
    tip = settled(repo)
    found = from_labelled(repo, merged_changes(repo, tip), labels.keys())
    head = found[0].head if found else tip
    say(f"replaying merged changes up to {head[:10]}, newest first, until {lines:,} lines are read")
    warm = Warm()
    artifacts = warm.artifacts(settings)
    changes: list[ReplayedChange] = []
    scored, large, failed, base = 0, 0, 0, head

    def progress(done: int, _of: int) -> None:
        reading(min(scored + done, lines - 1), lines)

    for merged in found:
        if scored >= lines and len(changes) >= MIN_CHANGES:
            break
        try:
            loaded = _load(root, settings, merged, tip)
        except ReviewbotError as exc:
            failed += 1
            if failed > MAX_FAILED:
                raise
            say(f"left out: {merged.head[:10]}: {exc.what}")
            continue
        base = merged.base
        if loaded is None:
            large += 1
            continue
        change, attributes = loaded
        outcome = score_by(
            artifacts,
            change,
            attributes,
            lambda artifact: warm.encoder(settings, artifact, untimed),
            progress=progress,
        )
        if replayed := tuple(_lines(outcome, labels)):
            changes.append(ReplayedChange(merged.head, merged.day, replayed))
            scored += len(replayed)
    reading(lines, lines)
    return Replay(artifacts, base, head, tuple(changes), large)


def _load(
    root: Path, settings: Settings, merged: MergedChange, tip: str
) -> tuple[LoadedChange, Attributes] | None:
    """Return a change with its authors, and its files' attributes; None if it is too large."""
    repo = open_repository(root, needs_worktree=False)  # a new one: it keeps the trees it reads
    request = between(repo, merged.base, merged.head)
    if sum(counts[0] for counts in request.numstat.values() if counts) > MAX_ADDED:
        return None
    loaded = load_change(
        ChangeSource(request=request, settings=settings, root=repo.top, policy=tip)
    )
    # No environment: the event of a CI run is about another change.
    change, attributes = attribute_change(loaded, {}), attributes_of(loaded)
    wanted = sum(len(entry.wanted) for entry in select(change, attributes))
    return (change, attributes) if wanted <= MAX_WANTED else None


def _lines(scored: ScoredChange, labels: Labels) -> Iterator[ReplayedLine]:
    """Return the scored lines; of a merge the labels of its commits count, found by blame."""
    request = scored.change.source.request
    origins = {}
    if any(one.commit.hash in labels for one in request.log.commits):
        origins = blamed(request, scored.change.change).origins
    for score in scored.scores:
        line, fault = score.line, None
        origin = origins.get(line.path, {}).get(line.number)
        if origin is not None and origin.path in (known := labels.get(origin.commit, {})):
            fault = known[origin.path].get(origin.number, 0.0)
        yield ReplayedLine(line.path, line.number, line.text[:MAX_TEXT], score.risk, fault)
