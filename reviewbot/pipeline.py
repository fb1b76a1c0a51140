"""The story of a check, told once; every effect comes in as an argument.

Change -> which lines are wanted -> one forward pass per window -> line features -> risks -> report.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Protocol

from reviewbot.artifacts import Artifact
from reviewbot.core.authors import Authors
from reviewbot.core.change import Change, ChangedLine, Entry, FileChange
from reviewbot.core.eligible import Reason as SkipReason
from reviewbot.core.eligible import why_skipped_file, why_skipped_line
from reviewbot.core.errors import EnvironmentFailure
from reviewbot.core.evidence import Evidence
from reviewbot.core.findings import Failed, Finding, LineScore, Outcome, Skipped, group, riskiest
from reviewbot.core.gate import Policy, count, decide, standing_of
from reviewbot.core.languages import Language, language_of
from reviewbot.core.linehash import line_hashes
from reviewbot.core.match import first_mismatch, head_lines
from reviewbot.core.recent import Recent
from reviewbot.core.report import ChangeInfo, FileReport, LineReport, ModelInfo, Report
from reviewbot.encoders import Encoder
from reviewbot.scoring import CodeFile, Forgetful, Kept, score

NOBODY = Authors()
MOST_FEATURES = 300  # of which a report says what is known
Numstat = Mapping[str, tuple[int, int] | None]


class HeadFiles(Protocol):
    """Where the head version of a file comes from."""

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a regular file, None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Which lines are wanted."""

    max_bytes: int
    max_lines: int
    inline_suppressions: bool = False
    excluded: Callable[[str], bool] = field(default=lambda _path: False)
    included: Callable[[str], bool] = field(default=lambda _path: False)
    in_scope: Callable[[ChangedLine], bool] = field(default=lambda _line: True)  # by its author
    can_block: Callable[[ChangedLine], bool] = field(default=lambda _line: True)
    limit: Callable[[ChangedLine], float] | None = None  # the risk above which a line counts
    least_limit: float = 1.0  # the strictest of these
    own: Mapping[str, FileChange] | None = None  # all that is read of a merge (`core.merged`)
    unlisted: int = 0  # files of the change that its forge does not show at all


@dataclass(frozen=True, slots=True)
class _Sorted:
    """A file before anything is read: some lines have an outcome, the others are wanted."""

    file: FileChange
    language: Language | None
    note: str | None
    unread: bool  # a code file that git shows no line of
    head: tuple[str, ...]
    decided: Mapping[int, Outcome]  # by line number
    wanted: tuple[ChangedLine, ...]


