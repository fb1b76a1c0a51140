"""The ledger in words: where every added line ended, and which lines were not read."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from reviewbot.escape import visible
from reviewbot.render.phrasing import plural
from reviewbot.report.gate import Status, is_all_merged
from reviewbot.report.model import FileReport, Report
from reviewbot.scoring.outcomes import Failed, LineScore, Skipped

_PLAIN = ("binary", "deleted file", "lock file", "not code", "submodule", "symlink")
MAX_FILES = 10  # named one by one; the rest is counted
MAX_RANGES = 8  # of one file


def verdict_word(report: Report) -> str:
    """Return the verdict's status in one word; "empty" where a change that passes has no file.

    Also where an unfinished merge brings every added line. Nothing was read then, and it must not
    look like a change that was.
    """
    status = report.verdict.status
    nothing = not report.files or is_all_merged(report.ledger)
    return "empty" if status is Status.PASS and nothing else status.value


def ledger_rows(report: Report) -> list[tuple[str, int]]:
    """Return the ledger as rows of a sum: the first row equals the sum of the others."""
    ledger = report.ledger
    skipped, failed = _reasons(report.files, Skipped), _reasons(report.files, Failed)
    return [
        ("lines added", ledger.added),
        ("  scored", ledger.scored),
        *((f"  skipped: {why}", count) for why, count in skipped),
        *((f"  failed: {why}", count) for why, count in failed),
    ]


def ledger_line(report: Report) -> str:
    """Return the ledger as one line; files that were passed over as a whole are counted too."""
    ledger = report.ledger
    why = ", ".join(f"{why} {count}" for why, count in _reasons(report.files, Skipped))
    parts = [f"{ledger.scored} scored", f"{ledger.skipped} skipped{f' ({why})' if why else ''}"]
    if ledger.failed:
        parts.append(f"{ledger.failed} failed")
    noted = sum(file.note is not None for file in report.files)
    files = f"; {plural(noted, 'file')} not read" if noted else ""
    if not ledger.added:
        return f"no line was added {compared(report)}{files}"
    return f"{plural(ledger.added, 'line')} added = {' + '.join(parts)}{files}"


def compared(report: Report) -> str:
    """Say what was compared with what: "from 1a2b3c4d5e to the worktree"."""
    base, head = report.change.base, report.change.head
    if head == "files":
        return "by the diff"
    end = head[:10] if len(head) >= 40 else f"the {head}"
    return f"from {base[:10] if base else 'the empty tree'} to {end}"


def files_not_read(files: Sequence[FileReport]) -> list[str]:
    """Name what was not read: lines that failed, then files passed over as a whole."""
    found = []
    for file in files:
        numbers: dict[str, list[int]] = {}
        for line in file.lines:
            match line.outcome:
                case Failed(line=changed, why=why):
                    numbers.setdefault(why, []).append(changed.number)
        for why, failed in numbers.items():
            lines = f"{'line' if len(failed) == 1 else 'lines'} {_ranges(failed)}"
            found.append(f"not scored: {visible(file.path)}, {lines}: {visible(why)}")
    found = _bounded(found)
    # What an author could have provoked comes first: it must not hide behind harmless files.
    passed = sorted((file for file in files if file.note), key=lambda file: file.note in _PLAIN)
    noted = [f"{visible(file.path)} ({visible(file.note or '')})" for file in passed]
    return found + _bounded([f"not read: {text}" for text in noted])


def _bounded(texts: list[str]) -> list[str]:
    hidden = len(texts) - MAX_FILES
    return texts if hidden <= 0 else [*texts[:MAX_FILES], f"  and {hidden} more of these"]


def _reasons(
    files: Iterable[FileReport], kind: type[Skipped] | type[Failed]
) -> list[tuple[str, int]]:
    """Count why lines ended as `kind`, most frequent first."""
    counts = Counter(
        visible(line.outcome.why)
        for file in files
        for line in file.lines
        if not isinstance(line.outcome, LineScore) and isinstance(line.outcome, kind)
    )
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _ranges(numbers: list[int]) -> str:
    """Return ascending numbers as "3-9, 12"."""
    runs = [
        [number for _, number in group]
        for _, group in groupby(enumerate(numbers), key=lambda item: item[1] - item[0])
    ]
    texts = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    return ", ".join(texts[:MAX_RANGES]) + (", ..." if len(texts) > MAX_RANGES else "")
