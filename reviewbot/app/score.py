"""Step 3 of a check: `LoadedChange` -> `ScoredChange`, an outcome for every added line."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from reviewbot.app.load_change import LoadedChange
from reviewbot.app.select_lines import Attributes, Selection, code_files, select
from reviewbot.encoders.encoder import Encoder
from reviewbot.scoring.artifact import Artifact
from reviewbot.scoring.calibration import Calibration
from reviewbot.scoring.feature_cache import FeatureCache, NullCache
from reviewbot.scoring.outcomes import Failed, LineScore, Outcome
from reviewbot.scoring.score import score, score_again


@dataclass(frozen=True, slots=True)
class ScoredFile:
    """A file of the change with an outcome for each added line, in order."""

    selection: Selection
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class SecondReader:
    """What `auto` reads the riskiest lines with again."""

    artifact: Artifact
    encoder: Callable[[], Encoder]  # loads the model; called at most once, if a line was scored
    budget: int  # tokens at most
    cache: FeatureCache | None = None


@dataclass(frozen=True, slots=True)
class SecondReading:
    """How the riskiest lines were read again; `LineScore.deep` marks them."""

    artifact: Artifact
    budget: int
    tokens: int = 0  # of what was read
    dtype: str = "none"  # as of `ScoredChange`


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredChange:
    """A change whose added lines are all scored, skipped or failed."""

    change: LoadedChange
    files: tuple[ScoredFile, ...]
    artifact: Artifact
    dtype: str  # that the model computed in; "none" where none was loaded
    deep: SecondReading | None = None  # None: there is no second artifact
    calibration: Calibration | None = None  # what `LineScore.recent` compares with

    def artifact_of(self, score: LineScore) -> Artifact:
        """Return the artifact that scored a line."""
        return self.deep.artifact if score.deep and self.deep else self.artifact

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
    deep: SecondReader | None = None,
    calibration: Calibration | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> ScoredChange:
    """Score every added line that holds code.

    encoder      loads the model; called at most once, and only if a line is wanted
    attributes   of the changed files
    cache        line features that were read before; None caches none
    deep         reads the riskiest lines again; None: nothing is read twice
    calibration  risks of this repository's recent lines, to compare with
    progress     called with lines done and lines wanted, once more for those that are read again
    raises       what the encoders raise
    """
    selections = select(change, attributes)
    wanted = code_files(selections)
    total = sum(len(file.wanted) for file in wanted)
    loaded = encoder() if wanted else None
    read: dict[tuple[str, int], Outcome] = {}
    # Only artifacts whose reading plan asks for the description show it to the model.
    description = "\n".join(change.source.request.subjects)

    def keep(outcomes: Iterable[LineScore | Failed], of: int) -> None:
        seen = set()
        for outcome in outcomes:
            line = outcome.line
            if calibration is not None and isinstance(outcome, LineScore):
                outcome = replace(outcome, recent=calibration.percentile(outcome.risk))
            read[line.path, line.number] = outcome
            seen.add(line)
            progress(len(seen), of)

    if loaded is not None:
        first = score(wanted, artifact, loaded, cache=cache or NullCache(), description=description)
        keep(first, total)
    second = SecondReading(deep.artifact, deep.budget) if deep else None
    scores = [outcome for outcome in read.values() if isinstance(outcome, LineScore)]
    if deep and scores:
        deeper = deep.encoder()
        chosen, again = score_again(
            wanted,
            scores,
            deep.artifact,
            deeper,
            budget=deep.budget,
            cache=deep.cache or NullCache(),
            description=description,
        )
        keep(again, len(chosen.lines))
        second = SecondReading(deep.artifact, deep.budget, chosen.tokens, deeper.dtype)

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
        deep=second,
        calibration=calibration,
    )