def check(
    change: Change,
    *,
    head: HeadFiles,
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
    kept: Kept | None = None,
    recent: Recent | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Report:
    """Score every added line of a change that holds code, and gate.

    attributes  path -> linguist attributes (`core.eligible`)
    numstat     what git itself counts; the ledger must agree with it. None where only a diff is had
    encoder     loads the model; called at most once, and only if a line is wanted
    authors     who wrote the lines; what `rules` say of scopes is already decided with them
    description what the change is said to do; only artifacts whose plan asks for it show it to the
                model
    kept        line features that were read before; None keeps none
    recent      what this repository's lines are compared with, too
    progress    called with lines done and lines wanted
    raises      EnvironmentFailure where diff and numstat disagree; what the encoder raises
    """
    if numstat is not None:
        _agree(change, numstat)
    sorted_files = [_sort(file, head, attributes, rules) for file in change.files]
    total = sum(len(entry.wanted) for entry in sorted_files)
    loaded = encoder() if total else None
    read: dict[tuple[str, int], Outcome] = {}
    if loaded is not None:
        wanted = [_code(entry) for entry in sorted_files if entry.wanted]
        kept = kept or Forgetful()
        for one in score(wanted, artifact, loaded, kept=kept, description=description):
            read[one.line.path, one.line.number] = _at_home(one, recent)
            progress(len(read), total)
    files, scores = [], []
    standing = partial(standing_of, policy=policy, counts=rules.can_block, limit=rules.limit)
    for entry in sorted_files:
        outcomes = dict(entry.decided)
        for line in entry.wanted:
            if (line.path, line.number) in read:
                outcomes[line.number] = read[line.path, line.number]
            outcomes.setdefault(line.number, Failed(line, "no token of the model touches the line"))
        ordered = [outcomes[line.number] for line in entry.file.added]
        scores += [outcome for outcome in ordered if isinstance(outcome, LineScore)]
        files.append(_file_report(entry, ordered, authors).standing(standing))
    everything = [line.outcome for file in files for line in file.lines]
    # What blocks is always shown.
    show_above = min(artifact.show_above, policy.max_risk, rules.least_limit)
    unread_files = sum(entry.unread for entry in sorted_files) + rules.unlisted
    findings = group(scores, show_above, _line_hashes(sorted_files), standing)
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
        show_above=show_above,
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


def _evidence(artifact: Artifact, findings: Sequence[Finding]) -> tuple[Evidence, ...]:
    """Return what is known of the features that these findings name, in the order of naming."""
    scores = (score for finding in findings for score in (finding.worst, *finding.lines))
    named = dict.fromkeys(reason.feature for score in scores for reason in score.reasons)
    wanted = list(named)[:MOST_FEATURES]
    found = artifact.evidence(wanted) if wanted else {}
    return tuple(found[name] for name in wanted if name in found)


def _sort(
    file: FileChange, head: HeadFiles, attributes: Mapping[str, Collection[str]], rules: Rules
) -> _Sorted:
    if rules.own is None:
        return _decided(file, head, attributes, rules)
    merged = {line.number: _skipped(line, SkipReason.MERGED) for line in file.added}
    if (own := rules.own.get(file.path)) is None:
        note = SkipReason.MERGED.value
        return _Sorted(file, language_of(file.path, ""), note, False, (), merged, ())
    entry = _decided(own, head, attributes, rules)
    theirs = merged.keys() - {line.number for line in own.added}
    decided = {**entry.decided, **{number: merged[number] for number in theirs}}
    return replace(entry, file=file, decided=decided)


def _decided(
    file: FileChange, head: HeadFiles, attributes: Mapping[str, Collection[str]], rules: Rules
) -> _Sorted:
    marks = set(attributes.get(file.path, ()))
    if rules.included(file.path):
        marks = {"-linguist-generated", "-linguist-vendored"}

    def why(content: bytes | None) -> SkipReason | None:
        return why_skipped_file(
            file,
            attributes=marks,
            head=content,
            excluded=rules.excluded,
            max_bytes=rules.max_bytes,
            max_lines=rules.max_lines,
        )

    reason, content = why(None), None
    # What its path alone decides is not read; a name without an ending may hide a script.
    undecided = reason is None or (reason is SkipReason.NOT_CODE and "." not in _name(file.path))
    if undecided and file.added and file.entry is Entry.TEXT:
        content = head.read(file.path)
        reason = why(content)
    lines = tuple(head_lines(content)) if content is not None and reason is None else ()
    # A byte order mark may stand before "#!"; `why_skipped_file` passes over it too.
    language = language_of(file.path, lines[0].removeprefix("\ufeff") if lines else "")
    if reason is not None:
        whys = dict.fromkeys(file.added, reason)
        if reason is SkipReason.EXCLUDED:
            whys = _why_excluded(file, rules)
        decided: dict[int, Outcome] = {
            line.number: _skipped(line, why) for line, why in whys.items()
        }
        hidden = reason.counts_as_unread and not file.added
        return _Sorted(file, language, reason.value, hidden, (), decided, ())
    if failure := _failure(file, content, lines):
        decided = {line.number: Failed(line, failure) for line in file.added}
        return _Sorted(file, language, failure, False, (), decided, ())
    if language is None:  # "not code" is a reason above; only a file without lines is left
        return _Sorted(file, None, None, False, (), {}, ())
    skips = {
        line: why_skipped_line(line.text, language, inline_suppressions=rules.inline_suppressions)
        or (None if rules.in_scope(line) else SkipReason.OUT_OF_SCOPE)
        for line in file.added
    }
    return _Sorted(
        file,
        language,
        None,
        False,
        lines,
        {line.number: _skipped(line, why) for line, why in skips.items() if why is not None},
        tuple(line for line, why in skips.items() if why is None),
    )


def _why_excluded(file: FileChange, rules: Rules) -> dict[ChangedLine, SkipReason]:
    """Say of each line whether it would have been read: the gate asks whether all such were lost.

    Blank lines count with the others, unless there are no others.
    """
    inside = [line for line in file.added if rules.in_scope(line)]
    blank = not any(any(map(str.isalnum, line.text)) for line in inside)
    whys = dict.fromkeys(file.added, SkipReason.OUT_OF_SCOPE)
    return whys | dict.fromkeys(inside, SkipReason.BLANK if blank else SkipReason.EXCLUDED)


def _code(entry: _Sorted) -> CodeFile:
    return CodeFile(
        entry.file.path, entry.language, entry.head, tuple(entry.file.added), entry.wanted
    )


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _skipped(line: ChangedLine, why: SkipReason) -> Skipped:
    return Skipped(line, why.value, why.counts_as_unread)


def _failure(file: FileChange, content: bytes | None, lines: Sequence[str]) -> str | None:
    if not file.added:
        return None
    if content is None:
        return "the head file is missing or may not be read"
    if first_mismatch(file, lines) is not None:
        return "the diff does not match the head file"
    return None


def _line_hashes(entries: Sequence[_Sorted]) -> Callable[[ChangedLine], str]:
    """Return what names a line by its content; a file is hashed when the first of it is asked."""
    heads = {entry.file.path: entry.head for entry in entries if entry.head}

    @cache
    def hashes(path: str) -> list[str]:
        # A carriage return inside a line would be a line to GitHub's count, and is none to git's.
        lines = (line.removesuffix("\r").replace("\r", " ") for line in heads[path])
        return line_hashes("\n".join(lines) + "\n")

    return lambda line: hashes(line.path)[line.number - 1]


def _file_report(entry: _Sorted, outcomes: Sequence[Outcome], authors: Authors) -> FileReport:
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
