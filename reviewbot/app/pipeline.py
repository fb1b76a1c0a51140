"""The story of a check, told once; every effect comes in as an argument.

Change -> which lines are wanted -> one forward pass per window -> line features -> risks -> report.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial

from reviewbot.app.selection import FileReader, Rules, Selection, select
from reviewbot.authorship.model import Authors
from reviewbot.diff.line_hash import line_hashes
from reviewbot.diff.model import Change, ChangedLine, Entry
from reviewbot.encoders.encoder import Encoder
from reviewbot.errors import EnvironmentFailure
from reviewbot.report.findings import Finding, group, riskiest
from reviewbot.report.gate import Policy, count, decide, gate_status
from reviewbot.report.model import ChangeInfo, FileReport, LineReport, ModelInfo, Report
from reviewbot.scoring.artifact import Artifact
from reviewbot.scoring.feature_cache import FeatureCache, NullCache
from reviewbot.scoring.feature_evidence import FeatureEvidence
from reviewbot.scoring.outcomes import Failed, LineScore, Outcome
from reviewbot.scoring.recent_risks import Recent
from reviewbot.scoring.score import CodeFile, score

NOBODY = Authors()
MAX_FEATURES = 300  # of which a report says what is known
Numstat = Mapping[str, tuple[int, int] | None]


def check(
    change: Change,
    *,
    head: FileReader,
    attributes: Mapping[str, Collection[str]],
    numstat: Numstat | None,
    artifact: Artifact,
    encoder: Callable[[], Encoder],
    rules: Rules,
    policy: Policy,
    info: ChangeInfo,
    authors: Authors = NOBODY,
    description: str = "",
    notes: Sequence[str] = (),
    cache: FeatureCache | None = None,
    recent: Recent | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Report:
    """Score every added line of a change that holds code, and gate.

    attributes  path -> linguist attributes (`diff.skip_rules`)
    numstat     what git itself counts; the ledger must agree with it. None where only a diff is had
    encoder     loads the model; called at most once, and only if a line is wanted
    authors     who wrote the lines; what `rules` say of scopes is already decided with them
    description what the change is said to do; only artifacts whose plan asks for it show it to the
                model
    cache       line features that were read before; None caches none
    recent      what this repository's lines are compared with, too
    progress    called with lines done and lines wanted
    raises      EnvironmentFailure where diff and numstat disagree; what the encoder raises
    """
    if numstat is not None:
        _agree(change, numstat)
    selected = [select(file, head, attributes, rules) for file in change.files]
    total = sum(len(entry.wanted) for entry in selected)
    loaded = encoder() if total else None
    read: dict[tuple[str, int], Outcome] = {}
    if loaded is not None:
        wanted = [_code(entry) for entry in selected if entry.wanted]
        cache = cache or NullCache()
        for one in score(wanted, artifact, loaded, cache=cache, description=description):
            read[one.line.path, one.line.number] = _at_home(one, recent)
            progress(len(read), total)
    files, scores = [], []
    standing = partial(gate_status, policy=policy, counts=rules.can_block, limit=rules.limit)
    for entry in selected:
        outcomes = dict(entry.decided)
        for line in entry.wanted:
            if (line.path, line.number) in read:
                outcomes[line.number] = read[line.path, line.number]
            outcomes.setdefault(line.number, Failed(line, "no token of the model touches the line"))
        ordered = [outcomes[line.number] for line in entry.file.added]
        scores += [outcome for outcome in ordered if isinstance(outcome, LineScore)]
        files.append(_file_report(entry, ordered, authors).gate_status(standing))
    everything = [line.outcome for file in files for line in file.lines]
    # What blocks is always shown.
    report_threshold = min(artifact.report_threshold, policy.max_risk, rules.least_limit)
    unread_files = sum(entry.unread for entry in selected) + rules.unlisted
    if not scores:  # then leaving code out is no longer beside the point
        unread_files += sum(entry.hidden_by_exclude for entry in selected)
    findings = group(scores, report_threshold, _line_hashes(selected), standing)
    return Report(
        model=ModelInfo(
            artifact.model.name,
            artifact.model.sha256,
            artifact.model.layer,
            loaded.dtype if loaded else "none",
        ),
        artifact=artifact.info,
        change=info,
        policy=policy,
        report_threshold=report_threshold,
        verdict=decide(policy, everything, unread_files, rules.can_block, rules.limit),
        ledger=count(everything, unread_files),
        files=tuple(files),
        findings=findings,
        notes=tuple(notes),
        features=_evidence(artifact, (*findings, *riskiest(scores))),
        recent=recent.info if recent else None,
    )


def _at_home(outcome: LineScore | Failed, recent: Recent | None) -> Outcome:
    if recent is None or isinstance(outcome, Failed):
        return outcome
    return replace(outcome, recent=recent.percentile(outcome.risk))


def _evidence(artifact: Artifact, findings: Sequence[Finding]) -> tuple[FeatureEvidence, ...]:
    """Return what is known of the features that these findings name, in the order of naming."""
    scores = (score for finding in findings for score in (finding.worst, *finding.lines))
    named = dict.fromkeys(reason.feature for score in scores for reason in score.reasons)
    wanted = list(named)[:MAX_FEATURES]
    found = artifact.evidence(wanted) if wanted else {}
    return tuple(found[name] for name in wanted if name in found)


def _code(entry: Selection) -> CodeFile:
    return CodeFile(
        entry.file.path, entry.language, entry.head, tuple(entry.file.added), entry.wanted
    )


def _line_hashes(entries: Sequence[Selection]) -> Callable[[ChangedLine], str]:
    """Return what names a line by its content; a file is hashed when the first of it is asked."""
    heads = {entry.file.path: entry.head for entry in entries if entry.head}

    @cache
    def hashes(path: str) -> list[str]:
        # A carriage return inside a line would be a line to GitHub's count, and is none to git's.
        lines = (line.removesuffix("\r").replace("\r", " ") for line in heads[path])
        return line_hashes("\n".join(lines) + "\n")

    return lambda line: hashes(line.path)[line.number - 1]


def _file_report(entry: Selection, outcomes: Sequence[Outcome], authors: Authors) -> FileReport:
    file = entry.file
    return FileReport(
        path=file.path,
        base_path=file.base_path,
        kind=file.kind,
        language=entry.language.name if entry.language else None,
        note=entry.note,
        removed=file.removed,
        lines=tuple(
            LineReport(outcome, authors.get(file.path, outcome.line.number)) for outcome in outcomes
        ),
    )


def _agree(change: Change, numstat: Numstat) -> None:
    """Compare what we parsed with git's own count, file by file."""
    # Of a link that becomes a binary, or the other way, git counts nothing, and shows the link.
    counted = [
        f for f in change.files if f.entry is Entry.TEXT or numstat.get(f.path, ()) is not None
    ]
    ours = {f.path: (len(f.added), f.removed) for f in counted}
    theirs = {path: counts or (0, 0) for path, counts in numstat.items()}
    for path in sorted(ours.keys() | theirs.keys()):
        if ours.get(path, (0, 0)) != theirs.get(path, (0, 0)):
            raise EnvironmentFailure(
                f"nothing was scored: the diff and git's own count disagree about {path!r}",
                fix="run it again while no file changes; if it stays, report it as a bug",
            )
