"""Reads a directory of past reports, one at a time, and keeps only counts.

The files are untrusted: nothing outside the directory is read, links are not followed, and the
number of files and bytes is bounded.
"""

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath

from reviewbot.diff.paths import decode_path
from reviewbot.errors import ReviewbotError, UsageError
from reviewbot.git.addressed import History
from reviewbot.git.files import WorktreeFiles
from reviewbot.git.repository import open_repository
from reviewbot.report.ack_log import parse_acks
from reviewbot.report.json_reader import MAX_BYTES, parse_report
from reviewbot.report.stats import (
    Outcome,
    ReportSummary,
    Stats,
    day_in_name,
    group_reports,
    summarize,
)

MAX_FILES = 10_000
MAX_TOTAL = 1_000_000_000  # bytes of all files together
MAX_ENTRIES = 1_000_000  # of the directory, of any kind
MAX_TIME = 4_102_444_800  # the year 2100 in seconds since 1970: a commit may claim any time
ENDING, RECORDS = ".json", "outcomes.jsonl"


def gather(folder: Path, root: str | None) -> Stats:
    """Count the reports below a directory; if there are too many, those whose names sort last.

    root    of the repository; None: the current one, if any
    raises  UsageError if a file of acknowledgements is unusable (without its records the rate
            would be wrong); ReviewbotError if `root` is not a repository
    """
    history, notes = _history(root)
    reports: list[ReportSummary] = []
    broken: list[tuple[str, str]] = []
    files = WorktreeFiles(folder, MAX_BYTES)
    names = sorted(_names(folder, broken), reverse=True)
    records = [name for name in names if not name.endswith(ENDING)]
    acks = parse_acks((name, files.read(name)) for name in records)
    recorded = {PurePosixPath(name).parent for name in records}
    names = [name for name in names if name.endswith(ENDING)]
    total = not_read = 0
    for number, name in enumerate(names):
        if number >= MAX_FILES or total > MAX_TOTAL:
            not_read = len(names) - number
            break
        raw = files.read(name)
        if raw is None:
            broken.append((name, "it is not a regular file, or is not readable"))
            continue
        total += len(raw)
        try:
            report = parse_report(raw)
            unknown = [Outcome.NO_REPOSITORY] * len(report.findings)
            outcomes = history.outcomes(report) if history else unknown
            beside = not recorded.isdisjoint(PurePosixPath(name).parents)
            reports.append(summarize(report, name, outcomes, recorded=beside))
        except UsageError as exc:
            broken.append((name, exc.what.partition("cannot be used: ")[2]))
    if lost := len(acks - {name for one in reports for name in one.ids}):
        notes.append(f"acknowledgements of findings in none of these reports: {lost}")
    groups = group_reports(reports, _days(reports, history), acks)
    repeated = len(reports) - sum(group.total.reports for group in groups)
    return Stats(groups, repeated, not_read, tuple(sorted(broken)), tuple(notes))


def _history(root: str | None) -> tuple[History | None, list[str]]:
    try:
        return History(open_repository(Path(root or "."), needs_worktree=False)), []
    except ReviewbotError as exc:
        if root is not None:
            raise
        return None, [f"git was not used: {exc.what.partition(': ')[2]}"]


def _days(reports: Sequence[ReportSummary], history: History | None) -> dict[str, date]:
    """Return the date of each file: of its head commit, else from its name."""
    times = history.times(one.head for one in reports) if history else {}
    days = {}
    for one in reports:
        time = times.get(one.head, -1)
        dated = datetime.fromtimestamp(time, UTC).date() if 0 <= time < MAX_TIME else None
        if day := dated or day_in_name(one.file):
            days[one.file] = day
    return days


def _names(folder: Path, broken: list[tuple[str, str]]) -> Iterator[str]:
    """Yield the paths of reports and of records, relative to the directory."""

    def failed(exc: OSError) -> None:
        at = os.path.relpath(os.fsencode(exc.filename), top) if exc.filename else b"."
        broken.append((decode_path(at), f"it cannot be listed: {exc.strerror}"))

    top = os.fsencode(folder)
    seen = 0
    for at, folders, files in os.walk(top, onerror=failed):
        folders[:] = sorted(name for name in folders if name.lower() != b".git")
        seen += len(folders) + len(files)
        if seen > MAX_ENTRIES:
            broken.append((".", f"more than {MAX_ENTRIES:,} entries: the rest was not read"))
            return
        for name in files:
            if name.endswith(ENDING.encode()) or name == RECORDS.encode():
                yield decode_path(os.path.relpath(os.path.join(at, name), top))  # noqa: PTH118
