"""The report: the one value that every renderer gets."""

from dataclasses import dataclass

from reviewbot.authorship.model import Attribution
from reviewbot.config.choices import TOP
from reviewbot.diff.cleared import Cleared
from reviewbot.diff.model import FileKind
from reviewbot.report.change_level import ChangeLevel
from reviewbot.report.findings import Finding, further_places
from reviewbot.report.gate import GateStatus, Policy, Verdict
from reviewbot.report.ledger import Ledger
from reviewbot.scoring.calibration import RecentInfo
from reviewbot.scoring.feature_evidence import FeatureEvidence
from reviewbot.scoring.outcomes import ArtifactInfo, LineScore, Outcome


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model read the code."""

    name: str
    sha256: str  # of the official file, or of the local directory's files
    layer: int  # decoder blocks below the state that was read
    dtype: str


@dataclass(frozen=True, slots=True)
class ChangeInfo:
    """What was compared with what, and the change as a whole."""

    base: str | None  # commit, or None where only a diff was given
    head: str  # commit, "index", "worktree" or "files"
    date: str = ""  # of the commit `head`, as committed: "2026-11-30"; "" where it is not known
    repository: str = ""  # its address on GitHub, without a slash at the end; "" elsewhere
    level: ChangeLevel | None = None  # None: no line was scored
    cleared: Cleared = Cleared.NO  # the kind of change, if it needs no reading
    name: str = ""  # of the repository, where there is no address; untrusted, not in JSON


@dataclass(frozen=True, slots=True)
class LineReport:
    """One added line: its outcome, its author and its gate status."""

    outcome: Outcome
    author: Attribution
    gate_status: GateStatus | None = None  # None: not scored, or not judged yet


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file of the change, its added lines in order."""

    path: str
    base_path: str | None
    kind: FileKind
    language: str | None
    note: str | None  # why the file as a whole was not read
    removed: int
    lines: tuple[LineReport, ...]


@dataclass(frozen=True, slots=True)
class DeepReading:
    """What `auto` read the riskiest lines with again; `LineScore.deep` marks them."""

    model: ModelInfo
    artifact: ArtifactInfo
    budget: int  # tokens at most
    tokens: int  # that were read, or would have been without the line cache
    features: tuple[FeatureEvidence, ...] = ()  # as of the report: each artifact has its own


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a reader may want. No time, no path of this machine: same input, same report."""

    model: ModelInfo
    artifact: ArtifactInfo
    change: ChangeInfo
    policy: Policy
    verdict: Verdict
    ledger: Ledger
    files: tuple[FileReport, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()  # for the reader: untracked files and the like
    features: tuple[FeatureEvidence, ...] = ()  # for those that the findings name
    recent: RecentInfo | None = None  # what `LineScore.recent` compares with
    deep: DeepReading | None = None  # None: every line was read once
    top: int = TOP  # how many places a reader is shown first, see `top_places`
    local_acks: bool = False  # `reviewbot ack` on this machine can acknowledge its findings

    def read_by(self, score: LineScore) -> "Report | DeepReading":
        """Return what has the model, the artifact and the evidence of a line."""
        return self.deep if score.deep and self.deep else self

    def evidence_for(self, feature: str, score: LineScore) -> FeatureEvidence | None:
        """Return the evidence for a feature that a reason of this line names."""
        known = self.read_by(score).features
        return next((one for one in known if one.feature == feature), None)


def lines_by_path(report: Report) -> dict[str, tuple[LineReport, ...]]:
    """Return the lines of each path."""
    return {file.path: file.lines for file in report.files}


def top_places(report: Report, count: int) -> tuple[Finding, ...]:
    """Return the places to read first, at most `count`: the same ones in every format.

    First the report's findings, riskiest first; then other lines (`further_places`), which are no
    findings: `place in report.findings` tells them apart. So a change with a scored line has a
    place, whatever its verdict.
    """
    found = report.findings[:count]
    outcomes = (line.outcome for file in report.files for line in file.lines)
    scores = (outcome for outcome in outcomes if isinstance(outcome, LineScore))
    return (*found, *further_places(scores, report.findings, count - len(found)))
