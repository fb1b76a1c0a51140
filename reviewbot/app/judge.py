"""Step 4 of a check: `ScoredChange` -> `Report`, with gate status, findings, verdict and ledger."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from reviewbot.app.load_change import LoadedChange, untracked_note
from reviewbot.app.score import ScoredChange, ScoredFile, SecondReading
from reviewbot.authorship.model import Scope
from reviewbot.diff.cleared import Cleared, cleared
from reviewbot.diff.line_hash import line_hashes
from reviewbot.diff.model import ChangedLine
from reviewbot.report.change_level import ChangeLevel, change_level
from reviewbot.report.findings import Finding, group
from reviewbot.report.gate import GateRules, Status
from reviewbot.report.judgement import excusing, judge_lines, rules_of
from reviewbot.report.ledger import count, is_all_merged
from reviewbot.report.model import (
    ChangeInfo,
    DeepReading,
    FileReport,
    LineReport,
    ModelInfo,
    Report,
    top_places,
)
from reviewbot.scoring.artifact import Artifact
from reviewbot.scoring.feature_evidence import FeatureEvidence
from reviewbot.scoring.outcomes import Outcome

NOTHING: Mapping[Finding, str] = MappingProxyType({})
EXPLAINED = 0.05  # share of the lines whose evidence a report shows beside that of findings
MAX_FEATURES = 300  # whose evidence a report shows


def gate_rules(scored: ScoredChange) -> GateRules:
    """Return the rules that the settings of a change make for its lines."""
    change, settings = scored.change, scored.change.source.settings

    def can_block(line: ChangedLine) -> bool:
        return change.in_scope(settings.gate_scope, line)

    return rules_of(settings, change.authors, scored.scores, can_block)


def find(scored: ScoredChange, rules: GateRules) -> tuple[Finding, ...]:
    """Return the findings, riskiest first. A line that blocks is always part of one."""
    return group(scored.scores, rules.is_shown, _line_hashes(scored), rules.status)


def judge(
    scored: ScoredChange,
    rules: GateRules,
    findings: tuple[Finding, ...],
    acknowledged: Mapping[Finding, str] = NOTHING,
) -> Report:
    """Return the report. Pure, and cheap next to scoring.

    findings      of `find`; an acknowledgement adds its reason, and changes nothing else of them
    acknowledged  some of these, whose lines cannot block, each with the reason
    """
    findings = tuple(replace(f, acknowledged=acknowledged.get(f)) for f in findings)
    rules = excusing(rules, acknowledged)
    request = scored.change.source.request
    ledger = count(scored.outcomes, _unread_files(scored), rules.policy.ack_top)
    level = _change_level(scored, rules)
    files, verdict = judge_lines(
        (_file_report(f, rules) for f in scored.files), rules, ledger, level
    )
    nothing = request.empty
    if verdict.status is Status.PASS and is_all_merged(ledger):
        nothing = request.merged
    report = Report(
        model=_model_info(scored.artifact, scored.dtype),
        artifact=scored.artifact.info,
        change=ChangeInfo(
            request.base,
            request.head,
            request.date,
            scored.change.source.repository,
            level,
            _cleared(scored.change),
            scored.change.source.name,
        ),
        policy=rules.policy,
        verdict=replace(verdict, reasons=(nothing,)) if nothing else verdict,
        ledger=ledger,
        files=files,
        findings=findings,
        notes=tuple(_notes(scored.change)),
        recent=scored.calibration.info if scored.calibration else None,
        top=scored.change.source.settings.top,
    )
    more = max(report.top, int(EXPLAINED * len(scored.scores)))
    places = top_places(report, len(findings) + more)
    return replace(
        report,
        features=_evidence(scored.artifact, places, deep=False),
        deep=_deep_reading(scored.deep, places) if scored.deep else None,
    )


def _deep_reading(second: SecondReading, places: Sequence[Finding]) -> DeepReading:
    artifact = second.artifact
    return DeepReading(
        model=_model_info(artifact, second.dtype),
        artifact=artifact.info,
        budget=second.budget,
        tokens=second.tokens,
        features=_evidence(artifact, places, deep=True),
    )


def _model_info(artifact: Artifact, dtype: str) -> ModelInfo:
    return ModelInfo(artifact.model.name, artifact.model.sha256, artifact.model.layer, dtype)


def _unread_files(scored: ScoredChange) -> int:
    """Return how many code files git, or the forge, shows no line of."""
    remote = scored.change.source.remote
    found = sum(file.selection.unread for file in scored.files)
    if not scored.scores:  # then a file must not disappear because it is excluded
        found += sum(file.selection.hidden_by_exclude for file in scored.files)
    return found + (remote.unlisted if remote else 0)


def _file_report(scored: ScoredFile, rules: GateRules) -> FileReport:
    file, selection = scored.selection.file, scored.selection

    def line_report(outcome: Outcome) -> LineReport:
        return LineReport(outcome, rules.authors.get(file.path, outcome.line.number))

    return FileReport(
        path=file.path,
        base_path=file.base_path,
        kind=file.kind,
        language=selection.language.name if selection.language else None,
        note=selection.note,
        removed=file.removed,
        lines=tuple(map(line_report, scored.outcomes)),
    )


def _notes(change: LoadedChange) -> list[str]:
    """Return what a reader must know of how the change was read."""
    source, authors = change.source, change.authors
    settings, request = source.settings, source.request
    authors_decide = any(s is not Scope.ALL for s in (settings.scope, settings.gate_scope))
    return [
        *source.notes,
        *request.notes,
        *authors.notes,
        *(authors.sources if authors_decide else ()),
        *untracked_note(request.untracked),
    ]


def _change_level(scored: ScoredChange, rules: GateRules) -> ChangeLevel | None:
    lines = [(score.line, score.risk) for score in scored.scores]
    excused = rules.acknowledged
    counted = [
        risk
        for line, risk in lines
        if (line.path, line.number) not in excused and rules.can_block(line)
    ]
    risks = [risk for _, risk in lines]
    return change_level(risks, counted, scored.artifact.changes, scored.calibration)


def _cleared(change: LoadedChange) -> Cleared:
    remote = change.source.remote
    hidden = remote is not None and remote.unlisted  # a file that nobody here has seen
    return Cleared.NO if hidden else cleared(change.change.files)


def _evidence(
    artifact: Artifact, findings: Sequence[Finding], *, deep: bool
) -> tuple[FeatureEvidence, ...]:
    """Return the evidence for the features that these findings name, in that order.

    deep    of the lines that were read deep, or of the others
    """
    scores = (score for finding in findings for score in (finding.worst, *finding.lines))
    own = (score for score in scores if score.deep == deep)
    named = dict.fromkeys(reason.feature for score in own for reason in score.reasons)
    wanted = list(named)[:MAX_FEATURES]
    evidence = artifact.evidence(wanted) if wanted else {}
    return tuple(evidence[name] for name in wanted if name in evidence)


def _line_hashes(scored: ScoredChange) -> Callable[[ChangedLine], str]:
    """Return a function that names a line by its content; it hashes a file when first needed."""
    selections = [file.selection for file in scored.files]
    heads = {entry.file.path: entry.head for entry in selections if entry.head}

    @cache
    def hashes(path: str) -> list[str]:
        # GitHub counts a carriage return inside a line as a line end, git does not.
        lines = (line.removesuffix("\r").replace("\r", " ") for line in heads[path])
        return line_hashes("\n".join(lines) + "\n")

    return lambda line: hashes(line.path)[line.number - 1]
