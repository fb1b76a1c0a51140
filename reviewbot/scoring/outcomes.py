"""What became of an added line: scored, skipped or failed."""

import math
from dataclasses import dataclass

from reviewbot.config.levels import Level, level_of
from reviewbot.diff.model import ChangedLine


@dataclass(frozen=True, slots=True)
class Reason:
    """One feature that raised the risk of a line."""

    feature: str  # "sae:417", "surface:line length", "state"
    label: str
    contribution: float  # log-odds it adds against an average line
    activation: float | None  # share of the feature's maximum; None where it has none


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the model expected in place of a part of a line."""

    start: int  # first column, 0-based, in characters of `ChangedLine.text`
    end: int  # exclusive
    found: str  # the text between them, never blank
    expected: str  # untrusted, as `found` is: it may repeat any text of the change
    found_probability: float  # of the first token of `found` that differs
    expected_probability: float  # of the likeliest token at that place, above the other


@dataclass(frozen=True, slots=True)
class LineScore:
    """A line that was read and scored."""

    line: ChangedLine
    risk: float  # in [0, 1]
    percentile: float  # in [0, 100], two digits, among real changed lines
    reasons: tuple[Reason, ...]
    surprisal: float | None = None  # nats, summed over the line; only at full depth
    rest: float | None = None  # log-odds of all but the reasons: with theirs, those of the risk
    recent: float | None = None  # the same among this repository's recent lines, if known
    deep: bool = False  # `auto` read it again, and the deeper artifact gave all of the above
    expectations: tuple[Expectation, ...] = ()  # at most two, strongest first

    @property
    def own_percentile(self) -> float:
        """The percentile that decides: among this repository's own lines, if these are known."""
        return self.percentile if self.recent is None else self.recent

    @property
    def level(self) -> Level:
        """How rare so risky a line is; critical where that is unknown."""
        return level_of(math.nan if math.isnan(self.risk) else self.own_percentile)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that was not read on purpose."""

    line: ChangedLine
    why: str
    counts_as_unread: bool = False  # it was passed over for our limits, not for its nature


@dataclass(frozen=True, slots=True)
class Failed:
    """A line that should have been scored and was not."""

    line: ChangedLine
    why: str


Outcome = LineScore | Skipped | Failed


@dataclass(frozen=True, slots=True)
class ArtifactInfo:
    """Which trained weights scored it."""

    name: str
    sha256: str  # of its manifest, which holds the hashes of its other files
    average: float | None = None  # log-odds of a line whose every column is average, if known
