"""Step 3 of a check: `LoadedChange` -> `ScoredChange`, an outcome for every added line."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from reviewbot.app.load_change import LoadedChange
from reviewbot.app.selection import Attributes, Selection, select
from reviewbot.encoders.encoder import Encoder
from reviewbot.scoring.artifact import Artifact
from reviewbot.scoring.feature_cache import FeatureCache, NullCache
from reviewbot.scoring.outcomes import Failed, LineScore, Outcome
from reviewbot.scoring.recent_risks import Recent, RecentInfo
from reviewbot.scoring.score import CodeFile, score


@dataclass(frozen=True, slots=True)
class ScoredFile:
    """A file of the change with an outcome for each added line, in order."""

    selection: Selection
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredChange:
    """A change whose added lines are all scored, skipped or failed."""

    change: LoadedChange
    files: tuple[ScoredFile, ...]
    artifact: Artifact
    dtype: str  # that the model computed in; "none" where none was loaded
    recent: RecentInfo | None = None  # what `LineScore.recent` compares with

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcomes of all added lines, in the order of the diff."""
        return [outcome for file in self.files for outcome in file.outcomes]

    @property
    def scores(self) -> list[LineScore]:
        """The scored lines, in the order of the diff."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, LineScore)]


def score_change(
    change: LoadedChange,
    artifact: Artifact,
    encoder: Callable[[], Encoder],
    attributes: Attributes,
    *,
    cache: FeatureCache | None = None,
    recent: Recent | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> ScoredChange:
    """Score every added line that holds code.

    encoder     loads the model; called at most once, and only if a line is wanted
    attributes  of the changed files
    cache       line features that were read before; None caches none
    recent      risks of this repository's recent lines, to compare with
    progress    called with lines done and lines wanted
    raises      what the encoder raises
    """
    selections = select(change, attributes)
    wanted = [_code(entry) for entry in selections if entry.wanted]
    total = sum(len(file.wanted) for file in wanted)
    loaded = encoder() if wanted else None
    read: dict[tuple[str, int], Outcome] = {}
    if loaded is not None:
        # Only artifacts whose reading plan asks for the description show it to the model.
        description = "\n".join(change.source.request.subjects)
        for outcome in score(
            wanted, artifact, loaded, cache=cache or NullCache(), description=description
        ):
            line = outcome.line
            if recent is not None and isinstance(outcome, LineScore):
                outcome = replace(outcome, recent=recent.percentile(outcome.risk))
            read[line.path, line.number] = outcome
            progress(len(read), total)

    def outcomes(entry: Selection) -> tuple[Outcome, ...]:
        found = dict(entry.decided)
        for line in entry.wanted:
            lost = Failed(line, "no token of the model touches the line")
            found[line.number] = read.get((line.path, line.number), lost)
        return tuple(found[line.number] for line in entry.file.added)

    return ScoredChange(
        change=change,
        files=tuple(ScoredFile(entry, outcomes(entry)) for entry in selections),
        artifact=artifact,
        dtype=loaded.dtype if loaded else "none",
        recent=recent.info if recent else None,
    )


def _code(entry: Selection) -> CodeFile:
    return CodeFile(
        entry.file.path, entry.language, entry.head, tuple(entry.file.added), entry.wanted
    )
