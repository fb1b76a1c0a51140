"""The ledger in words: how many added lines were scored, skipped, failed, and what was not read."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from reviewbot.escape import visible
from reviewbot.render.phrasing import numbers, plural
from reviewbot.report.gate import Status
from reviewbot.report.ledger import is_all_merged
from reviewbot.report.model import FileReport, Report
from reviewbot.scoring.outcomes import Failed, Skipped

_HARMLESS = ("binary", "deleted file", "lock file", "not code", "submodule", "symlink")
MAX_FILES = 10  # named; the rest is counted
MAX_RANGES = 8  # of one file


def verdict_word(report: Report) -> str:
    """Return the verdict's status in one word; "empty" for a passing change without anything read.

    That is a change without files, or an unfinished merge that brings every added line. It must
    not look like a change that was read.
    """
    status = report.verdict.status
    nothing = not report.files or is_all_merged(report.ledger)
    return "empty" if status is Status.PASS and nothing else status.value


def ledger_rows(report: Report) -> list[tuple[str, int]]:
    """Return the ledger as rows of a sum: the first row equals the sum of the others."""
    return [
        ("lines added", report.ledger.added),
        ("  scored", report.ledger.scored),
        *((f"  skipped: {why}", count) for why, count in _reasons(report, Skipped)),
        *((f"  failed: {why}", count) for why, count in _reasons(report, Failed)),
    ]


def ledger_line(report: Report) -> str:
    """Return the ledger as one line, with the number of files that were not read at all."""
    ledger = report.ledger
    why = ", ".join(f"{why} {count}" for why, count in _reasons(report, Skipped))
    deep = f" ({ledger.deep} deep)" if report.deep else ""
    parts = [
        f"{ledger.scored} scored{deep}",
        f"{ledger.skipped} skipped{f' ({why})' if why else ''}",
    ]
    if ledger.failed:
        parts.append(f"{ledger.failed} failed")
    noted = sum(file.note is not None for file in report.files)
    files = f"; {plural(noted, 'file')} not read" if noted else ""
    if not ledger.added:
        return f"no line was added {compared(report)}{files}"
    return f"{plural(ledger.added, 'line')} added = {' + '.join(parts)}{files}"


def deep_line(report: Report) -> str:
    """Return how many lines `auto` read deep, by what, and how much of its budget; "" without."""
    if (deep := report.deep) is None:
        return ""
    model, artifact = visible(deep.model.name), visible(deep.artifact.name)
    return (
        f"{report.ledger.deep:,} of {plural(report.ledger.scored, 'scored line')} read deep, by "
        f"{model} (layer {deep.model.layer}, {visible(deep.model.dtype)}), scored by {artifact}: "
        f"{deep.tokens:,} of at most {deep.budget:,} tokens"
    )


def compared(report: Report) -> str:
    """Return what was compared: "from 1a2b3c4d5e to the worktree"."""
    base, head = report.change.base, report.change.head
    if head == "files":
        return "by the diff"
    end = head[:10] if len(head) >= 40 else f"the {head}"
    return f"from {base[:10] if base else 'the empty tree'} to {end}"


def files_not_read(files: Sequence[FileReport]) -> list[str]:
    """Return what was not read: first lines that failed, then files that were skipped whole."""
    failures = []
    for file in files:
        failed: dict[str, list[int]] = {}
        for line in file.lines:
            if isinstance(line.outcome, Failed):
                failed.setdefault(line.outcome.why, []).append(line.outcome.line.number)
        for why, lines in failed.items():
            where = f"{'line' if len(lines) == 1 else 'lines'} {_ranges(lines)}"
            failures.append(f"not scored: {visible(file.path)}, {where}: {visible(why)}")
    # What an author could have provoked comes first, so that harmless files cannot hide it.
    noted = sorted((file for file in files if file.note), key=lambda file: file.note in _HARMLESS)
    skipped = [f"not read: {visible(file.path)} ({visible(file.note or '')})" for file in noted]
    return [*_bounded(failures), *_bounded(skipped)]


def _bounded(texts: list[str]) -> list[str]:
    hidden = len(texts) - MAX_FILES
    return texts if hidden <= 0 else [*texts[:MAX_FILES], f"  and {hidden} more of these"]


def _reasons(report: Report, kind: type[Skipped] | type[Failed]) -> list[tuple[str, int]]:
    """Count why lines were skipped or failed, most frequent first."""
    outcomes = (line.outcome for file in report.files for line in file.lines)
    counts = Counter(visible(outcome.why) for outcome in outcomes if isinstance(outcome, kind))
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _ranges(lines: list[int]) -> str:
    """Return ascending line numbers as "3-9, 12"."""
    runs = [
        [number for _, number in group]
        for _, group in groupby(enumerate(lines), key=lambda item: item[1] - item[0])
    ]
    more = ", ..." if len(runs) > MAX_RANGES else ""
    return ", ".join(numbers(run[0], run[-1]) for run in runs[:MAX_RANGES]) + more
