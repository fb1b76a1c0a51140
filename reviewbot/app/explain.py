"""Why one line has its risk: score it as a check of the change would, or read it from a report."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reviewbot.app.artifact import AUTO
from reviewbot.app.inputs import intake, settings_root, source_of
from reviewbot.diff.paths import decode_path
from reviewbot.errors import UsageError

if TYPE_CHECKING:
    from reviewbot.diff.model import Change, FileChange
    from reviewbot.git.changes import ChangeRequest
    from reviewbot.report.explanation import Explanation
    from reviewbot.report.model import LineReport, Report

MAX_DIGITS = 9
CONTEXT = 2  # lines above and below
WHOLE = "line {} is not part of the change: its file was read as if all of it were added"
HIDDEN = "the change contains the file, but git shows no line of it: it was not read"
NO_BASE = "compared with HEAD, so only uncommitted lines count as added: {}"


@dataclass(frozen=True, slots=True)
class Target:
    """A line, and what has to be read to score it as a check of the whole change would."""

    path: str
    number: int
    change: "Change"  # its file alone
    added: bool  # whether the change adds the line; if not, the whole file counts as added
    around: tuple[tuple[int, str], ...]
    hidden: bool = False  # whether git calls the file binary, so that the change has no line of it

    @property
    def notes(self) -> tuple[str, ...]:
        """How the line was read, for the reader."""
        if self.hidden:
            return (HIDDEN,)
        return () if self.added else (WHOLE.format(self.number),)


def explain_change(
    text: str,
    folder: Path,
    range_: str | None,
    staged: bool,
    diff: str | None,
    flags: Mapping[str, Any],
) -> "Explanation":
    """Score the line PATH:LINE as a check of the change would.

    Only its file is read; with `auto` the whole change, because all lines share its budget.
    """
    parse_target(text)  # before git runs
    from reviewbot.app.check import score_source
    from reviewbot.app.judge import find, gate_rules, judge
    from reviewbot.app.load_change import head_of
    from reviewbot.diff.parser import parse
    from reviewbot.report.explanation import Explanation
    from reviewbot.scoring.outcomes import LineScore

    base_root = settings_root(folder, has_git=diff is None)
    source = source_of(_change_request(folder, range_, staged, diff), base_root, os.environ, flags)
    request = source.request
    target = find_target(text, request.root, parse(request.diff), head_of(source).read)
    whole = source.settings.artifact == AUTO and target.added
    scored = score_source(source, part=None if whole else target.change)
    # The file alone does not say which places of the whole change are the riskiest.
    rules = replace(gate_rules(scored), places=())
    report = judge(scored, rules, find(scored, rules))
    line = _line_of(report, target)
    outcome = line.outcome
    score = outcome if isinstance(outcome, LineScore) else None
    artifact = scored.artifact_of(score) if score else scored.artifact
    reasons = score.reasons if score else ()
    return Explanation(
        line if target.added else replace(line, gate_status=None),
        target.around,
        artifact.evidence([reason.feature for reason in reasons]),
        bool(artifact.packed_evidence),
        replace(report, notes=(*target.notes, *report.notes)),
    )


def explain_report(text: str, name: str) -> "Explanation":
    """Find the line PATH:LINE in a report file. It has evidence only for its findings' features."""
    from reviewbot.app.inputs import read_bounded
    from reviewbot.report.explanation import Explanation
    from reviewbot.report.json_reader import MAX_BYTES, parse_report
    from reviewbot.scoring.outcomes import LineScore

    path, number = parse_target(text)
    doing, fix = "nothing was explained", "name a report that `reviewbot check --format json` wrote"
    raw = read_bounded(name, MAX_BYTES, doing=doing, what="a report.json")
    report = parse_report(raw, doing=doing, fix=fix)
    lines = {
        line.outcome.line.number: line
        for file in report.files
        for line in file.lines
        if file.path == path and abs(line.outcome.line.number - number) <= CONTEXT
    }
    if number not in lines:
        notes = [f": {file.note}" for file in report.files if file.path == path and file.note]
        raise UsageError(
            f"{doing}: the report has no line {path[:200]}:{number}{''.join(notes)}",
            fix="name a line that the change adds, with its path as the report has it",
        )
    around = tuple((at, lines[at].outcome.line.text) for at in sorted(lines))
    outcome = lines[number].outcome
    read_by = report.read_by(outcome) if isinstance(outcome, LineScore) else report
    evidence = {known.feature: known for known in read_by.features}
    return Explanation(lines[number], around, evidence, bool(evidence), report)


