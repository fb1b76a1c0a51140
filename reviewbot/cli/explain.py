"""`reviewbot explain`: why a line has its risk, or what is known of a feature. It never gates."""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.app.explain_target import AROUND, parse_place, place_of
from reviewbot.app.failures import asked_by
from reviewbot.app.inputs import folder_of, intake, settings_root, source_of
from reviewbot.cli.change_arguments import change_arguments
from reviewbot.cli.console import deliver
from reviewbot.cli.setting_flags import PATH, GroupedCommand, setting_flags
from reviewbot.config.choices import Surface
from reviewbot.config.schema import settings_on
from reviewbot.errors import EXIT_INCOMPLETE, UsageError

if TYPE_CHECKING:
    from reviewbot.app.explain_target import Place
    from reviewbot.git.request import ChangeRequest
    from reviewbot.report.explanation import Explanation
    from reviewbot.report.model import FileReport, LineReport, Report

NO_BASE = "compared with HEAD, so that only uncommitted lines count as added: {}"
FORMATS = ("terminal", "json")


@click.command(cls=GroupedCommand)
@click.argument("place", metavar="[PATH:LINE]", required=False, type=PATH)
@change_arguments
@click.option("--feature", metavar="ID", help="What is known of a feature, such as 417; no line.")
@click.option(
    "--report",
    metavar="FILE",
    type=PATH,
    help="Explain from a report.json; needs no model.",
)
@click.option(
    "--format", "style", type=click.Choice(FORMATS), default=FORMATS[0], show_default=True
)
@setting_flags(*settings_on(Surface.EXPLAIN))
def explain(
    place: str | None,
    range_: str | None,
    staged: bool,
    diff: str | None,
    root: str,
    output: str | None,
    feature: str | None,
    report: str | None,
    style: str,
    **flags: Any,
) -> None:
    """Say why a line has its risk, or what is known of a feature.

    The line is looked for in the change, which is given as for `reviewbot check`; the last ":" of
    PATH:LINE is the one in front of the line. Where the change does not add the line, its file is
    read as if all of it were added. Exit codes: 0, or 3 where the line should have been scored and
    was not; it never gates.
    """
    _one_question(place, feature, report, change=bool(range_ or staged or diff))
    if feature is not None:
        from reviewbot.cli.features import explain_feature

        explain_feature(feature, Path(root), flags, style, output)
        return
    if report is not None:
        found = _from_report(str(place), report)
    else:
        with asked_by("explain"):
            folder = folder_of(range_, staged=staged, diff=diff, root=root)
            found = _from_change(str(place), folder, range_, staged, diff, flags)
    from reviewbot.scoring.outcomes import Failed, Skipped

    deliver(lambda look: _rendered(found, style, *look), output, os.environ)
    outcome = found.outcome
    unread = isinstance(outcome, Skipped) and outcome.counts_as_unread
    sys.exit(EXIT_INCOMPLETE if unread or isinstance(outcome, Failed) else 0)


def _one_question(
    place: str | None, feature: str | None, report: str | None, *, change: bool
) -> None:
    if (place is None) == (feature is None):
        raise UsageError(
            "nothing was explained: name either a line or a feature",
            fix="reviewbot explain PATH:LINE, or reviewbot explain --feature ID",
        )
    if change and (feature is not None or report is not None):
        raise UsageError(
            "nothing was explained: --feature and --report exclude a change",
            fix="leave RANGE, --staged and --diff out",
        )
    if feature is not None and report is not None:
        raise UsageError(
            "nothing was explained: --feature asks an artifact, not a report",
            fix="leave --report out",
        )


def _rendered(found: "Explanation", style: str, width: int, color: bool) -> str:
    from reviewbot.render.explain import explain_json, explain_terminal

    if style == "json":
        return explain_json(found)
    return explain_terminal(found, width=width, color=color)


