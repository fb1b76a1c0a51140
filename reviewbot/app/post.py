"""Use case `review --from-report`: judge the lines of an untrusted report again, and post it.

No model and no checkout. Trusted are the settings (of the base branch, and of this job) and the
acknowledgements on GitHub. The report gives the lines, their scores and authors, and the names of
its findings; its own policy, gate status, verdict and acknowledgements are not read.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reviewbot.app.forge import connect, number_of
from reviewbot.app.inputs import read_bounded, remote_settings
from reviewbot.app.publish import Post, acknowledgements, publish
from reviewbot.authorship.model import Authors, in_scope
from reviewbot.config.load import load_settings
from reviewbot.config.schema import Settings
from reviewbot.diff.model import ChangedLine
from reviewbot.errors import UsageError
from reviewbot.escape import visible
from reviewbot.github.events import Target
from reviewbot.render.comment import pages
from reviewbot.report.comment_sync import by_id
from reviewbot.report.findings import Finding, group
from reviewbot.report.judgement import excusing, judge_lines, rules_of
from reviewbot.report.ledger import count
from reviewbot.report.model import Report
from reviewbot.scoring.outcomes import LineScore, Outcome

if TYPE_CHECKING:
    from reviewbot.report.gate import GateRules

MAX_TEMPLATE = 65_536  # bytes
ORIGIN = "read in the pull request's own workflow run"
ReadTemplate = Callable[[str], bytes | None]  # by file name


def read_report(name: str) -> Report:
    """Read a report file. raises UsageError for anything that is no report"""
    from reviewbot.report.json_reader import MAX_BYTES, parse_report

    raw = read_bounded(name, MAX_BYTES, doing="nothing was posted", what="a report.json")
    return parse_report(raw)


def post_report(
    report: Report,
    folder: Path,
    flags: Mapping[str, Any],
    target: Target,
    environ: Mapping[str, str],
) -> list[str]:
    """Post a report on the pull request that the API confirms; return what was done, in words.

    folder  what relative paths in the settings start from
    raises  UsageError if the report is about another commit or lacks a finding, and what `publish`
            raises
    """
    # The login, by which our comments are known, is needed before the base's settings are read.
    api = connect(load_settings(environ, flags), environ, target.repository)
    pull = api.pull(number_of(api, target))
    head = target.head or pull.head
    if report.change.head != head:
        raise UsageError(
            f"nothing was posted: the report is about {report.change.head[:10]}, the pull request's"
            f" run about {head[:10]}",
            fix="check the head of the pull request, not the merge commit: see docs/github.md",
        )
    settings = remote_settings(api, pull, folder, environ, flags).settings
    api.login = settings.bot_login
    read = partial(api.content, commit=pull.base, limit=MAX_TEMPLATE)
    page = pages(base_templates(settings, folder, read))
    rules = _rules(report, settings, trusted=settings.trust_human and not pull.signals.from_fork)
    findings = _find(report, rules)
    acks = acknowledgements(api, pull.number, head, findings)
    known = by_id(head, findings)
    reasons = {known[name]: ack.reason for name, ack in acks.items()}
    judged = _judged(report, rules, findings, reasons)
    post = Post(judged, head, pull.number, acks, page, settings.top, api.web, ORIGIN)
    return publish(post, api, settings)


def _outcomes(report: Report) -> list[Outcome]:
    return [line.outcome for file in report.files for line in file.lines]


def _scores(report: Report) -> list[LineScore]:
    return [outcome for outcome in _outcomes(report) if isinstance(outcome, LineScore)]


def _rules(report: Report, settings: Settings, *, trusted: bool) -> "GateRules":
    """Return the rules that trusted settings make for the lines of a report.

    trusted   as for `in_scope`
    """
    from reviewbot.app.load_change import matches

    lines = (line for file in report.files for line in file.lines)
    of = {(line.outcome.line.path, line.outcome.line.number): line.author for line in lines}
    authors = Authors(of)

    def can_block(line: ChangedLine) -> bool:
        return in_scope(
            settings.gate_scope,
            authors.get(line.path, line.number),
            unknown_as_ai=matches(settings.unknown_as_ai, line.path),
            trusted=trusted,
        )

    return rules_of(settings, authors, _scores(report), can_block)


def _find(report: Report, rules: "GateRules") -> tuple[Finding, ...]:
    """Return the findings that the lines give; the report has their names, made from whole files.

    raises  UsageError if it lacks one
    """
    names = {(found.path, found.start): found.fingerprint for found in report.findings}

    def name(line: ChangedLine) -> str:
        if (line.path, line.number) not in names:
            raise UsageError(
                f"nothing was posted: the report lacks the finding at"
                f" {visible(line.path)[:200]}:{line.number}",
                fix="give both jobs the same settings, and check again: see docs/github.md",
            )
        return names[line.path, line.number]

    return group(_scores(report), rules.is_shown, name, rules.status)


def _judged(
    report: Report,
    rules: "GateRules",
    findings: tuple[Finding, ...],
    acknowledged: Mapping[Finding, str],
) -> Report:
    """Return the report with these findings, and with the gate status and verdict of its lines."""
    rules = excusing(rules, acknowledged)
    ledger = count(_outcomes(report), report.ledger.unread_files, rules.policy.ack_top)
    files, verdict = judge_lines(report.files, rules, ledger, report.change.level)
    findings = tuple(replace(found, acknowledged=acknowledged.get(found)) for found in findings)
    return replace(
        report,
        policy=rules.policy,
        verdict=verdict,
        ledger=ledger,
        files=files,
        findings=findings,
    )


def base_templates(settings: Settings, root: Path, read: ReadTemplate) -> ReadTemplate | None:
    """Return a function that reads the user's own templates; None without such a setting.

    They come from the base branch. The working tree may be untrusted and hold links, so only the
    names of `root`, the repository, and of the directory count.
    read    reads a file of the base branch by its path in the repository
    raises  UsageError if the directory is outside the repository
    """
    if settings.templates is None:
        return None
    top = os.path.normpath(root.absolute())
    folder = os.path.relpath(os.path.normpath(Path(top) / settings.templates), top)
    folder = folder.replace(os.sep, "/")
    if folder == ".." or folder.startswith("../"):
        raise UsageError(
            f"nothing was posted: templates: {settings.templates} is not in the repository",
            fix="name a directory of it",
        )
    return lambda name: read(f"{folder}/{name}")
