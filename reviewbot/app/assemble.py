"""Puts the parts of `check` together: the change, the artifact, the model, the pipeline."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

from reviewbot.app.attribute import Remote, Scopes, head_reader, scopes_of
from reviewbot.app.inputs import FILES, files_note, parsed
from reviewbot.app.load import artifact_for, line_cache, load_model
from reviewbot.app.progress import Clock, reading
from reviewbot.app.recent import recent_for
from reviewbot.config.schema import Settings

if TYPE_CHECKING:
    from reviewbot.app.pipeline import Numstat
    from reviewbot.app.selection import Rules
    from reviewbot.app.warm import Warm
    from reviewbot.authorship.history import PullRequest
    from reviewbot.diff.model import Change, ChangedLine
    from reviewbot.git.request import ChangeRequest
    from reviewbot.report.model import Report
    from reviewbot.scoring.artifact import Artifact

    Narrow = Callable[[Change, Numstat | None], tuple[Change, Numstat | None]]


@dataclass(frozen=True, slots=True)
class Assembled:
    """A report, and what is needed to decide again when people acknowledge findings."""

    report: "Report"
    scopes: Scopes
    rules: "Rules"
    artifact: "Artifact"

    def without(self, lines: Collection[tuple[str, int]]) -> "Report":
        """Return the report with the verdict that holds where these lines cannot block."""
        from reviewbot.report.gate import decide, gate_status

        report, rules = self.report, self.rules

        def can_block(line: "ChangedLine") -> bool:
            return (line.path, line.number) not in lines and rules.can_block(line)

        outcomes = [line.outcome for file in report.files for line in file.lines]
        unread_files = report.ledger.unread_files
        standing = partial(gate_status, policy=report.policy, counts=can_block, limit=rules.limit)
        verdict = decide(
            report.policy, outcomes, unread_files, can_block, rules.limit, acknowledged=bool(lines)
        )
        return replace(
            report,
            verdict=verdict,
            files=tuple(file.gate_status(standing) for file in report.files),
        )


def assemble(
    settings: Settings,
    request: "ChangeRequest",
    root: Path,
    clock: Clock,
    more_notes: Sequence[str] = (),
    remote: Remote | None = None,
    policy: str | None = None,
    signals: "PullRequest | None" = None,
    narrow: "Narrow | None" = None,
    warm: "Warm | None" = None,
) -> Assembled:
    """Check a change as the settings say. The model is only loaded where a line has to be read.

    root        whose rule file for authors counts
    more_notes  for the reader of the report, first
    remote      where the change is a pull request without a checkout
    policy      the commit whose rules and attributes count; None: the base of the request
    signals     what the forge says of the pull request; None: what the workflow's event says
    narrow      what of the change is read, and what git counts in that; None: all of it
    warm        keeps artifact and model for the next check; None: both are loaded for this one

    raises  every kind of ReviewbotError
    """
    from reviewbot.app import pipeline
    from reviewbot.app.selection import Rules
    from reviewbot.report.gate import Policy, Status, is_all_merged
    from reviewbot.report.model import ChangeInfo

    whole, own = parsed(request)
    clock("reading the diff")
    scopes = scopes_of(request, own, settings, os.environ, root, remote, policy, signals)
    clock("finding the authors")
    numstat = None if request.head == FILES else request.numstat
    change, read = whole, {file.path: file for file in own.files}
    if narrow:  # after the authors: what says who wrote a line may stand in another file
        change, numstat = narrow(whole, numstat)
        # What is no part of the change was not brought by a merge either.
        read |= {file.path: file for file in change.files if file not in whole.files}
    artifact = warm.artifact(settings) if warm else artifact_for(settings)
    clock("loading the artifact")
    paths = [file.path for file in change.files]
    max_risk = artifact.block_threshold if settings.max_risk is None else settings.max_risk
    rules = Rules(
        max_bytes=settings.max_file_bytes,
        max_lines=settings.max_file_lines,
        inline_suppressions=settings.inline_suppressions,
        excluded=GitIgnoreSpec.from_lines(settings.exclude).match_file,
        included=GitIgnoreSpec.from_lines(settings.include).match_file,
        in_scope=scopes.reads,
        can_block=scopes.counts,
        limit=lambda line: scopes.limit(line, max_risk),
        least_limit=scopes.limits.minimum,
        own=read if request.others else None,
        unlisted=remote.unlisted if remote else 0,
    )
    kept = line_cache(settings, artifact)
    apart = request.head == FILES  # a diff beside a directory, whatever repository that lies in
    with closing(head_reader(request, settings.max_file_bytes, remote)) as head:
        report = pipeline.check(
            change,
            head=head,
            attributes={} if remote else _attributes(request, paths, policy),
            numstat=numstat,
            artifact=artifact,
            encoder=lambda: (warm.encoder if warm else load_model)(settings, artifact, clock),
            rules=rules,
            policy=Policy(
                max_risk=max_risk,
                max_lines_over=settings.max_lines_over,
                min_coverage=settings.min_coverage,
                min_lines=settings.min_lines,
                max_risk_for=settings.max_risk_for,
                informational=settings.informational,
                scope=settings.scope,
                gate_scope=settings.gate_scope,
            ),
            info=ChangeInfo(request.base, request.head),
            authors=scopes.authors,
            description="\n".join(request.subjects),
            notes=[
                *more_notes,
                *request.notes,
                *scopes.notes,
                *files_note(
                    request.untracked,
                    "untracked file is not part of the change",
                    "untracked files are not part of the change",
                ),
            ],
            cache=kept,
            recent=recent_for(settings, None if remote or apart else request, artifact),
            progress=reading,
        )
    if kept:
        kept.close()
    nothing = request.nothing
    if report.verdict.status is Status.PASS and is_all_merged(report.ledger):
        nothing = request.theirs
    if nothing:
        report = replace(report, verdict=replace(report.verdict, reasons=(nothing,)))
    clock("reading the code and scoring")
    return Assembled(report, scopes, rules, artifact)


def _attributes(
    request: "ChangeRequest", paths: Sequence[str], policy: str | None
) -> Mapping[str, frozenset[str]]:
    from reviewbot.git.attributes import attributes
    from reviewbot.git.request import INDEX, WORKTREE

    if request.head == FILES:
        return {}
    # As the base has them: an author cannot call new code generated.
    given = policy or request.base
    if given is None and request.head not in (INDEX, WORKTREE):
        given = request.repo.empty_tree
    return attributes(request.repo, paths, given)