def _from_change(
    text: str,
    folder: Path,
    range_: str | None,
    staged: bool,
    diff: str | None,
    flags: dict[str, Any],
) -> "Explanation":
    """Score the line as a check of the change would; only its file is read."""
    parse_place(text)  # before git is asked
    from reviewbot.app.check import score_source
    from reviewbot.app.judge import gate_rules, judge
    from reviewbot.app.load_change import open_head
    from reviewbot.app.progress import timed
    from reviewbot.diff.parser import parse
    from reviewbot.report.explanation import Explanation
    from reviewbot.scoring.outcomes import LineScore

    base_root = settings_root(folder, has_git=diff is None)
    source = source_of(_intake(folder, range_, staged, diff), base_root, os.environ, flags)
    request = source.request
    with open_head(source) as head:
        place = place_of(text, request.root, parse(request.diff), head.read)
    with timed(False) as clock:
        scored = score_source(source, clock, part=place.change)
    report = judge(scored, gate_rules(scored))
    line = _reported(report, place)
    named = []
    if isinstance(line.outcome, LineScore):
        named = [reason.feature for reason in line.outcome.reasons]
    return Explanation(
        outcome=line.outcome,
        author=line.author,
        gate_status=line.gate_status if place.added else None,
        around=place.around,
        evidence=scored.artifact.evidence(named),
        has_evidence=bool(scored.artifact.packed_evidence),
        model=report.model,
        artifact=report.artifact,
        change=report.change,
        recent=report.recent,
        notes=(*place.notes, *report.notes),
    )


def _intake(folder: Path, range_: str | None, staged: bool, diff: str | None) -> "ChangeRequest":
    """Return the change; where no base is found for it, what is not committed.

    A line that the change does not add is explained without a base, too.
    """
    try:
        return intake(folder, range_, staged=staged, diff=diff)
    except UsageError as exc:
        if range_ or staged or diff is not None:
            raise
        try:
            request = intake(folder, "HEAD", staged=False, diff=None)
        except UsageError:
            raise exc from None
        why = exc.what.removeprefix("nothing was scored: ")
        return replace(request, notes=(NO_BASE.format(why), *request.notes))


def _reported(report: "Report", place: "Place") -> "LineReport":
    """Return what a report of the place's file alone says of its line."""
    from reviewbot.authorship.model import UNKNOWN
    from reviewbot.diff.model import ChangedLine
    from reviewbot.report.model import LineReport
    from reviewbot.scoring.outcomes import Skipped

    if place.hidden:
        (file,) = report.files
        line = ChangedLine(place.path, place.number, dict(place.around)[place.number])
        return LineReport(Skipped(line, str(file.note), report.ledger.unread_files > 0), UNKNOWN)
    found = _line(report.files, place.path, place.number)
    if found is None:
        raise RuntimeError(f"{place.path}:{place.number} was not reported")
    return found


def _from_report(text: str, name: str) -> "Explanation":
    """Find the line in a report. Of other features than those of its findings it knows nothing."""
    from reviewbot.report.explanation import Explanation

    path, number = parse_place(text)
    report = read_report(name)
    line = _line(report.files, path, number)
    if line is None:
        notes = [f": {file.note}" for file in report.files if file.path == path and file.note]
        raise UsageError(
            f"nothing was explained: the report has no line {path[:200]}:{number}{''.join(notes)}",
            fix="name a line that the change adds, with its path as the report has it",
        )
    near = {
        other.outcome.line.number: other.outcome.line.text
        for file in report.files
        if file.path == path
        for other in file.lines
        if abs(other.outcome.line.number - number) <= AROUND
    }
    return Explanation(
        outcome=line.outcome,
        author=line.author,
        gate_status=line.gate_status,
        around=tuple(sorted(near.items())),
        evidence={found.feature: found for found in report.features},
        has_evidence=bool(report.features),
        model=report.model,
        artifact=report.artifact,
        change=report.change,
        recent=report.recent,
        notes=report.notes,
    )


def read_report(name: str) -> "Report":
    """Read a report file. raises UsageError where it is none"""
    from reviewbot.app.files import read_bounded
    from reviewbot.report.json_reader import MAX_BYTES, parse_report

    doing = "nothing was explained"
    raw = read_bounded(name, MAX_BYTES, doing=doing, what="a report.json")
    try:
        return parse_report(raw)
    except UsageError as exc:
        what = exc.what.replace("nothing was posted", doing, 1)
        fix = "name a report.json that `reviewbot check --format json` has written"
        raise UsageError(what, fix=fix) from exc


def _line(files: "tuple[FileReport, ...]", path: str, number: int) -> "LineReport | None":
    for file in files:
        for line in file.lines if file.path == path else ():
            if line.outcome.line.number == number:
                return line
    return None