def parse_target(text: str) -> tuple[str, int]:
    """Split PATH:LINE at the last ":"; a path may contain others. raises UsageError."""
    path, _, digits = text.rpartition(":")
    plain = digits.isascii() and digits.isdecimal() and len(digits) <= MAX_DIGITS
    number = int(digits) if plain else 0
    if not path or number < 1:
        raise UsageError(
            f"nothing was explained: {text[:200]!r} is not PATH:LINE",
            fix="name a line, such as src/app.py:12, or a feature with --feature",
        )
    return path, number


def find_target(
    text: str, root: Path, change: "Change", read: Callable[[str], bytes | None]
) -> Target:
    """Find the line in the change, else in the head files.

    root    the paths of the change are relative to it
    read    returns a head file, None if there is none
    raises  UsageError if there is no such line
    """
    from reviewbot.diff.model import Change, Entry, head_lines

    given, number = parse_target(text)
    paths = _possible_paths(given, root)
    for path in paths:
        files = tuple(file for file in change.files if file.path == path)
        if any(line.number == number for file in files for line in file.added):
            lines = head_lines(read(path) or b"")
            added = {line.number: line.text for file in files for line in file.added}
            return Target(path, number, Change(files), True, _around(lines, number, added))
    for path in paths:
        raw = read(path)
        if raw is None:
            continue
        lines = head_lines(raw)
        if number > len(lines):
            raise UsageError(
                f"nothing was explained: {path} has no line {number}, its last is {len(lines)}",
                fix="name one of its lines",
            )
        hidden = tuple(f for f in change.files if f.path == path and f.entry is Entry.BINARY)
        read_as = Change(hidden or (_all_added(path, lines),))
        around = _around(lines, number, {})
        return Target(path, number, read_as, False, around, hidden=bool(hidden))
    raise UsageError(
        f"nothing was explained: there is no readable file {given[:200]} at the head of the change",
        fix="name it as reports do, from the top of the repository; RANGE says which change",
    )


def _change_request(
    folder: Path, range_: str | None, staged: bool, diff: str | None
) -> "ChangeRequest":
    """Return the change; if it has no base, the uncommitted changes.

    A line that the change does not add can be explained without a base.
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


def _line_of(report: "Report", target: Target) -> "LineReport":
    """Return the target's line from a report on its file alone."""
    from reviewbot.authorship.model import UNKNOWN
    from reviewbot.diff.model import ChangedLine
    from reviewbot.report.model import LineReport
    from reviewbot.scoring.outcomes import Skipped

    if target.hidden:
        (file,) = report.files
        line = ChangedLine(target.path, target.number, dict(target.around)[target.number])
        return LineReport(Skipped(line, str(file.note), report.ledger.unread_files > 0), UNKNOWN)
    return next(
        line
        for file in report.files
        if file.path == target.path
        for line in file.lines
        if line.outcome.line.number == target.number
    )


def _possible_paths(given: str, root: Path) -> list[str]:
    """Return what the path may mean: as in reports, or relative to the current directory."""
    here = os.path.realpath(Path.cwd())
    joined = os.path.normpath(Path(here) / given)
    relative = os.path.relpath(joined, os.path.realpath(root)).replace(os.sep, "/")
    plain = given.removeprefix("./")
    paths = [given, plain, decode_path(os.fsencode(plain))]
    if not relative.startswith("../"):
        paths += [relative, decode_path(os.fsencode(relative))]
    return list(dict.fromkeys(paths))


def _all_added(path: str, lines: Sequence[str]) -> "FileChange":
    from reviewbot.diff.model import ChangedLine, FileChange, FileKind, Hunk

    added = tuple(ChangedLine(path, number, text) for number, text in enumerate(lines, start=1))
    return FileChange(path, FileKind.ADDED, hunks=(Hunk(0, 0, 1, len(lines), added, 0),))


def _around(
    lines: Sequence[str], number: int, added: Mapping[int, str]
) -> tuple[tuple[int, str], ...]:
    """Return the line and its neighbours; lines missing in the head file come from the diff."""
    near = range(max(1, number - CONTEXT), min(len(lines), number + CONTEXT) + 1)
    known = {at: lines[at - 1] for at in near}
    known |= {at: text for at, text in added.items() if abs(at - number) <= CONTEXT}
    return tuple(sorted(known.items()))
